// Run-time dispatch: a function marked MOON_CLONES is compiled for machines with AVX2 and FMA (x86-64-v3) and for all
// others, and the loader picks one when the program starts. The name of a processor ("arch=haswell") would not do: it
// picks that very model. Helpers that such a function calls are `static inline` with MOON_INLINE.
#pragma once

#if defined(__x86_64__)
#define MOON_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define MOON_CLONES
#endif
#define MOON_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
/// Marks a function for machines with AVX-512, which callers choose with `moon_has_wide_vectors`.
#define MOON_WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))

/// Whether the machine has AVX-512 as x86-64-v4 means it.
MOON_INLINE int moon_has_wide_vectors(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif
