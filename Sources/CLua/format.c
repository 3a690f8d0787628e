// string.format: the specifiers of the manual without %p; texts by the sandbox's own tostring.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "moon_internal.h"

enum { FORMAT_BYTES = 64 * 1024, SPECIFIER_BYTES = 32, ITEM_BYTES = 512 };

/// One `%...` of a format.
typedef struct specifier {
  char text[SPECIFIER_BYTES];
  size_t count;
  char conversion;
  bool has_precision, has_modifiers;
  int precision;
} specifier;

_Noreturn static void refuse_specifier(lua_State *L, const char *start, const char *end, const char *message) {
  char shown[SPECIFIER_BYTES];
  size_t count = (size_t)(end - start);
  if (count >= sizeof shown) count = sizeof shown - 1;
  memcpy(shown, start, count);
  shown[count] = 0;
  luaL_error(L, message, shown);
  __builtin_unreachable();
}

/// The flags that go with a conversion; NULL when there is no such conversion.
static const char *flags_of(char conversion) {
  switch (conversion) {
    case 'd': case 'i': return "-+0 ";
    case 'u': return "-0";
    case 'x': case 'X': case 'o': return "-#0";
    case 'a': case 'A': case 'e': case 'E': case 'f': case 'g': case 'G': return "-+ #0";
    case 'c': case 's': return "-";
    case 'q': return "";
    default: return NULL;
  }
}

/// Reads at most two digits.
static const char *read_number(const char *p, const char *end, int *number) {
  *number = 0;
  for (int i = 0; i < 2 && p < end && isdigit((unsigned char)*p); i++) *number = *number * 10 + (*p++ - '0');
  return p;
}

/// Reads the specifier after a `%`; returns where it ends.
static const char *read_specifier(lua_State *L, const char *p, const char *end, specifier *to) {
  const char *start = p - 1, *flags = p;
  int width;
  memset(to, 0, sizeof *to);
  while (p < end && *p != 0 && p - start <= 5 && strchr("-+ #0", *p) != NULL) p++;
  const char *flags_end = p;
  p = read_number(p, end, &width);
  if (p < end && *p == '.') {
    to->has_precision = true;
    p = read_number(p + 1, end, &to->precision);
  }
  to->has_modifiers = p - start > 1;
  const char *allowed = p < end ? flags_of(*p) : NULL;
  const char *shown_end = p < end ? p + 1 : p;
  if (allowed == NULL) refuse_specifier(L, start, shown_end, "invalid conversion '%s' to 'format'");
  for (; flags < flags_end && *p != 'q'; flags++) {
    if (strchr(allowed, *flags) == NULL) {
      refuse_specifier(L, start, shown_end, "invalid conversion specification: '%s'");
    }
  }
  to->conversion = *p;
  to->count = (size_t)(p - start);
  memcpy(to->text, start, to->count);
  return p + 1;
}

/// Ends the specifier's text with a C conversion of this length.
static void finish(specifier *item, const char *conversion) { strcpy(item->text + item->count, conversion); }

static void add_quoted_text(lua_State *L, moon_lua *s, moon_buffer *buffer, const char *text, size_t count) {
  moon_buffer_add_char(buffer, '"');
  for (size_t i = 0; i < count; i++) {
    unsigned char c = (unsigned char)text[i];
    moon_tick(L, s, 1);
    if (c == '"' || c == '\\' || c == '\n') {
      moon_buffer_add_char(buffer, '\\');
      moon_buffer_add_char(buffer, (char)c);
    } else if (iscntrl(c)) {
      char code[8];
      bool is_before_digit = i + 1 < count && isdigit((unsigned char)text[i + 1]);
      snprintf(code, sizeof code, is_before_digit ? "\\%03d" : "\\%d", c);
      moon_buffer_add(buffer, code, strlen(code));
    } else {
      moon_buffer_add_char(buffer, (char)c);
    }
  }
  moon_buffer_add_char(buffer, '"');
}

