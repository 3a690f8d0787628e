// Handles: userdata that hold a kind and a number, no pointer. What they stand for belongs to the host.
#include <stdlib.h>
#include <string.h>

#include "moon_internal.h"

const moon_handle *moon_test_handle(lua_State *L, moon_lua *s, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(moon_handle)) return NULL;
  const moon_handle *handle = lua_touserdata(L, index);
  if (!lua_getmetatable(L, index)) return NULL;
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->types);
  lua_rawgeti(L, -1, handle->kind);
  bool is_handle = lua_istable(L, -1) && lua_rawequal(L, -1, -3);
  lua_pop(L, 3);
  return is_handle ? handle : NULL;
}

void moon_push_handle(lua_State *L, moon_lua *s, uint16_t kind, uint64_t id) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->types);
  if (lua_rawgeti(L, -1, kind) != LUA_TTABLE) luaL_error(L, "the host returned a handle of an unknown kind");
  lua_remove(L, -2);
  moon_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);
  handle->id = id;
  handle->kind = kind;
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
}

const char *moon_type_name(lua_State *L, moon_lua *s, int index) {
  if (moon_test_handle(L, s, index) != NULL) {
    luaL_getmetafield(L, index, "__name");
    const char *name = lua_tostring(L, -1);  // kept by the metatable
    lua_pop(L, 1);
    return name;
  }
  return lua_type(L, index) == LUA_TLIGHTUSERDATA ? "userdata" : luaL_typename(L, index);
}

/// `__gc`: notes that a handle is gone. The host asks for these later, so it is never called from a collection.
static int collect_handle(lua_State *L) {
  moon_lua *s = moon_of(L);
  if (s->is_closing) return 0;
  const moon_handle *handle = lua_touserdata(L, 1);
  if (s->released_handle_count + 2 > s->released_handle_capacity) {
    size_t capacity = s->released_handle_capacity * 2 + 32;
    uint64_t *grown = realloc(s->released_handles, capacity * sizeof *grown);
    if (grown == NULL) return 0;  // the host frees everything at the end of its scope
    s->released_handles = grown;
    s->released_handle_capacity = capacity;
  }
  s->released_handles[s->released_handle_count++] = handle->kind;
  s->released_handles[s->released_handle_count++] = handle->id;
  return 0;
}

size_t moon_take_released(moon_lua *s, uint64_t *handles, size_t capacity) {
  size_t taken = 0;
  while (taken < capacity && s->released_handle_count >= 2) {
    s->released_handle_count -= 2;
    handles[taken * 2] = s->released_handles[s->released_handle_count];
    handles[taken * 2 + 1] = s->released_handles[s->released_handle_count + 1];
    taken++;
  }
  return taken;
}

/// `__index`: a method by its name, else what the getter says. Upvalues: the methods made so far, getter or nil, kind.
static int index_handle(lua_State *L) {
  lua_settop(L, 2);
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    lua_pop(L, 1);
    uint16_t kind = (uint16_t)lua_tointeger(L, lua_upvalueindex(3));
    if (moon_push_member(L, moon_of(L), kind, 2, lua_upvalueindex(1))) return 1;
  }
  if (lua_isnil(L, lua_upvalueindex(2))) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  lua_call(L, 2, 1);
  return 1;
}

/// `__newindex` of a type without a setter.
static int refuse_assignment(lua_State *L) {
  moon_lua *s = moon_of(L);
  return luaL_error(L, "fields of a %s cannot be assigned", moon_type_name(L, s, 1));
}

/// `__eq` of a type without its own: the same kind and number.
static int equal_handles(lua_State *L) {
  moon_lua *s = moon_of(L);
  const moon_handle *left = moon_test_handle(L, s, 1), *right = moon_test_handle(L, s, 2);
  lua_pushboolean(L, left != NULL && right != NULL && left->kind == right->kind && left->id == right->id);
  return 1;
}

/// `__pairs`: walks the table that the host made of the handle. Upvalue: the host function.
static int pairs_of_handle(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_rawgeti(L, LUA_REGISTRYINDEX, moon_of(L)->hidden);
  lua_getfield(L, -1, "_G");
  lua_getfield(L, -1, "next");
  lua_insert(L, -4);
  lua_pop(L, 2);
  lua_pushnil(L);
  return 3;
}

