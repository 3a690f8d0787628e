// Values as text, and the script's log. No text ever holds an address.
#include <string.h>

#include "moon_internal.h"

/// What a line of the log counts at least, so that empty lines come to an end too.
enum { SHORTEST_LINE = 16 };

const char *moon_tostring(lua_State *L, int index, size_t *count) {
  index = lua_absindex(L, index);
  if (luaL_callmeta(L, index, "__tostring")) {
    if (!lua_isstring(L, -1)) luaL_error(L, "'__tostring' must return a string");
    return lua_tolstring(L, -1, count);
  }
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
      lua_pushvalue(L, index);
      break;
    case LUA_TBOOLEAN:
      lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
      break;
    default:
      lua_pushstring(L, moon_type_name(L, moon_of(L), index));
  }
  return lua_tolstring(L, -1, count);
}

int moon_base_tostring(lua_State *L) {
  luaL_checkany(L, 1);
  moon_tostring(L, 1, NULL);
  return 1;
}

/// Pushes the arguments as one line, cut to the longest text.
static const char *push_line(lua_State *L, char separator, size_t *count, bool *is_cut) {
  moon_lua *s = moon_of(L);
  int top = lua_gettop(L);
  size_t left = MOON_TEXT_BYTES;
  moon_buffer line;
  *is_cut = false;
  luaL_checkstack(L, 8, "too many arguments");
  moon_buffer_open(&line, L);
  for (int i = 1; i <= top && !*is_cut; i++) {
    moon_tick(L, s, 8);
    if (i > 1 && left > 0) {
      moon_buffer_add_char(&line, separator);
      left--;
    }
    size_t length;
    const char *text = moon_tostring(L, i, &length);
    if (length > left) {
      *is_cut = true;
      length = left;
      lua_pushlstring(L, text, length);
      lua_remove(L, -2);
    }
    left -= length;
    moon_buffer_add_value(&line);
  }
  moon_buffer_push(&line);
  return lua_tolstring(L, -1, count);
}

/// `print` and `moon.log`: one line to the host until the log is full.
int moon_print(lua_State *L) {
  moon_lua *s = moon_of(L);
  if (s->log_is_cut) return 0;
  size_t count;
  bool is_cut;
  const char *text = push_line(L, '\t', &count, &is_cut);
  size_t cost = count < SHORTEST_LINE ? SHORTEST_LINE : count + 1;
  if (cost > s->limits.log_bytes - s->log_count) {
    s->log_is_cut = true;
    text = NULL;  // asks the host for its one note
    count = 0;
  } else {
    s->log_count += cost;
  }
  if (s->host.log != NULL) s->host.log(s->host.context, text, count, is_cut);
  return 0;
}

/// `moon.warn`: one line for the user, of which the host takes so many.
int moon_warn(lua_State *L) {
  moon_lua *s = moon_of(L);
  size_t count;
  bool is_cut;
  luaL_checkany(L, 1);
  const char *text = push_line(L, ' ', &count, &is_cut);
  if (s->host.warn != NULL) s->host.warn(s->host.context, text, count, is_cut);
  return 0;
}
