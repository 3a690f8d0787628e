// Protected calls into Lua, and the trampoline by which Lua calls the host.
#define _GNU_SOURCE  // pthread_getattr_np
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "moon_internal.h"

enum { STACK_BYTES = 1024 * 1024, SMALL_LIST = 16 };

// MARK: Into Lua

/// Whether this thread has enough stack left for the deepest recursion that Lua allows itself.
static bool has_stack(void) {
#if defined(__linux__)
  static _Thread_local char *low = NULL;
  if (low == NULL) {
    pthread_attr_t attributes;
    void *address;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return true;
    if (pthread_attr_getstack(&attributes, &address, &size) == 0) low = address;
    pthread_attr_destroy(&attributes);
  }
  return low == NULL || (char *)__builtin_frame_address(0) - low >= STACK_BYTES;
#else
  return true;
#endif
}

static void set_failure_text(moon_failure *f, const char *text, size_t count) {
  f->count = count > MOON_TEXT_BYTES ? MOON_TEXT_BYTES : count;
  memcpy(f->text, text, f->count);
}

/// The outermost message handler: copies the message and the script's frames while they are still there. Calls nothing
/// of the script and allocates nothing.
static int capture_error(lua_State *L) {
  moon_lua *s = moon_of(L);
  if (s->stop != MOON_RUNNING) return 1;
  moon_failure *f = &s->failure;
  char number[64];
  f->is_text = true;
  if (lua_type(L, 1) == LUA_TSTRING) {
    size_t count;
    const char *text = lua_tolstring(L, 1, &count);
    set_failure_text(f, text, count);
  } else if (lua_isinteger(L, 1)) {
    set_failure_text(f, number, (size_t)snprintf(number, sizeof number, "%lld", (long long)lua_tointeger(L, 1)));
  } else if (lua_type(L, 1) == LUA_TNUMBER) {
    set_failure_text(f, number, (size_t)snprintf(number, sizeof number, "%.14g", lua_tonumber(L, 1)));
  } else {
    const char *name = moon_type_name(L, s, 1);
    f->is_text = false;
    set_failure_text(f, name, strlen(name));
  }
  moon_capture_frames(L, s);
  return 1;
}

static int on_panic(lua_State *L) {
  moon_lua *s = moon_of(L);
  longjmp(s->panic, 1);
}

static moon_status classify(moon_lua *s, int status) {
  if (status == LUA_ERRMEM && moon_is_refused(s)) moon_end(s, s->memory.refused_as);
  if (s->stop != MOON_RUNNING) return MOON_STOPPED;
  if (status == LUA_OK) return MOON_OK;
  if (s->failure.count == 0 && s->failure.frame_count == 0) {
    // Errors that no handler sees: an error inside the handler, or a forged memory error.
    const char *text = status == LUA_ERRMEM ? "not enough memory" : "error in error handling";
    s->failure.is_text = true;
    set_failure_text(&s->failure, text, strlen(text));
  }
  return MOON_ERROR;
}

moon_status moon_enter(moon_lua *s, lua_CFunction body, void *job, bool is_timed) {
  if (s->is_broken) return MOON_BROKEN;
  if (s->is_inside || s->is_in_host) return MOON_BUSY;
  if (s->stop != MOON_RUNNING) return MOON_STOPPED;
  if (is_timed && !has_stack()) return MOON_SMALL_STACK;
  lua_State *L = s->main;
  s->is_inside = true;
  s->running = L;
  s->failure.count = 0;
  s->failure.frame_count = 0;
  s->failure.is_captured = false;
  s->memory.is_raising = false;
  s->memory.refused_size = 0;
  if (_setjmp(s->panic) != 0) {
    s->is_broken = true;
    s->is_inside = false;
    return MOON_BROKEN;
  }
  lua_atpanic(L, on_panic);
  if (is_timed) moon_start_clock(s);
  if (s->stop == MOON_RUNNING) s->time.period = moon_period(s);
  lua_sethook(L, moon_hook, LUA_MASKCOUNT, s->time.period);
  lua_pushcfunction(L, capture_error);
  lua_pushcfunction(L, body);
  lua_pushlightuserdata(L, job);
  int status = lua_pcall(L, 1, 0, 1);
  if (is_timed) moon_check_clock(s);
  moon_status result = classify(s, status);
  lua_settop(L, 0);
  if (is_timed) moon_stop_clock(s);
  s->is_inside = false;
  return result;
}

