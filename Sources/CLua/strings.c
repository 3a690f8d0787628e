// The string library apart from patterns and format: bounded sizes and ticks.
#include <ctype.h>
#include <string.h>

#include "moon_internal.h"

enum { PACK_FORMAT_BYTES = 1024, PACK_SIZE = 1024 * 1024, CHUNK = 64 * 1024 };

void moon_check_string_size(lua_State *L, moon_lua *s, uint64_t count) {
  if (count <= s->limits.string_bytes) return;
  if (count > s->limits.memory_bytes) luaL_error(L, "resulting string too large");
  moon_end(s, MOON_STOP_STRING);
  moon_raise_stop(L);
}

static int string_rep(lua_State *L) {
  moon_lua *s = moon_of(L);
  size_t count, gap;
  const char *text = luaL_checklstring(L, 1, &count);
  lua_Integer times = luaL_checkinteger(L, 2);
  const char *separator = luaL_optlstring(L, 3, "", &gap);
  if (times <= 0 || count + gap == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  if ((uint64_t)times > (uint64_t)1 << 32) return luaL_error(L, "resulting string too large");
  uint64_t total;
  if (__builtin_mul_overflow((uint64_t)times, (uint64_t)count + gap, &total)) {
    return luaL_error(L, "resulting string too large");
  }
  total -= gap;
  moon_check_string_size(L, s, total);
  moon_buffer buffer;
  moon_buffer_open(&buffer, L);
  char *to = moon_buffer_reserve(&buffer, (size_t)total);
  memcpy(to, text, count);
  if (times > 1) memcpy(to + count, separator, gap);
  for (size_t done = count + gap; done < total;) {
    size_t more = done < total - done ? done : (size_t)total - done;
    memcpy(to + done, to, more);
    done += more;
    moon_tick(L, s, 1 + more / 64);
  }
  buffer.count = (size_t)total;
  moon_buffer_push(&buffer);
  return 1;
}

typedef enum change { TO_UPPER, TO_LOWER, REVERSED } change;

static int changed(lua_State *L, change what) {
  moon_lua *s = moon_of(L);
  size_t count;
  const char *text = luaL_checklstring(L, 1, &count);
  moon_buffer buffer;
  moon_buffer_open(&buffer, L);
  char *to = moon_buffer_reserve(&buffer, count);
  for (size_t start = 0; start < count; start += CHUNK) {
    size_t end = count - start < CHUNK ? count : start + CHUNK;
    moon_tick(L, s, 1 + (end - start) / 32);
    for (size_t i = start; i < end; i++) {
      unsigned char c = (unsigned char)text[i];
      if (what == REVERSED) to[count - 1 - i] = (char)c;
      else to[i] = (char)(what == TO_UPPER ? toupper(c) : tolower(c));
    }
  }
  buffer.count = count;
  moon_buffer_push(&buffer);
  return 1;
}

static int string_upper(lua_State *L) { return changed(L, TO_UPPER); }
static int string_lower(lua_State *L) { return changed(L, TO_LOWER); }
static int string_reverse(lua_State *L) { return changed(L, REVERSED); }

/// A position as the manual counts: negative ones from the end; clipped to `1...count + 1` from below.
static uint64_t start_position(lua_Integer position, size_t count) {
  if (position > 0) return (uint64_t)position;
  if (position == 0 || position < -(lua_Integer)count) return 1;
  return count + (uint64_t)position + 1;
}

static int string_byte(lua_State *L) {
  moon_lua *s = moon_of(L);
  size_t count;
  const char *text = luaL_checklstring(L, 1, &count);
  lua_Integer from = luaL_optinteger(L, 2, 1);
  uint64_t first = start_position(from, count);
  lua_Integer to = luaL_optinteger(L, 3, from);
  uint64_t last = to > (lua_Integer)count ? count : to >= 0 ? (uint64_t)to
                : to < -(lua_Integer)count ? 0 : count + (uint64_t)to + 1;
  if (first > last) return 0;
  luaL_checkstack(L, (int)(last - first) + 1, "string slice too long");
  for (uint64_t i = first; i <= last; i++) {
    moon_tick(L, s, 1);
    lua_pushinteger(L, (unsigned char)text[i - 1]);
  }
  return (int)(last - first) + 1;
}

/// Bounds what one call of pack and its kin can do: the format's length, and the sizes written in it.
static void check_pack_format(lua_State *L, moon_lua *s) {
  size_t count;
  const char *format = luaL_checklstring(L, 1, &count);
  luaL_argcheck(L, count <= PACK_FORMAT_BYTES, 1, "format too long");
  uint64_t sizes = 0;
  for (size_t i = 0; i < count;) {
    uint64_t number = 0;
    while (i < count && isdigit((unsigned char)format[i])) {
      number = number * 10 + (uint64_t)(format[i++] - '0');
      luaL_argcheck(L, number <= PACK_SIZE, 1, "size in format too large");
    }
    sizes += number;
    luaL_argcheck(L, sizes <= PACK_SIZE, 1, "size in format too large");
    while (i < count && !isdigit((unsigned char)format[i])) i++;
  }
  moon_tick(L, s, 64 + count + sizes / 16);
}

static int string_pack(lua_State *L) {
  moon_lua *s = moon_of(L);
  check_pack_format(L, s);
  return s->stock_pack(L);
}

static int string_unpack(lua_State *L) {
  moon_lua *s = moon_of(L);
  check_pack_format(L, s);
  return s->stock_unpack(L);
}

static int string_packsize(lua_State *L) {
  moon_lua *s = moon_of(L);
  check_pack_format(L, s);
  return s->stock_packsize(L);
}

static lua_CFunction stock_function(lua_State *L, int library, const char *name) {
  lua_getfield(L, library, name);
  lua_CFunction function = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return function;
}

void moon_push_strings(lua_State *L, moon_lua *s) {
  static const char *const stock[] = {"len", "sub", "char", NULL};
  static const luaL_Reg own[] = {
      {"rep", string_rep},         {"upper", string_upper}, {"lower", string_lower},   {"reverse", string_reverse},
      {"byte", string_byte},       {"pack", string_pack},   {"unpack", string_unpack}, {"packsize", string_packsize},
      {"format", moon_format},     {NULL, NULL}};
  moon_open_stock(L, luaopen_string);
  int library = lua_gettop(L);
  s->stock_pack = stock_function(L, library, "pack");
  s->stock_unpack = stock_function(L, library, "unpack");
  s->stock_packsize = stock_function(L, library, "packsize");
  lua_createtable(L, 0, 20);
  moon_copy_fields(L, library, stock);
  luaL_setfuncs(L, own, 0);
  luaL_setfuncs(L, moon_pattern_functions, 0);
  lua_remove(L, library);
}
