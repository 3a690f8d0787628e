// table.sort: quicksort by raw access. Whatever the comparator says, it touches list items only; it stops by ticks.
#include <limits.h>

#include "moon_internal.h"

/// Whether the value at `left` goes before the one at `right`. The comparator, if any, is argument 2.
static bool goes_before(lua_State *L, moon_lua *s, int left, int right) {
  moon_tick(L, s, 4);
  left = lua_absindex(L, left);
  right = lua_absindex(L, right);
  if (lua_isnil(L, 2)) return lua_compare(L, left, right, LUA_OPLT);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, left);
  lua_pushvalue(L, right);
  lua_call(L, 2, 1);
  bool result = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return result;
}

static void swap_items(lua_State *L, lua_Integer i, lua_Integer j) {
  lua_rawgeti(L, 1, i);
  lua_rawgeti(L, 1, j);
  lua_rawseti(L, 1, i);
  lua_rawseti(L, 1, j);
}

/// Puts items `i` and `j` in order.
static void order_pair(lua_State *L, moon_lua *s, lua_Integer i, lua_Integer j) {
  lua_rawgeti(L, 1, i);
  lua_rawgeti(L, 1, j);
  bool is_wrong = goes_before(L, s, -1, -2);
  lua_pop(L, 2);
  if (is_wrong) swap_items(L, i, j);
}

static void insertion_sort(lua_State *L, moon_lua *s, lua_Integer low, lua_Integer high) {
  for (lua_Integer i = low + 1; i <= high; i++) {
    lua_rawgeti(L, 1, i);
    lua_Integer j = i - 1;
    for (; j >= low; j--) {
      lua_rawgeti(L, 1, j);
      if (!goes_before(L, s, -2, -1)) {
        lua_pop(L, 1);
        break;
      }
      lua_rawseti(L, 1, j + 1);
    }
    lua_rawseti(L, 1, j + 1);
  }
}

/// Splits `low...high` around the middle of three; returns where the pivot ends.
static lua_Integer split(lua_State *L, moon_lua *s, lua_Integer low, lua_Integer high) {
  lua_Integer middle = low + (high - low) / 2;
  order_pair(L, s, low, middle);
  order_pair(L, s, middle, high);
  order_pair(L, s, low, middle);
  swap_items(L, middle, high - 1);
  lua_rawgeti(L, 1, high - 1);  // the pivot, at the top of the stack
  lua_Integer i = low, j = high - 1;
  for (;;) {
    for (;;) {
      if (++i >= high) luaL_error(L, "invalid order function for sorting");
      lua_rawgeti(L, 1, i);
      bool goes_on = goes_before(L, s, -1, -2);
      lua_pop(L, 1);
      if (!goes_on) break;
    }
    for (;;) {
      if (--j <= low) break;
      lua_rawgeti(L, 1, j);
      bool goes_on = goes_before(L, s, -2, -1);
      lua_pop(L, 1);
      if (!goes_on) break;
    }
    if (j <= i) break;
    swap_items(L, i, j);
  }
  lua_pop(L, 1);
  swap_items(L, i, high - 1);
  return i;
}

static void sort_range(lua_State *L, moon_lua *s, lua_Integer low, lua_Integer high) {
  while (high - low > 12) {
    lua_Integer pivot = split(L, s, low, high);
    // The smaller half by recursion, so that the depth stays at 64.
    if (pivot - low < high - pivot) {
      sort_range(L, s, low, pivot - 1);
      low = pivot + 1;
    } else {
      sort_range(L, s, pivot + 1, high);
      high = pivot - 1;
    }
  }
  insertion_sort(L, s, low, high);
}

int moon_sort(lua_State *L) {
  moon_lua *s = moon_of(L);
  moon_check_writable(L, 1);
  lua_Integer size = (lua_Integer)lua_rawlen(L, 1);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  luaL_argcheck(L, size < INT_MAX, 1, "array too big");
  luaL_checkstack(L, 16, "sort");
  if (size > 1) sort_range(L, s, 1, size);
  return 0;
}
