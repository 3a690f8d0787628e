// Values on the Lua stack to plain data and back. Tables are copied by raw access only.
#include <stdlib.h>
#include <string.h>

#include "moon_internal.h"

// MARK: Lua to host

/// Values on their way to the host, and the memory that they take there, before anything is copied.
typedef struct counting {
  size_t entries, bytes;
} counting;

static void count_one(lua_State *L, moon_lua *s, counting *total, size_t bytes) {
  moon_tick(L, s, 1);
  total->bytes += sizeof(moon_value) + bytes;
  if (++total->entries > s->limits.table_entries) {
    luaL_error(L, "too many values for the host (the limit is %d)", (int)s->limits.table_entries);
  }
}

/// What the host allocates for a value of this type.
static size_t host_bytes(lua_State *L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TSTRING: return 64 + lua_rawlen(L, index);
    case LUA_TTABLE:
    case LUA_TFUNCTION: return 128;
    default: return 24;
  }
}

/// Ends the script when the host's copy does not fit into what is left of the script's memory.
static void check_room(lua_State *L, moon_lua *s, size_t bytes) {
  if (s->memory.cap == SIZE_MAX || bytes < 16 * 1024) return;
  if (bytes <= s->memory.cap && s->memory.used <= s->memory.cap - bytes) return;
  lua_gc(L, LUA_GCCOLLECT);
  if (bytes <= s->memory.cap && s->memory.used <= s->memory.cap - bytes) return;
  moon_end(s, MOON_STOP_MEMORY);
  moon_raise_stop(L);
}

static void count_value(lua_State *L, moon_lua *s, int index, int depth, counting *total) {
  count_one(L, s, total, host_bytes(L, index));
  if (lua_type(L, index) != LUA_TTABLE) return;
  if (depth >= MOON_TABLE_DEPTH) {
    luaL_error(L, "a table contains itself or is nested deeper than %d levels", MOON_TABLE_DEPTH);
  }
  luaL_checkstack(L, 4, "table too deep");
  lua_Integer items = (lua_Integer)lua_rawlen(L, index);
  for (lua_Integer i = 1; i <= items; i++) {
    lua_rawgeti(L, index, i);
    count_value(L, s, lua_gettop(L), depth + 1, total);
    lua_pop(L, 1);
  }
  lua_pushnil(L);
  while (lua_next(L, index)) {
    int key = lua_gettop(L) - 1;
    moon_tick(L, s, 1);
    if (!lua_isinteger(L, key) || lua_tointeger(L, key) < 1 || lua_tointeger(L, key) > items) {
      count_one(L, s, total, host_bytes(L, key));
      count_value(L, s, key + 1, depth + 1, total);
    }
    lua_pop(L, 1);
  }
}

size_t moon_count_values(lua_State *L, moon_lua *s, int first, int last) {
  counting total = {0, 0};
  for (int i = first; i <= last; i++) count_value(L, s, i, 0, &total);
  check_room(L, s, total.bytes);
  return total.entries;
}

typedef struct filling {
  moon_value *values;
  size_t count, capacity;
} filling;

static moon_value *next_slot(lua_State *L, filling *to) {
  if (to->count >= to->capacity) luaL_error(L, "a table changed while it was read");
  moon_value *slot = &to->values[to->count++];
  memset(slot, 0, sizeof *slot);
  return slot;
}

static void fill_value(lua_State *L, moon_lua *s, int index, int depth, filling *to);

static void fill_table(lua_State *L, moon_lua *s, int index, int depth, filling *to) {
  moon_value *slot = next_slot(L, to);
  slot->kind = MOON_TABLE;
  if (depth >= MOON_TABLE_DEPTH) luaL_error(L, "a table changed while it was read");
  luaL_checkstack(L, 4, "table too deep");
  lua_Integer items = (lua_Integer)lua_rawlen(L, index);
  slot->count = (uint32_t)items;
  for (lua_Integer i = 1; i <= items; i++) {
    lua_rawgeti(L, index, i);
    fill_value(L, s, lua_gettop(L), depth + 1, to);
    lua_pop(L, 1);
  }
  uint64_t pairs = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    int key = lua_gettop(L) - 1;
    if (!lua_isinteger(L, key) || lua_tointeger(L, key) < 1 || lua_tointeger(L, key) > items) {
      // A key that is a table itself is not followed.
      if (lua_type(L, key) == LUA_TTABLE) next_slot(L, to)->kind = MOON_OTHER;
      else fill_value(L, s, key, depth + 1, to);
      fill_value(L, s, key + 1, depth + 1, to);
      pairs++;
    }
    lua_pop(L, 1);
  }
  slot->offset = pairs;
}