void moon_deliver_results(lua_State *L, moon_lua *s, int first, int last) {
  moon_value small[SMALL_LIST], *values = small;
  size_t count = moon_count_values(L, s, first, last);
  luaL_checkstack(L, 8, "too many results");
  if (count > SMALL_LIST) values = lua_newuserdatauv(L, count * sizeof *values, 0);
  moon_fill_values(L, s, first, last, values, count);
  moon_list list = {values, count, (size_t)(last - first + 1), NULL, 0};
  s->is_in_host = true;
  s->host.results(s->host.context, &list);
  s->is_in_host = false;
}

typedef struct call {
  int64_t function;
  const moon_list *arguments;
} call;

static int call_body(lua_State *L) {
  const call *job = lua_touserdata(L, 1);
  moon_lua *s = moon_of(L);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
  moon_drain_functions(L, s);
  lua_settop(L, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->functions);
  lua_rawgeti(L, -1, job->function);
  lua_remove(L, -2);
  int count = moon_push_list(L, s, job->arguments);
  lua_call(L, count, LUA_MULTRET);
  int results = lua_gettop(L);
  if (results > 250) lua_settop(L, results = 250);  // nobody asks for more
  moon_deliver_results(L, s, 1, results);
  return 0;
}

moon_status moon_call(moon_lua *s, int64_t function, const moon_list *arguments) {
  call job = {function, arguments};
  return moon_enter(s, call_body, &job, true);
}

// MARK: Into the host

/// Pushes `file.lua:12: ` for the nearest line of the script.
static void push_position(lua_State *L) {
  lua_Debug ar;
  for (int level = 1; level < 8 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline > 0) {
      lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
      return;
    }
  }
  lua_pushliteral(L, "");
}

/// Raises the message of a host function at the script's line. Upvalue 2 is the function's name.
static int raise_reply(lua_State *L, const moon_reply *reply, moon_outcome outcome) {
  size_t count = reply->list.text_count > MOON_TEXT_BYTES ? MOON_TEXT_BYTES : reply->list.text_count;
  const char *text = count == 0 ? "" : reply->list.text;
  push_position(L);
  if (outcome == MOON_RAISED) {
    lua_pushlstring(L, text, count);
  } else {
    lua_pushfstring(L, "bad argument #%d to '%s' (", (int)reply->argument, lua_tostring(L, lua_upvalueindex(2)));
    lua_pushlstring(L, text, count);
    lua_pushliteral(L, ")");
    lua_concat(L, 3);
  }
  lua_concat(L, 2);
  return lua_error(L);
}

int moon_trampoline(lua_State *L) {
  moon_lua *s = moon_of(L);
  moon_tick(L, s, 8);
  int top = lua_gettop(L);
  luaL_checkstack(L, 16, "too many arguments");
  lua_Integer kind = lua_tointeger(L, lua_upvalueindex(3));
  if (kind >= 0) {
    const moon_handle *self = moon_test_handle(L, s, 1);
    if (self == NULL || self->kind != kind) {
      push_position(L);
      lua_pushfstring(L, "'%s' is called as handle:%s(...), with a colon", lua_tostring(L, lua_upvalueindex(2)),
                      lua_tostring(L, lua_upvalueindex(2)));
      lua_concat(L, 2);
      return lua_error(L);
    }
  }
  moon_value small[SMALL_LIST], *values = small;
  size_t count = moon_count_values(L, s, 1, top);
  if (count > SMALL_LIST) values = lua_newuserdatauv(L, count * sizeof *values, 0);
  moon_fill_values(L, s, 1, top, values, count);
  moon_list arguments = {values, count, (size_t)top, NULL, 0};
  moon_reply reply = {{NULL, 0, 0, NULL, 0}, 0};
  s->is_in_host = true;
  moon_outcome outcome =
      s->host.call(s->host.context, (int32_t)lua_tointeger(L, lua_upvalueindex(1)), &arguments, &reply);
  s->is_in_host = false;
  moon_check_clock(s);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
  moon_drain_functions(L, s);
  lua_settop(L, 0);
  if (outcome != MOON_RETURNED) return raise_reply(L, &reply, outcome);
  return moon_push_list(L, s, &reply.list);
}

// MARK: What the host asks afterwards

const char *moon_failure_text(const moon_lua *s, size_t *count, bool *is_text) {
  *count = s->failure.count;
  *is_text = s->failure.is_text;
  return s->failure.text;
}

const char *moon_failure_frame(const moon_lua *s, size_t index, int32_t *line) {
  if (index >= s->failure.frame_count) return NULL;
  *line = s->failure.frames[index].line;
  return s->failure.frames[index].source;
}

// MARK: Memory behind handles

void moon_collect(moon_lua *s) {
  if (s->is_broken) return;
  moon_nest_fetch(&s->nest);
  lua_gc(s->running != NULL ? s->running : s->main, LUA_GCCOLLECT);
}

void moon_refuse_handles(moon_lua *s) { moon_end(s, MOON_STOP_HANDLES); }
