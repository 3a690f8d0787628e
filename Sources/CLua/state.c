// Making and closing a state: the whitelist of globals, built from a hidden copy of the libraries.
#include <stdlib.h>
#include <string.h>

#include "moon_internal.h"

enum { RESERVE_BYTES = 128 * 1024 };

/// Makes the library table on top read-only and global under `name`.
static void publish(lua_State *L, moon_lua *s, int environment, const char *name) {
  moon_protect_table(L, s, name);
  lua_setfield(L, environment, name);
}

/// Strings get the library as their methods and keep their arithmetic (`"10" + 5`); nobody gets their metatable.
static void open_string_metatable(lua_State *L, moon_lua *s) {
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->hidden);
  lua_getfield(L, -1, "string");
  lua_setfield(L, -3, "__index");
  lua_pop(L, 1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
}

/// Copies the functions of the table at `from` into the table on top.
static void copy_functions(lua_State *L, int from) {
  lua_pushnil(L);
  while (lua_next(L, from)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    if (lua_isfunction(L, -1)) lua_rawset(L, -4);
    else lua_pop(L, 2);
  }
}

static void new_slot(lua_State *L, int *slot) {
  lua_newtable(L);
  *slot = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int open_body(lua_State *L) {
  moon_lua *s = moon_of(L);
  bool has_modules = lua_touserdata(L, 1) != NULL;
  lua_settop(L, 0);
  moon_open_guard(L, s);
  new_slot(L, &s->functions);
  new_slot(L, &s->types);
  new_slot(L, &s->hidden);
  new_slot(L, &s->modules);
  moon_open_metatables(L, s);
  moon_push_base(L, s);
  int environment = lua_gettop(L);
  lua_pushvalue(L, environment);
  s->environment = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushvalue(L, environment);
  lua_setfield(L, environment, "_G");
  if (has_modules) {
    lua_pushcfunction(L, moon_base_require);
    lua_setfield(L, environment, "require");
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->hidden);
  lua_newtable(L);
  copy_functions(L, environment);
  lua_setfield(L, -2, "_G");
  lua_pop(L, 1);
  moon_push_strings(L, s);
  publish(L, s, environment, "string");
  moon_push_tables(L, s);
  publish(L, s, environment, "table");
  moon_push_math(L, s);
  publish(L, s, environment, "math");
  moon_push_coroutines(L, s);
  publish(L, s, environment, "coroutine");
  moon_push_utf8(L, s);
  publish(L, s, environment, "utf8");
  lua_newtable(L);
  lua_pushcfunction(L, moon_print);
  lua_setfield(L, -2, "log");
  lua_pushcfunction(L, moon_warn);
  lua_setfield(L, -2, "warn");
  publish(L, s, environment, "moon");
  open_string_metatable(L, s);
  // No script finds the real globals; the list of libraries serves Lua's own error texts, with the functions' names.
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->hidden);
  lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  // Kept alive, so that Lua never has to make it while memory is out.
  lua_pushliteral(L, "error in error handling");
  luaL_ref(L, LUA_REGISTRYINDEX);
  lua_settop(L, 0);
  lua_gc(L, LUA_GCCOLLECT);
  return 0;
}

moon_lua *moon_open(const moon_limits *limits, const char *name, uint64_t seed, bool has_modules) {
  moon_lua *s = calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  s->limits = *limits;
  s->memory.cap = SIZE_MAX;
  s->memory.refuse_after = UINT64_MAX;
  s->time.deadline = INT64_MAX;
  s->time.period = MOON_PERIOD;
  s->seed = seed;
  strncpy(s->name, name, sizeof s->name - 5);
  s->guard.least = SIZE_MAX;
  moon_seed_random(s, seed, 0);
  moon_nest_open(&s->nest);
  s->main = lua_newstate(moon_allocate, s);
  if (s->main == NULL) {
    moon_nest_close(&s->nest);
    free(s);
    return NULL;
  }
  *(moon_lua **)lua_getextraspace(s->main) = s;
  moon_status status = moon_enter(s, open_body, has_modules ? s : NULL, false);
  if (status != MOON_OK || s->memory.used > limits->memory_bytes / 2) {
    moon_close(s);
    return NULL;
  }
  s->memory.cap = limits->memory_bytes;
  size_t reserve = limits->memory_bytes / 64;
  s->memory.reserve = reserve < RESERVE_BYTES ? reserve : RESERVE_BYTES;
  return s;
}

void moon_connect(moon_lua *s, const moon_host *host) { s->host = *host; }

size_t moon_close(moon_lua *s) {
  size_t left = 0;
  if (!s->is_broken) {
    s->is_closing = true;
    s->memory.cap = SIZE_MAX;
    s->memory.refuse_count = 0;
    s->time.deadline = INT64_MAX;
    lua_sethook(s->main, NULL, 0, 0);
    lua_close(s->main);
    left = s->memory.used;
  }
  moon_members_free(&s->members);
  free(s->released_functions);
  free(s->released_handles);
  moon_nest_close(&s->nest);
  free(s);
  return left;
}

bool moon_is_running(const moon_lua *s) { return s->is_inside; }
size_t moon_memory_used(const moon_lua *s) { return s->memory.used; }
size_t moon_memory_peak(const moon_lua *s) { return s->memory.peak; }
uint64_t moon_allocations(const moon_lua *s) { return s->memory.allocations; }

void moon_refuse_allocations(moon_lua *s, uint64_t after, uint64_t count) {
  s->memory.refuse_after = s->memory.allocations + after;
  s->memory.refuse_count = count;
}
