// Tables that scripts may read and not write: the libraries and what the host defines.
#include "moon_internal.h"

static const char protected_mark = 0;
/// Key of the metatable that all hidden tables share.
static const char hidden_metatable = 0;

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

/// Notes the kind of the members of the hidden table at `index`: outside of it, for `pairs` to find nothing else there.
static void set_library_kind(lua_State *L, int index, uint16_t kind) {
  const void *key = lua_topointer(L, index);
  lua_pushinteger(L, kind);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

uint16_t moon_library_kind(lua_State *L, int index) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, lua_topointer(L, index));
  uint16_t kind = (uint16_t)lua_tointeger(L, -1);
  lua_pop(L, 1);
  return kind;
}

/// `__index` of all hidden tables: makes the function that was asked for, and keeps it.
static int index_hidden(lua_State *L) {
  lua_settop(L, 2);
  return lua_type(L, 2) == LUA_TSTRING && moon_push_member(L, moon_of(L), moon_library_kind(L, 1), 2, 1);
}

/// `__pairs` of all proxies.
static int pairs_of_hidden(lua_State *L) {
  lua_settop(L, 1);
  if (!moon_is_protected(L, 1)) return luaL_error(L, "not a library");
  luaL_getmetafield(L, 1, "__index");
  moon_push_all_members(L, moon_of(L), moon_library_kind(L, 2), 2);
  lua_pushcclosure(L, next_of_hidden, 1);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

/// Pushes the table that stands for the library at `table`: what is no plain function of C, and a way to make the others.
static void push_hidden(lua_State *L, moon_lua *s, int table) {
  uint16_t kind = (uint16_t)(MOON_FIRST_LIBRARY + s->library_count++);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    bool is_plain = lua_type(L, -2) == LUA_TSTRING && lua_iscfunction(L, -1) && lua_getupvalue(L, -1, 1) == NULL;
    if (is_plain) {
      moon_member function = {.name = (char *)lua_tostring(L, -2), .body = lua_tocfunction(L, -1), .kind = kind};
      if (!moon_member_add(&s->members, function)) luaL_error(L, "no memory for a library");
      lua_pop(L, 1);
    } else {
      lua_settop(L, table + 3);  // an upvalue, where there was one
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, -4);
    }
  }
  set_library_kind(L, lua_gettop(L), kind);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &hidden_metatable) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, index_hidden);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &hidden_metatable);
  }
  lua_setmetatable(L, -2);
}

void moon_protect_table(lua_State *L, moon_lua *s, const char *name) {
  int table = lua_gettop(L);
  push_hidden(L, s, table);
  lua_replace(L, table);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->hidden);
  lua_pushvalue(L, table);
  lua_setfield(L, -2, name);
  lua_newtable(L);
  lua_createtable(L, 0, 5);
  lua_pushvalue(L, table);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_write);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, pairs_of_hidden);
  lua_setfield(L, -2, "__pairs");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushstring(L, name);
  lua_rawsetp(L, -2, &protected_mark);
  lua_setmetatable(L, -2);
  lua_replace(L, table);
  lua_settop(L, table);
}
