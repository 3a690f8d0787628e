// The table library by raw access, with ticks; none of it writes to a read-only table.
#include <limits.h>

#include "moon_internal.h"

static int table_insert(lua_State *L) {
  moon_lua *s = moon_of(L);
  moon_check_writable(L, 1);
  lua_Integer end = (lua_Integer)lua_rawlen(L, 1) + 1;
  switch (lua_gettop(L)) {
    case 2:
      lua_rawseti(L, 1, end);
      return 0;
    case 3: {
      lua_Integer position = luaL_checkinteger(L, 2);
      luaL_argcheck(L, (lua_Unsigned)position - 1u < (lua_Unsigned)end, 2, "position out of bounds");
      for (lua_Integer i = end; i > position; i--) {
        moon_tick(L, s, 1);
        lua_rawgeti(L, 1, i - 1);
        lua_rawseti(L, 1, i);
      }
      lua_rawseti(L, 1, position);
      return 0;
    }
    default:
      return luaL_error(L, "wrong number of arguments to 'insert'");
  }
}

static int table_remove(lua_State *L) {
  moon_lua *s = moon_of(L);
  moon_check_writable(L, 1);
  lua_Integer size = (lua_Integer)lua_rawlen(L, 1);
  lua_Integer position = luaL_optinteger(L, 2, size);
  if (position != size) {
    luaL_argcheck(L, (lua_Unsigned)position - 1u <= (lua_Unsigned)size, 2, "position out of bounds");
  }
  lua_settop(L, 2);
  lua_rawgeti(L, 1, position);
  for (; position < size; position++) {
    moon_tick(L, s, 1);
    lua_rawgeti(L, 1, position + 1);
    lua_rawseti(L, 1, position);
  }
  lua_pushnil(L);
  lua_rawseti(L, 1, position);
  return 1;
}

static int table_move(lua_State *L) {
  moon_lua *s = moon_of(L);
  lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3), target = luaL_checkinteger(L, 4);
  int destination = lua_isnoneornil(L, 5) ? 1 : 5;
  luaL_checktype(L, 1, LUA_TTABLE);
  moon_check_writable(L, destination);
  if (to >= from) {
    luaL_argcheck(L, from > 0 || to < LUA_MAXINTEGER + from, 3, "too many elements to move");
    lua_Integer count = to - from + 1;
    luaL_argcheck(L, target <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
    bool is_forward = target > to || target <= from || (destination != 1 && !lua_rawequal(L, 1, destination));
    for (lua_Integer i = 0; i < count; i++) {
      lua_Integer step = is_forward ? i : count - 1 - i;
      moon_tick(L, s, 1);
      lua_rawgeti(L, 1, from + step);
      lua_rawseti(L, destination, target + step);
    }
  }
  lua_pushvalue(L, destination);
  return 1;
}

static int table_concat(lua_State *L) {
  moon_lua *s = moon_of(L);
  size_t gap;
  luaL_checktype(L, 1, LUA_TTABLE);
  const char *separator = luaL_optlstring(L, 2, "", &gap);
  lua_Integer first = luaL_optinteger(L, 3, 1);
  lua_Integer last = luaL_optinteger(L, 4, (lua_Integer)lua_rawlen(L, 1));
  moon_buffer buffer;
  moon_buffer_open(&buffer, L);
  for (lua_Integer i = first; i <= last; i++) {
    moon_tick(L, s, 2);
    if (i != first) moon_buffer_add(&buffer, separator, gap);
    lua_rawgeti(L, 1, i);
    if (!lua_isstring(L, -1)) {
      const char *type = moon_type_name(L, s, -1);
      return luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", type, (LUAI_UACINT)i);
    }
    moon_buffer_add_value(&buffer);
    if (i == LUA_MAXINTEGER) break;
  }
  moon_buffer_push(&buffer);
  return 1;
}

static int table_unpack(lua_State *L) {
  moon_lua *s = moon_of(L);
  lua_Integer first = luaL_optinteger(L, 2, 1);
  lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
  if (first > last) return 0;
  lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;
  if (count >= (lua_Unsigned)INT_MAX - 8 || !moon_check_stack(L, L, (int)count + 8)) {
    return luaL_error(L, "too many results to unpack");
  }
  for (lua_Unsigned i = 0; i <= count; i++) {
    moon_tick(L, s, 1);
    lua_geti(L, 1, first + (lua_Integer)i);
  }
  return (int)count + 1;
}

void moon_push_tables(lua_State *L, moon_lua *s) {
  static const char *const stock[] = {"pack", NULL};
  static const luaL_Reg own[] = {{"insert", table_insert}, {"remove", table_remove}, {"move", table_move},
                                 {"concat", table_concat}, {"unpack", table_unpack}, {"sort", moon_sort},
                                 {NULL, NULL}};
  (void)s;
  moon_open_stock(L, luaopen_table);
  lua_createtable(L, 0, 8);
  moon_copy_fields(L, lua_gettop(L) - 1, stock);
  luaL_setfuncs(L, own, 0);
  lua_remove(L, -2);
}