/// `%q`: a literal that Lua reads back.
static void add_literal(lua_State *L, moon_lua *s, moon_buffer *buffer, int index) {
  char number[64];
  size_t count;
  switch (lua_type(L, index)) {
    case LUA_TSTRING: {
      const char *text = lua_tolstring(L, index, &count);
      moon_check_string_size(L, s, (uint64_t)count * 4);
      add_quoted_text(L, s, buffer, text, count);
      return;
    }
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) {
        lua_Integer value = lua_tointeger(L, index);
        const char *form = value == LUA_MININTEGER ? "0x%llx" : "%lld";
        snprintf(number, sizeof number, form, (long long)value);
      } else {
        double value = lua_tonumber(L, index);
        if (value == HUGE_VAL) strcpy(number, "1e9999");
        else if (value == -HUGE_VAL) strcpy(number, "-1e9999");
        else if (value != value) strcpy(number, "(0/0)");
        else snprintf(number, sizeof number, value == floor(value) ? "%.0f" : "%a", value);
        if (value == floor(value) && value - value == 0) snprintf(number, sizeof number, "%a", value);
      }
      moon_buffer_add(buffer, number, strlen(number));
      return;
    case LUA_TNIL:
    case LUA_TBOOLEAN:
      lua_pushstring(L, lua_isnil(L, index) ? "nil" : lua_toboolean(L, index) ? "true" : "false");
      moon_buffer_add_value(buffer);
      return;
    default:
      luaL_argerror(L, index, "value has no literal form");
  }
}

/// `%s`: the whole text, or padded and cut as the specifier says.
static void add_text(lua_State *L, moon_lua *s, moon_buffer *buffer, specifier *item, int index, uint64_t *total) {
  size_t count;
  const char *text = moon_tostring(L, index, &count);
  *total += count;
  moon_check_string_size(L, s, *total);
  if (!item->has_modifiers) {
    moon_buffer_add_value(buffer);
    return;
  }
  luaL_argcheck(L, count == strlen(text), index, "string contains zeros");
  if (!item->has_precision && count >= 100) {
    moon_buffer_add_value(buffer);  // no width reaches it
    return;
  }
  char made[ITEM_BYTES];
  finish(item, "s");
  int made_count = snprintf(made, sizeof made, item->text, text);
  lua_pop(L, 1);
  if (made_count > 0) moon_buffer_add(buffer, made, (size_t)made_count);
}

static void add_item(lua_State *L, moon_lua *s, moon_buffer *buffer, specifier *item, int index, uint64_t *total) {
  char made[ITEM_BYTES];
  int count = 0;
  switch (item->conversion) {
    case 'c':
      finish(item, "c");
      count = snprintf(made, sizeof made, item->text, (int)luaL_checkinteger(L, index));
      break;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o': {
      char conversion[] = {'l', 'l', item->conversion, 0};
      finish(item, conversion);
      count = snprintf(made, sizeof made, item->text, (long long)luaL_checkinteger(L, index));
      break;
    }
    case 'q':
      if (item->has_modifiers) luaL_error(L, "specifier '%%q' cannot have modifiers");
      add_literal(L, s, buffer, index);
      return;
    case 's':
      add_text(L, s, buffer, item, index, total);
      return;
    default: {
      char conversion[] = {item->conversion, 0};
      finish(item, conversion);
      count = snprintf(made, sizeof made, item->text, luaL_checknumber(L, index));
    }
  }
  if (count > 0) moon_buffer_add(buffer, made, (size_t)count < sizeof made ? (size_t)count : sizeof made - 1);
  *total += (uint64_t)(count > 0 ? count : 0);
  moon_check_string_size(L, s, *total);
}

int moon_format(lua_State *L) {
  moon_lua *s = moon_of(L);
  int top = lua_gettop(L), index = 1;
  size_t count;
  const char *p = luaL_checklstring(L, 1, &count), *end = p + count;
  luaL_argcheck(L, count <= FORMAT_BYTES, 1, "format too long");
  uint64_t total = count;
  moon_buffer buffer;
  luaL_checkstack(L, 8, "too many arguments");
  moon_buffer_open(&buffer, L);
  while (p < end) {
    moon_tick(L, s, 1);
    if (*p != '%') {
      moon_buffer_add_char(&buffer, *p++);
      continue;
    }
    p++;
    if (p < end && *p == '%') {
      moon_buffer_add_char(&buffer, *p++);
      continue;
    }
    if (++index > top) return luaL_argerror(L, index, "no value");
    specifier item;
    p = read_specifier(L, p, end, &item);
    moon_tick(L, s, 100);
    add_item(L, s, &buffer, &item, index, &total);
  }
  moon_buffer_push(&buffer);
  return 1;
}
