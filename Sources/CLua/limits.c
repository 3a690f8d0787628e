// Time: one sticky flag, set by the hook, the allocator, every loop in C and the loader, and raised again at every place
// where a script could catch an error.
#include <string.h>
#include <time.h>

#include "moon_internal.h"

int64_t moon_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void moon_start_clock(moon_lua *s) {
  moon_time *t = &s->time;
  int64_t left = s->limits.run_nanoseconds - t->used;
  bool is_run = left < s->limits.call_nanoseconds;
  t->started = moon_now();
  t->deadline = t->started + (is_run ? left : s->limits.call_nanoseconds);
  t->deadline_reason = is_run ? MOON_STOP_RUN_TIME : MOON_STOP_CALL_TIME;
  t->next_poll = 0;
  t->instructions = 0;
  t->ticks = 0;
  t->pauses = 0;
  moon_check_clock(s);
}

void moon_stop_clock(moon_lua *s) {
  s->time.used += moon_now() - s->time.started;
  s->time.deadline = INT64_MAX;
}

void moon_pause_clock(moon_lua *s) {
  if (s->time.deadline != INT64_MAX && s->time.pauses++ == 0) s->time.paused_at = moon_now();
}

void moon_resume_clock(moon_lua *s) {
  moon_time *t = &s->time;
  if (t->pauses == 0 || --t->pauses > 0) return;
  int64_t pause = moon_now() - t->paused_at;
  t->started += pause;
  t->deadline += pause;
}

void moon_end(moon_lua *s, moon_stop reason) {
  if (s->stop != MOON_RUNNING) return;
  s->stop = reason;
  s->time.period = 1;
  if (s->running != NULL) lua_sethook(s->running, moon_hook, LUA_MASKCOUNT, 1);
}

void moon_check_clock(moon_lua *s) {
  moon_time *t = &s->time;
  if (t->deadline == INT64_MAX || s->stop != MOON_RUNNING) return;
  int64_t now = moon_now();
  if (t->pauses == 0 && now >= t->deadline) {
    moon_end(s, t->deadline_reason);
  } else if (now >= t->next_poll) {
    t->next_poll = now + 1000000;
    if (s->host.stop != NULL && s->host.stop(s->host.context)) moon_end(s, MOON_STOP_HOST);
  }
}

bool moon_should_stop(moon_lua *s) {
  moon_check_clock(s);
  return s->stop != MOON_RUNNING;
}

void moon_hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  moon_lua *s = moon_of(L);
  moon_time *t = &s->time;
  int period = lua_gethookcount(L);
  t->instructions += (uint64_t)period;
  if (t->instructions >= s->limits.call_instructions) moon_end(s, MOON_STOP_INSTRUCTIONS);
  moon_check_clock(s);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
  int wanted = moon_period(s);
  if (wanted != period) {
    t->period = wanted;
    lua_sethook(L, moon_hook, LUA_MASKCOUNT, wanted);
  }
}

void moon_slow_tick(lua_State *L, moon_lua *s) {
  s->time.ticks = 0;
  moon_check_clock(s);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
}

void moon_raise_stop(lua_State *L) {
  moon_lua *s = moon_of(L);
  if (!s->failure.is_captured) {
    s->failure.is_captured = true;
    bool is_refusal = moon_is_refused(s) && s->stop == s->memory.refused_as;
    if (!is_refusal) moon_capture_frames(L, s);  // the allocator has noted where a refusal happened
  }
  if (lua_gethookcount(L) != 1) lua_sethook(L, moon_hook, LUA_MASKCOUNT, 1);
  lua_pushlightuserdata(L, s);  // needs no memory; no script ever sees it
  lua_error(L);
  __builtin_unreachable();
}

void moon_check_catch(lua_State *L, moon_lua *s, int status) {
  if (status == LUA_ERRMEM && moon_is_refused(s)) moon_end(s, s->memory.refused_as);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
}

bool moon_check_stack(lua_State *L, lua_State *grown, int count) {
  moon_lua *s = moon_of(L);
  s->memory.is_raising = false;
  s->memory.refused_size = 0;
  if (lua_checkstack(grown, count)) return true;
  moon_check_catch(L, s, moon_is_refused(s) ? LUA_ERRMEM : LUA_OK);
  return false;
}

/// Notes the script's own frames, innermost first. Allocates nothing, so that it works when memory is out.
void moon_capture_frames(lua_State *L, moon_lua *s) {
  if (L == NULL) return;
  moon_failure *f = &s->failure;
  f->frame_count = 0;
  lua_Debug ar;
  for (int level = 0; level < 64 && f->frame_count < MOON_FRAMES && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0) continue;
    moon_frame *frame = &f->frames[f->frame_count++];
    strncpy(frame->source, ar.short_src, MOON_SOURCE_BYTES - 1);
    frame->source[MOON_SOURCE_BYTES - 1] = 0;
    frame->line = ar.currentline;
  }
}

moon_stop moon_stop_reason(const moon_lua *s) { return s->stop; }
uint64_t moon_instructions(const moon_lua *s) { return s->time.instructions; }
int64_t moon_nanoseconds_used(const moon_lua *s) {
  return s->time.used + (s->time.deadline == INT64_MAX ? 0 : moon_now() - s->time.started);
}
