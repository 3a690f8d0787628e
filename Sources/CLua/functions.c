// What the host may ask about a function that it was handed.
#include <string.h>

#include "moon_internal.h"

const char *moon_function_place(moon_lua *s, int64_t function, int32_t *line) {
  static _Thread_local char source[MOON_SOURCE_BYTES];
  if (s->is_broken || s->is_inside || s->is_in_host) return NULL;
  lua_State *L = s->main;
  // None of these raises or allocates: the main stack is empty between calls and has room for both.
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->functions);
  lua_rawgeti(L, -1, function);
  lua_remove(L, -2);
  if (!lua_isfunction(L, -1) || lua_iscfunction(L, -1)) {
    lua_pop(L, 1);
    return NULL;
  }
  lua_Debug ar;
  lua_getinfo(L, ">S", &ar);
  *line = ar.linedefined;
  strncpy(source, ar.short_src, MOON_SOURCE_BYTES - 1);
  source[MOON_SOURCE_BYTES - 1] = 0;
  return source;
}
