// The functions of handles and libraries, by kind and name, outside of Lua: one becomes a Lua value when a script first
// asks for it, because every collection visits what Lua holds, and few scripts use many of them.
#include <stdlib.h>
#include <string.h>

#include "moon_internal.h"

/// Where the member is, or would have to be.
static size_t place_of(const moon_members *m, uint16_t kind, const char *name) {
  size_t low = 0, high = m->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const moon_member *member = &m->list[middle];
    int order = member->kind != kind ? (member->kind < kind ? -1 : 1) : strcmp(member->name, name);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

bool moon_member_add(moon_members *m, moon_member member) {
  if (m->count == m->capacity) {
    size_t capacity = m->capacity * 2 + 64;
    moon_member *grown = realloc(m->list, capacity * sizeof *grown);
    if (grown == NULL) return false;
    m->list = grown;
    m->capacity = capacity;
  }
  size_t place = place_of(m, member.kind, member.name);
  member.name = strdup(member.name);
  if (member.name == NULL) return false;
  memmove(&m->list[place + 1], &m->list[place], (m->count - place) * sizeof *m->list);
  m->list[place] = member;
  m->count++;
  return true;
}

void moon_members_free(moon_members *m) {
  for (size_t i = 0; i < m->count; i++) free(m->list[i].name);
  free(m->list);
  *m = (moon_members){0};
}

void moon_push_host_function(lua_State *L, const char *name, int32_t function, int kind) {
  lua_pushinteger(L, function);
  lua_pushstring(L, name);
  lua_pushinteger(L, kind);
  lua_pushcclosure(L, moon_trampoline, 3);
}

bool moon_push_member(lua_State *L, moon_lua *s, uint16_t kind, int key, int keeper) {
  const moon_members *m = &s->members;
  const char *name = lua_tostring(L, key);
  size_t place = place_of(m, kind, name);
  if (place == m->count) return false;
  const moon_member *member = &m->list[place];
  // A name may go on behind a zero byte.
  if (member->kind != kind || strcmp(member->name, name) != 0 || strlen(name) != lua_rawlen(L, key)) return false;
  if (member->body != NULL) lua_pushcfunction(L, member->body);
  else moon_push_host_function(L, name, member->function, kind < MOON_FIRST_LIBRARY ? kind : -1);
  lua_pushvalue(L, key);
  lua_pushvalue(L, -2);
  lua_rawset(L, keeper);
  return true;
}

void moon_push_all_members(lua_State *L, moon_lua *s, uint16_t kind, int table) {
  for (size_t i = 0; i < s->members.count; i++) {
    if (s->members.list[i].kind != kind) continue;
    lua_getfield(L, table, s->members.list[i].name);
    lua_pop(L, 1);
  }
}
