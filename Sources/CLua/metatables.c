// Metatables of scripts: Lua gets a copy with the allowed fields only, so that nothing can be added behind the check.
#include <string.h>

#include "moon_internal.h"

enum { CACHED_METATABLES = 64 };

static const char original_mark = 0;

static const char *const allowed[] = {
    "__index", "__newindex", "__call", "__add",  "__sub", "__mul", "__div",    "__mod",   "__pow",       "__unm",
    "__idiv",  "__band",     "__bor",  "__bxor", "__shl", "__shr", "__bnot",   "__len",   "__eq",        "__lt",
    "__le",    "__tostring", "__pairs", "__metatable"};
static const char *const refused[] = {"__gc", "__close", "__concat"};
enum { ALLOWED = sizeof allowed / sizeof *allowed, REFUSED = sizeof refused / sizeof *refused };

/// Keeps the names of all events in one list, so that a copy costs no new strings.
void moon_open_metatables(lua_State *L, moon_lua *s) {
  lua_createtable(L, ALLOWED + REFUSED, 0);
  for (int i = 0; i < ALLOWED; i++) {
    lua_pushstring(L, allowed[i]);
    lua_rawseti(L, -2, i + 1);
  }
  for (int i = 0; i < REFUSED; i++) {
    lua_pushstring(L, refused[i]);
    lua_rawseti(L, -2, ALLOWED + i + 1);
  }
  s->events = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  s->metatable_cache = luaL_ref(L, LUA_REGISTRYINDEX);
}

/// Raises when the metatable at `index` has a field that no script may set. The list of events is at `events`.
static void check_metatable(lua_State *L, int index, int events) {
  for (int i = 0; i < REFUSED; i++) {
    lua_rawgeti(L, events, ALLOWED + i + 1);
    lua_rawget(L, index);
    if (!lua_isnil(L, -1)) luaL_error(L, "the metamethod '%s' is not available", refused[i]);
    lua_pop(L, 1);
  }
}

/// Pushes the copy that stands for the metatable at `index`: the one made before, or a new one.
static void push_copy(lua_State *L, moon_lua *s, int index) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->metatable_cache);
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) == LUA_TTABLE) {
    lua_remove(L, -2);
    return;
  }
  lua_pop(L, 1);
  if (++s->metatable_count > CACHED_METATABLES) {
    s->metatable_count = 1;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, s->metatable_cache);
  }
  lua_createtable(L, 0, 8);
  lua_pushvalue(L, index);
  lua_rawsetp(L, -2, &original_mark);
  lua_pushvalue(L, index);
  lua_pushvalue(L, -2);
  lua_rawset(L, -4);
  lua_remove(L, -2);
}

int moon_setmetatable(lua_State *L) {
  moon_lua *s = moon_of(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
  lua_settop(L, 2);
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
  if (lua_isnil(L, 2)) {
    lua_setmetatable(L, 1);
    return 1;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->events);
  check_metatable(L, 2, 3);
  push_copy(L, s, 2);
  for (int i = 1; i <= ALLOWED; i++) {
    lua_rawgeti(L, 3, i);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 2) == LUA_TNIL) {
      lua_pushvalue(L, -2);
      if (lua_rawget(L, 4) == LUA_TNIL) {  // most events are in neither
        lua_pop(L, 3);
        continue;
      }
      lua_pop(L, 1);
    }
    lua_rawset(L, 4);
  }
  lua_setmetatable(L, 1);
  lua_settop(L, 1);
  return 1;
}

int moon_getmetatable(lua_State *L) {
  luaL_checkany(L, 1);
  if (!lua_getmetatable(L, 1)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushliteral(L, "__metatable");
  if (lua_rawget(L, -2) != LUA_TNIL) return 1;
  lua_pop(L, 1);
  lua_rawgetp(L, -1, &original_mark);
  return 1;
}

int moon_rawset(lua_State *L) {
  moon_check_writable(L, 1);
  luaL_checkany(L, 2);
  luaL_checkany(L, 3);
  lua_settop(L, 3);
  lua_rawset(L, 1);
  return 1;
}
