// string.find, match, gmatch and gsub.
#include <string.h>

#include "moon_patterns.h"

// MARK: Captures as values

/// Pushes capture `index`, or the whole match when the pattern has none and `index` is 0.
static void push_capture(moon_matcher *m, int index, const char *start, const char *end) {
  if (index >= m->captures) {
    if (index != 0) luaL_error(m->L, "invalid capture index %%%d", index + 1);
    lua_pushlstring(m->L, start, (size_t)(end - start));
    return;
  }
  const moon_capture *capture = &m->capture[index];
  if (capture->count == CAPTURE_OPEN) luaL_error(m->L, "unfinished capture");
  if (capture->count == CAPTURE_POSITION) lua_pushinteger(m->L, capture->start - m->subject + 1);
  else lua_pushlstring(m->L, capture->start, (size_t)capture->count);
}

/// Pushes all captures; the whole match stands for them when there are none and `has_whole` is set.
static int push_captures(moon_matcher *m, const char *start, const char *end, bool has_whole) {
  int count = m->captures == 0 && has_whole ? 1 : m->captures;
  luaL_checkstack(m->L, count + 4, "too many captures");
  for (int i = 0; i < count; i++) push_capture(m, i, start, end);
  return count;
}

static moon_matcher matcher(lua_State *L, const char *subject, size_t count, const char *pattern, size_t length) {
  return (moon_matcher){L, moon_of(L), subject, subject + count, pattern + length, 0, 0, {{NULL, 0}}};
}

/// The offset at which a search starts, or past the end.
static size_t start_offset(lua_Integer position, size_t count) {
  if (position > 0) return (uint64_t)position - 1 > count ? count + 1 : (size_t)position - 1;
  if (position == 0 || position < -(lua_Integer)count) return 0;
  return count - (size_t)-position;
}

// MARK: find and match

static bool has_specials(const char *pattern, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (pattern[i] != 0 && strchr("^$*+?.([%-", pattern[i]) != NULL) return true;
  }
  return false;
}

static int find_plain(lua_State *L, const char *subject, size_t count, size_t from, const char *text, size_t length) {
  const char *found = moon_find_text(L, moon_of(L), subject + from, count - from, text, length);
  if (found == NULL) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, found - subject + 1);
  lua_pushinteger(L, found - subject + (lua_Integer)length);
  return 2;
}

static int search(lua_State *L, bool is_find) {
  size_t count, length;
  const char *subject = luaL_checklstring(L, 1, &count);
  const char *pattern = luaL_checklstring(L, 2, &length);
  size_t from = start_offset(luaL_optinteger(L, 3, 1), count);
  if (from > count) {
    lua_pushnil(L);
    return 1;
  }
  if (is_find && (lua_toboolean(L, 4) || !has_specials(pattern, length))) {
    return find_plain(L, subject, count, from, pattern, length);
  }
  moon_matcher m = matcher(L, subject, count, pattern, length);
  bool is_anchored = length > 0 && *pattern == '^';
  if (is_anchored) pattern++;
  for (const char *at = subject + from;; at++) {
    const char *end = moon_match(&m, at, pattern);
    if (end != NULL) {
      if (!is_find) return push_captures(&m, at, end, true);
      lua_pushinteger(L, at - subject + 1);
      lua_pushinteger(L, end - subject);
      return push_captures(&m, at, end, false) + 2;
    }
    if (is_anchored || at == m.subject_end) break;
  }
  lua_pushnil(L);
  return 1;
}

static int string_find(lua_State *L) { return search(L, true); }
static int string_match(lua_State *L) { return search(L, false); }

// MARK: gmatch

/// The next match. Upvalues: subject, pattern, offset to go on at, offset where the last match ended.
static int next_match(lua_State *L) {
  size_t count, length;
  const char *subject = lua_tolstring(L, lua_upvalueindex(1), &count);
  const char *pattern = lua_tolstring(L, lua_upvalueindex(2), &length);
  lua_Integer offset = lua_tointeger(L, lua_upvalueindex(3)), last = lua_tointeger(L, lua_upvalueindex(4));
  moon_matcher m = matcher(L, subject, count, pattern, length);
  for (; offset <= (lua_Integer)count; offset++) {
    const char *at = subject + offset, *end = moon_match(&m, at, pattern);
    if (end != NULL && end - subject != last) {
      lua_pushinteger(L, end - subject);
      lua_copy(L, -1, lua_upvalueindex(3));
      lua_replace(L, lua_upvalueindex(4));
      return push_captures(&m, at, end, true);
    }
  }
  lua_pushinteger(L, (lua_Integer)count + 1);  // finished
  lua_replace(L, lua_upvalueindex(3));
  return 0;
}