static void fill_value(lua_State *L, moon_lua *s, int index, int depth, filling *to) {
  moon_tick(L, s, 1);
  int type = lua_type(L, index);
  if (type == LUA_TTABLE) {
    fill_table(L, s, index, depth, to);
    return;
  }
  moon_value *slot = next_slot(L, to);
  switch (type) {
    case LUA_TNIL:
    case LUA_TNONE:
      slot->kind = MOON_NIL;
      break;
    case LUA_TBOOLEAN:
      slot->kind = MOON_BOOLEAN;
      slot->integer = lua_toboolean(L, index);
      break;
    case LUA_TNUMBER:
      slot->kind = lua_isinteger(L, index) ? MOON_INTEGER : MOON_NUMBER;
      if (slot->kind == MOON_INTEGER) slot->integer = lua_tointeger(L, index);
      else slot->number = lua_tonumber(L, index);
      break;
    case LUA_TSTRING: {
      size_t count;
      slot->kind = MOON_STRING;
      slot->bytes = lua_tolstring(L, index, &count);
      slot->count = (uint32_t)count;
      break;
    }
    case LUA_TFUNCTION:
      lua_rawgeti(L, LUA_REGISTRYINDEX, s->functions);
      lua_pushvalue(L, index);
      slot->integer = luaL_ref(L, -2);
      slot->kind = MOON_FUNCTION;
      lua_pop(L, 1);
      break;
    default: {
      const moon_handle *handle = moon_test_handle(L, s, index);
      slot->kind = handle == NULL ? MOON_OTHER : MOON_HANDLE;
      if (handle != NULL) {
        slot->handle_kind = handle->kind;
        slot->handle = handle->id;
      }
    }
  }
}

void moon_fill_values(lua_State *L, moon_lua *s, int first, int last, moon_value *values, size_t capacity) {
  filling to = {values, 0, capacity};
  luaL_checkstack(L, 8, "too many values");
  for (int i = first; i <= last; i++) fill_value(L, s, i, 0, &to);
}

// MARK: Host to Lua

static void push_value(lua_State *L, moon_lua *s, const moon_list *list, size_t *position, int depth) {
  if (*position >= list->count || depth > MOON_LIST_DEPTH) {
    lua_pushnil(L);
    return;
  }
  const moon_value *value = &list->values[(*position)++];
  moon_tick(L, s, 1);
  luaL_checkstack(L, 4, "table too deep");
  switch (value->kind) {
    case MOON_BOOLEAN:
      lua_pushboolean(L, value->integer != 0);
      break;
    case MOON_INTEGER:
      lua_pushinteger(L, value->integer);
      break;
    case MOON_NUMBER:
      lua_pushnumber(L, value->number);
      break;
    case MOON_STRING:
      if (value->offset > list->text_count || value->count > list->text_count - value->offset) lua_pushliteral(L, "");
      else lua_pushlstring(L, value->count == 0 ? "" : list->text + value->offset, value->count);
      break;
    case MOON_FUNCTION:
      lua_rawgeti(L, LUA_REGISTRYINDEX, s->functions);
      lua_rawgeti(L, -1, value->integer);
      lua_remove(L, -2);
      break;
    case MOON_HANDLE:
      moon_push_handle(L, s, value->handle_kind, value->handle);
      break;
    case MOON_TABLE: {
      uint64_t pairs = value->offset > list->count ? list->count : value->offset;
      uint32_t items = value->count > list->count ? (uint32_t)list->count : value->count;
      lua_createtable(L, (int)items, (int)pairs);
      for (uint32_t i = 1; i <= items; i++) {
        push_value(L, s, list, position, depth + 1);
        lua_rawseti(L, -2, i);
      }
      for (uint64_t i = 0; i < pairs; i++) {
        push_value(L, s, list, position, depth + 1);
        push_value(L, s, list, position, depth + 1);
        bool is_key = !lua_isnil(L, -2) && !(lua_isnumber(L, -2) && lua_tonumber(L, -2) != lua_tonumber(L, -2));
        if (is_key) lua_rawset(L, -3);
        else lua_pop(L, 2);
      }
      break;
    }
    case MOON_NIL:
    case MOON_OTHER:
      lua_pushnil(L);
  }
}

int moon_push_list(lua_State *L, moon_lua *s, const moon_list *list) {
  size_t position = 0;
  if (list->top > list->count) luaL_error(L, "the host returned a broken list");
  luaL_checkstack(L, (int)list->top + 8, "too many results");
  for (size_t i = 0; i < list->top; i++) push_value(L, s, list, &position, 0);
  return (int)list->top;
}

// MARK: Functions that the host holds

void moon_release_function(moon_lua *s, int64_t function) {
  if (s->released_function_count == s->released_function_capacity) {
    size_t capacity = s->released_function_capacity * 2 + 16;
    int64_t *grown = realloc(s->released_functions, capacity * sizeof *grown);
    if (grown == NULL) return;  // freed with the state
    s->released_functions = grown;
    s->released_function_capacity = capacity;
  }
  s->released_functions[s->released_function_count++] = function;
}

void moon_drain_functions(lua_State *L, moon_lua *s) {
  if (s->released_function_count == 0) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->functions);
  while (s->released_function_count > 0) {
    luaL_unref(L, -1, (int)s->released_functions[--s->released_function_count]);
  }
  lua_pop(L, 1);
}
