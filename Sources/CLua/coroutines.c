// Coroutines: create, resume and wrap of our own, which go on raising when a limit is hit. There is no close.
#include "moon_internal.h"

static int co_create(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

/// Resumes `co` with the `count` values on top. Returns the number of results, or -1 with the error on top.
static int resume(lua_State *L, lua_State *co, int count) {
  moon_lua *s = moon_of(L);
  moon_tick(L, s, 16);
  s->time.instructions += 20;  // or many short coroutines would run between two counts
  if (!moon_check_stack(L, co, count + 1)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, count);
  if (co != L) lua_sethook(co, moon_hook, LUA_MASKCOUNT, s->time.period);
  s->running = co;
  int results = 0;
  int status = lua_resume(co, L, count, &results);
  s->running = L;
  moon_check_catch(L, s, status);
  if (status == LUA_OK || status == LUA_YIELD) {
    if (!moon_check_stack(L, L, results + 1)) {
      lua_pop(co, results);
      lua_pushliteral(L, "too many results to resume");
      return -1;
    }
    lua_xmove(co, L, results);
    return results;
  }
  lua_xmove(co, L, 1);
  return -1;
}

static int co_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co != NULL, 1, "coroutine");
  int results = resume(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  if (results < 0) results = 1;
  lua_insert(L, -(results + 1));
  return results + 1;
}

static int call_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int results = resume(L, co, lua_gettop(L));
  if (results >= 0) return results;
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int co_wrap(lua_State *L) {
  co_create(L);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

void moon_push_coroutines(lua_State *L, moon_lua *s) {
  static const char *const stock[] = {"yield", "status", "running", "isyieldable", NULL};
  static const luaL_Reg own[] = {{"create", co_create}, {"resume", co_resume}, {"wrap", co_wrap}, {NULL, NULL}};
  (void)s;
  moon_open_stock(L, luaopen_coroutine);
  lua_createtable(L, 0, 8);
  moon_copy_fields(L, lua_gettop(L) - 1, stock);
  luaL_setfuncs(L, own, 0);
  lua_remove(L, -2);
}