static int string_gmatch(lua_State *L) {
  size_t count;
  luaL_checklstring(L, 1, &count);
  luaL_checkstring(L, 2);
  size_t from = start_offset(luaL_optinteger(L, 3, 1), count);
  lua_settop(L, 2);
  lua_pushinteger(L, (lua_Integer)from);
  lua_pushinteger(L, -1);
  lua_pushcclosure(L, next_match, 4);
  return 1;
}

// MARK: gsub

/// Adds the replacement text with its `%1` filled in.
static void add_template(moon_matcher *m, moon_buffer *buffer, const char *start, const char *end) {
  lua_State *L = m->L;
  size_t count;
  const char *text = lua_tolstring(L, 3, &count), *text_end = text + count;
  while (text < text_end) {
    moon_tick(L, m->s, 1);
    const char *escape = memchr(text, '%', (size_t)(text_end - text));
    if (escape == NULL) escape = text_end;
    moon_tick(L, m->s, (size_t)(escape - text) / 64);
    moon_buffer_add(buffer, text, (size_t)(escape - text));
    if (escape == text_end) return;
    char c = escape + 1 < text_end ? escape[1] : 0;
    text = escape + 2;
    if (c == '%') {
      moon_buffer_add_char(buffer, '%');
    } else if (c == '0') {
      moon_buffer_add(buffer, start, (size_t)(end - start));
    } else if (c >= '1' && c <= '9') {
      push_capture(m, c - '1', start, end);
      luaL_tolstring(L, -1, NULL);
      lua_remove(L, -2);
      moon_buffer_add_value(buffer);
    } else {
      luaL_error(L, "invalid use of '%%' in replacement string");
    }
  }
}

/// Adds what replaces one match; returns whether it was replaced at all.
static bool add_replacement(moon_matcher *m, moon_buffer *buffer, const char *start, const char *end, int type) {
  lua_State *L = m->L;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(m, start, end, true), 1);
  } else if (type == LUA_TTABLE) {
    push_capture(m, 0, start, end);
    lua_gettable(L, 3);
  } else {
    add_template(m, buffer, start, end);
    return true;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    moon_buffer_add(buffer, start, (size_t)(end - start));
    return false;
  }
  if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", moon_type_name(L, m->s, -1));
  moon_buffer_add_value(buffer);
  return true;
}

static int string_gsub(lua_State *L) {
  size_t count, length;
  const char *subject = luaL_checklstring(L, 1, &count);
  const char *pattern = luaL_checklstring(L, 2, &length);
  int type = lua_type(L, 3);
  bool is_text = type == LUA_TSTRING || type == LUA_TNUMBER;
  luaL_argexpected(L, is_text || type == LUA_TTABLE || type == LUA_TFUNCTION, 3, "string/function/table");
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)count + 1), replaced = 0;
  if (is_text) lua_tostring(L, 3);
  lua_settop(L, 4);
  moon_matcher m = matcher(L, subject, count, pattern, length);
  bool is_anchored = length > 0 && *pattern == '^', is_changed = false;
  if (is_anchored) pattern++;
  const char *at = subject, *last = NULL;
  moon_buffer buffer;
  moon_buffer_open(&buffer, L);
  while (replaced < most) {
    const char *end = moon_match(&m, at, pattern);
    if (end != NULL && end != last) {
      replaced++;
      is_changed |= add_replacement(&m, &buffer, at, end, is_text ? LUA_TSTRING : type);
      at = last = end;
    } else if (at < m.subject_end) {
      moon_buffer_add_char(&buffer, *at++);
    } else {
      break;
    }
    if (is_anchored) break;
  }
  if (is_changed) {
    moon_buffer_add(&buffer, at, (size_t)(m.subject_end - at));
    moon_buffer_push(&buffer);
  } else {
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, replaced);
  return 2;
}

const luaL_Reg moon_pattern_functions[] = {
    {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}, {NULL, NULL}};
