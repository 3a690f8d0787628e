// Waiting for another thread without giving the core away.
#pragma once

/// Tells the core that its thread looks at one place again and again.
static inline void moon_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}
