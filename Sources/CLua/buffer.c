// A growing text whose memory is Lua's own: when it does not fit, Lua collects its garbage first and raises then, which the
// buffers of the auxiliary library do not do.
#include <string.h>

#include "moon_internal.h"

void moon_buffer_open(moon_buffer *b, lua_State *L) {
  b->L = L;
  b->s = moon_of(L);
  b->bytes = b->small;
  b->count = 0;
  b->capacity = sizeof b->small;
  luaL_checkstack(L, 4, "text");
  lua_pushnil(L);
  b->slot = lua_gettop(L);
}

char *moon_buffer_reserve(moon_buffer *b, size_t extra) {
  size_t needed = b->count + extra;
  if (needed > b->capacity) {
    moon_check_string_size(b->L, b->s, needed);
    size_t capacity = b->capacity * 2 > needed ? b->capacity * 2 : needed;
    moon_tick(b->L, b->s, 1 + b->count / 64);
    char *grown = lua_newuserdatauv(b->L, capacity, 0);
    memcpy(grown, b->bytes, b->count);
    lua_replace(b->L, b->slot);
    b->bytes = grown;
    b->capacity = capacity;
  }
  return b->bytes + b->count;
}

void moon_buffer_add(moon_buffer *b, const char *bytes, size_t count) {
  if (count == 0) return;
  memcpy(moon_buffer_reserve(b, count), bytes, count);
  b->count += count;
}

void moon_buffer_add_value(moon_buffer *b) {
  size_t count;
  const char *bytes = lua_tolstring(b->L, -1, &count);
  luaL_checkstack(b->L, 4, "text");
  moon_buffer_add(b, bytes, count);
  lua_pop(b->L, 1);
}

void moon_buffer_push(moon_buffer *b) {
  lua_pushlstring(b->L, b->bytes, b->count);
}
