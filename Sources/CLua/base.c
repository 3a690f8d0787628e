// The global functions: pcall and xpcall of our own, which no script can use to survive a limit.
#include "moon_internal.h"

static int finish_pcall(lua_State *L, int status, lua_KContext extra) {
  moon_check_catch(L, moon_of(L), status);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
  }
  return lua_gettop(L) - (int)extra;
}

static int base_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
  return finish_pcall(L, status, 0);
}

/// The message handler of `xpcall`: calls the script's own (the upvalue) only while no limit is hit.
static int guard_handler(lua_State *L) {
  moon_lua *s = moon_of(L);
  lua_settop(L, 1);
  if (s->stop != MOON_RUNNING) return 1;
  moon_tick(L, s, 64);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

static int base_xpcall(lua_State *L) {
  int count = lua_gettop(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, guard_handler, 1);
  lua_replace(L, 2);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2);
  int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_pcall);
  return finish_pcall(L, status, 2);
}

void moon_copy_fields(lua_State *L, int from, const char *const *names) {
  for (; *names != NULL; names++) {
    lua_getfield(L, from, *names);
    lua_setfield(L, -2, *names);
  }
}

void moon_open_stock(lua_State *L, lua_CFunction open) {
  lua_pushcfunction(L, open);
  lua_call(L, 0, 1);
}

void moon_push_base(lua_State *L, moon_lua *s) {
  static const char *const stock[] = {"assert", "error", "ipairs", "next",   "pairs", "rawequal", "rawget",
                                      "rawlen", "select", "type",  "tonumber", "_VERSION", NULL};
  static const luaL_Reg own[] = {
      {"pcall", base_pcall},       {"xpcall", base_xpcall},     {"setmetatable", moon_setmetatable},
      {"getmetatable", moon_getmetatable}, {"rawset", moon_rawset}, {"tostring", moon_base_tostring},
      {"print", moon_print},       {"load", moon_base_load},    {NULL, NULL}};
  (void)s;
  moon_open_stock(L, luaopen_base);
  lua_createtable(L, 0, 40);
  moon_copy_fields(L, lua_gettop(L) - 1, stock);
  luaL_setfuncs(L, own, 0);
  lua_remove(L, -2);
}