// MARK: Definition, at set-up

typedef struct definition {
  uint16_t kind;
  moon_role role;
  const char *table, *name;
  int32_t function;
  const moon_list *value;
} definition;

static int define_type(lua_State *L) {
  const definition *d = lua_touserdata(L, 1);
  moon_lua *s = moon_of(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->types);
  lua_createtable(L, 0, 16);
  lua_pushstring(L, d->name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_newtable(L);
  lua_pushnil(L);
  lua_pushinteger(L, d->kind);
  lua_pushcclosure(L, index_handle, 3);
  lua_setfield(L, -2, "__index");
  const luaL_Reg functions[] = {
    {"__gc", collect_handle}, {"__newindex", refuse_assignment}, {"__eq", equal_handles}, {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
  lua_rawseti(L, -2, d->kind);
  return 0;
}

static int define_member(lua_State *L) {
  const definition *d = lua_touserdata(L, 1);
  moon_lua *s = moon_of(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->types);
  if (lua_rawgeti(L, -1, d->kind) != LUA_TTABLE) return luaL_error(L, "a member of an unknown type");
  bool is_metamethod = d->role == MOON_METAMETHOD;
  if (d->role != MOON_METHOD) {
    moon_push_host_function(L, is_metamethod ? d->name + 2 : d->name, d->function, is_metamethod ? -1 : d->kind);
  }
  switch (d->role) {
    case MOON_METHOD: {
      moon_member method = {.name = (char *)d->name, .function = d->function, .kind = d->kind};
      if (!moon_member_add(&s->members, method)) return luaL_error(L, "no memory for a method");
      break;
    }
    case MOON_GETTER:
      lua_getfield(L, -2, "__index");
      lua_insert(L, -2);
      lua_setupvalue(L, -2, 2);
      break;
    case MOON_SETTER:
      lua_setfield(L, -2, "__newindex");
      break;
    case MOON_METAMETHOD:
      if (strcmp(d->name, "__pairs") == 0) lua_pushcclosure(L, pairs_of_handle, 1);
      lua_setfield(L, -2, d->name);
  }
  return 0;
}

/// Leaves the table that scripts see as global `name` on the stack, its writable self, made when missing.
static void push_global_table(lua_State *L, moon_lua *s, const char *name) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->hidden);
  if (lua_getfield(L, -1, name) == LUA_TTABLE) {
    lua_remove(L, -2);
    return;
  }
  lua_pop(L, 2);
  lua_newtable(L);
  moon_protect_table(L, s, name);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->environment);
  lua_insert(L, -2);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->hidden);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

static int define_global(lua_State *L) {
  const definition *d = lua_touserdata(L, 1);
  moon_lua *s = moon_of(L);
  push_global_table(L, s, d->table);
  if (d->value == NULL) {
    moon_member function = {.name = (char *)d->name, .function = d->function, .kind = moon_library_kind(L, -1)};
    return moon_member_add(&s->members, function) ? 0 : luaL_error(L, "no memory for a function");
  }
  moon_push_list(L, s, d->value);
  lua_setfield(L, -2, d->name);
  return 0;
}

moon_status moon_define_value(moon_lua *s, const char *table, const char *name, const moon_list *value) {
  definition d = {.table = table, .name = name, .value = value};
  return moon_enter(s, define_global, &d, false);
}

moon_status moon_define_function(moon_lua *s, const char *table, const char *name, int32_t function) {
  definition d = {.table = table, .name = name, .function = function};
  return moon_enter(s, define_global, &d, false);
}

moon_status moon_define_type(moon_lua *s, uint16_t kind, const char *name) {
  definition d = {.kind = kind, .name = name};
  return moon_enter(s, define_type, &d, false);
}

moon_status moon_define_member(moon_lua *s, uint16_t kind, moon_role role, const char *name, int32_t function) {
  definition d = {.kind = kind, .role = role, .name = name, .function = function};
  return moon_enter(s, define_member, &d, false);
}
