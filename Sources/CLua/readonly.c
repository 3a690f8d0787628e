// Tables that scripts may read and not write: the libraries and what the host defines.
#include "moon_internal.h"

static const char protected_mark = 0;

bool moon_is_protected(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  bool is_protected = lua_rawgetp(L, -1, &protected_mark) != LUA_TNIL;
  lua_pop(L, 2);
  return is_protected;
}

void moon_check_writable(lua_State *L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  if (moon_is_protected(L, index)) {
    lua_getmetatable(L, index);
    lua_rawgetp(L, -1, &protected_mark);
    luaL_error(L, "the table '%s' is read-only", lua_tostring(L, -1));
  }
}

static int refuse_write(lua_State *L) {
  moon_check_writable(L, 1);
  return 0;
}

/// The iterator of `pairs`. Upvalue: the table behind the proxy, which the script never gets.
static int next_of_hidden(lua_State *L) {
  lua_settop(L, 2);
  return lua_next(L, lua_upvalueindex(1)) ? 2 : (lua_pushnil(L), 1);
}

/// `__pairs`. Upvalue: the table behind the proxy.
static int pairs_of_hidden(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushcclosure(L, next_of_hidden, 1);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

void moon_protect_table(lua_State *L, moon_lua *s, const char *name) {
  int table = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->hidden);
  lua_pushvalue(L, table);
  lua_setfield(L, -2, name);
  lua_newtable(L);
  lua_createtable(L, 0, 5);
  lua_pushvalue(L, table);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_write);
  lua_setfield(L, -2, "__newindex");
  lua_pushvalue(L, table);
  lua_pushcclosure(L, pairs_of_hidden, 1);
  lua_setfield(L, -2, "__pairs");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushstring(L, name);
  lua_rawsetp(L, -2, &protected_mark);
  lua_setmetatable(L, -2);
  lua_replace(L, table);
  lua_settop(L, table);
}
