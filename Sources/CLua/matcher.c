// Lua patterns as the reference manual (section 6.4.1) describes them, with a tick for each step and a bound on the depth.
#include <ctype.h>
#include <string.h>

#include "moon_patterns.h"

enum { DEPTH = 200, ESCAPE = '%' };

static const char *match_here(moon_matcher *m, const char *at, const char *p);

// MARK: One character

/// Whether `c` is in the class `letter`, the one after a `%`.
static bool is_in_class(unsigned char c, unsigned char letter) {
  bool result;
  switch (tolower(letter)) {
    case 'a': result = isalpha(c) != 0; break;
    case 'c': result = iscntrl(c) != 0; break;
    case 'd': result = isdigit(c) != 0; break;
    case 'g': result = isgraph(c) != 0; break;
    case 'l': result = islower(c) != 0; break;
    case 'p': result = ispunct(c) != 0; break;
    case 's': result = isspace(c) != 0; break;
    case 'u': result = isupper(c) != 0; break;
    case 'w': result = isalnum(c) != 0; break;
    case 'x': result = isxdigit(c) != 0; break;
    default: return c == letter;
  }
  return isupper(letter) ? !result : result;
}

/// Where the single-character item at `p` ends.
static const char *item_end(moon_matcher *m, const char *p) {
  char c = *p++;
  if (c == ESCAPE) {
    if (p == m->pattern_end) luaL_error(m->L, "malformed pattern (ends with '%%')");
    return p + 1;
  }
  if (c != '[') return p;
  if (p < m->pattern_end && *p == '^') p++;
  bool is_first = true;  // a `]` in the first place is a plain character
  for (;; is_first = false) {
    moon_tick(m->L, m->s, 1);
    if (p == m->pattern_end) luaL_error(m->L, "malformed pattern (missing ']')");
    c = *p++;
    if (c == ']' && !is_first) return p;
    if (c == ESCAPE) {
      if (p == m->pattern_end) luaL_error(m->L, "malformed pattern (missing ']')");
      p++;
    }
  }
}

/// Whether `c` is in the set from `[` at `p` to its `]` just before `end`.
static bool is_in_set(moon_matcher *m, unsigned char c, const char *p, const char *end) {
  const char *last = end - 1;
  bool is_found = true;
  p++;
  if (*p == '^') {
    is_found = false;
    p++;
  }
  moon_tick(m->L, m->s, 1 + (size_t)(end - p) / 4);
  while (p < last) {
    if (*p == ESCAPE) {
      if (is_in_class(c, (unsigned char)p[1])) return is_found;
      p += 2;
    } else if (p + 2 < last && p[1] == '-') {
      if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2]) return is_found;
      p += 3;
    } else {
      if ((unsigned char)*p == c) return is_found;
      p++;
    }
  }
  return !is_found;
}

static bool matches_item(moon_matcher *m, const char *at, const char *p, const char *end) {
  if (at >= m->subject_end) return false;
  unsigned char c = (unsigned char)*at;
  switch (*p) {
    case '.': return true;
    case ESCAPE: return is_in_class(c, (unsigned char)p[1]);
    case '[': return is_in_set(m, c, p, end);
    default: return (unsigned char)*p == c;
  }
}

// MARK: Repetitions

/// As many as there are, then fewer and fewer until the rest matches.
static const char *match_most(moon_matcher *m, const char *at, const char *p, const char *end) {
  size_t count = 0;
  while (matches_item(m, at + count, p, end)) {
    moon_tick(m->L, m->s, 1);
    count++;
  }
  for (;; count--) {
    const char *result = match_here(m, at + count, end + 1);
    if (result != NULL || count == 0) return result;
  }
}

/// As few as possible.
static const char *match_least(moon_matcher *m, const char *at, const char *p, const char *end) {
  for (;;) {
    const char *result = match_here(m, at, end + 1);
    if (result != NULL) return result;
    if (!matches_item(m, at, p, end)) return NULL;
    at++;
  }
}

// MARK: Captures and the special items

static const char *open_capture(moon_matcher *m, const char *at, const char *p, ptrdiff_t kind) {
  if (m->captures >= MOON_CAPTURES) luaL_error(m->L, "too many captures");
  m->capture[m->captures] = (moon_capture){at, kind};
  m->captures++;
  const char *result = match_here(m, at, p);
  if (result == NULL) m->captures--;
  return result;
}

static const char *close_capture(moon_matcher *m, const char *at, const char *p) {
  int index = m->captures - 1;
  while (index >= 0 && m->capture[index].count != CAPTURE_OPEN) index--;
  if (index < 0) luaL_error(m->L, "invalid pattern capture");
  m->capture[index].count = at - m->capture[index].start;
  const char *result = match_here(m, at, p);
  if (result == NULL) m->capture[index].count = CAPTURE_OPEN;
  return result;
}

/// `%1`: the same text again. Returns where it ends.
static const char *match_back_reference(moon_matcher *m, const char *at, char digit) {
  int index = digit - '1';
  if (index < 0 || index >= m->captures || m->capture[index].count == CAPTURE_OPEN) {
    luaL_error(m->L, "invalid capture index %%%d", index + 1);
  }
  ptrdiff_t count = m->capture[index].count;
  if (count < 0) return NULL;  // a position is no text
  moon_tick(m->L, m->s, 1 + (size_t)count / 64);
  bool is_same = m->subject_end - at >= count && memcmp(m->capture[index].start, at, (size_t)count) == 0;
  return is_same ? at + count : NULL;
}

/// `%bxy`: from an x to its y. Returns where it ends.
static const char *match_balance(moon_matcher *m, const char *at, const char *p) {
  if (p + 1 >= m->pattern_end) luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
  if (at >= m->subject_end || *at != *p) return NULL;
  char opens = p[0], closes = p[1];
  size_t depth = 1;
  for (at++; at < m->subject_end; at++) {
    moon_tick(m->L, m->s, 1);
    if (*at == closes) {
      if (--depth == 0) return at + 1;
    } else if (*at == opens) {
      depth++;
    }
  }
  return NULL;
}

/// `%f[set]` at the set: whether the set begins here. Moves `*p` behind the set.
static bool is_frontier(moon_matcher *m, const char *at, const char **p) {
  if (*p >= m->pattern_end || **p != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
  const char *end = item_end(m, *p);
  unsigned char before = at == m->subject ? 0 : (unsigned char)at[-1];
  unsigned char here = at < m->subject_end ? (unsigned char)*at : 0;
  bool result = !is_in_set(m, before, *p, end) && is_in_set(m, here, *p, end);
  *p = end;
  return result;
}

/// Matches the pattern from `p` on at `at`. Items without a choice are done in the loop, the others by recursion.
static const char *match_items(moon_matcher *m, const char *at, const char *p) {
  while (p < m->pattern_end) {
    moon_tick(m->L, m->s, 1);
    if (*p == '(') {
      bool is_position = p + 1 < m->pattern_end && p[1] == ')';
      return is_position ? open_capture(m, at, p + 2, CAPTURE_POSITION) : open_capture(m, at, p + 1, CAPTURE_OPEN);
    }
    if (*p == ')') return close_capture(m, at, p + 1);
    if (*p == '$' && p + 1 == m->pattern_end) return at == m->subject_end ? at : NULL;
    char escaped = *p == ESCAPE && p + 1 < m->pattern_end ? p[1] : 0;
    if (escaped == 'b') {
      at = match_balance(m, at, p + 2);
      if (at == NULL) return NULL;
      p += 4;
      continue;
    }
    if (escaped == 'f') {
      p += 2;
      if (!is_frontier(m, at, &p)) return NULL;
      continue;
    }
    if (isdigit((unsigned char)escaped)) {
      at = match_back_reference(m, at, escaped);
      if (at == NULL) return NULL;
      p += 2;
      continue;
    }
    const char *end = item_end(m, p);
    char suffix = end < m->pattern_end ? *end : 0;
    if (suffix == '*') return match_most(m, at, p, end);
    if (suffix == '+') return matches_item(m, at, p, end) ? match_most(m, at + 1, p, end) : NULL;
    if (suffix == '-') return match_least(m, at, p, end);
    bool is_match = matches_item(m, at, p, end);
    if (suffix == '?') {
      if (is_match) {
        const char *result = match_here(m, at + 1, end + 1);
        if (result != NULL) return result;
      }
      p = end + 1;
      continue;
    }
    if (!is_match) return NULL;
    at++;
    p = end;
  }
  return at;
}

static const char *match_here(moon_matcher *m, const char *at, const char *p) {
  if (++m->depth > DEPTH) luaL_error(m->L, "pattern too complex");
  const char *result = match_items(m, at, p);
  m->depth--;
  return result;
}

const char *moon_match(moon_matcher *m, const char *at, const char *pattern) {
  m->depth = 0;
  m->captures = 0;
  return match_here(m, at, pattern);
}

const char *moon_find_text(lua_State *L, moon_lua *s, const char *in, size_t count, const char *text, size_t length) {
  if (length == 0) return in;
  const char *end = in + count;
  while ((size_t)(end - in) >= length) {
    const char *start = in;
    const char *found = memchr(in, text[0], (size_t)(end - in) - length + 1);
    if (found == NULL) {
      moon_tick(L, s, 1 + (size_t)(end - start) / 64);
      return NULL;
    }
    moon_tick(L, s, 1 + (size_t)(found - start) / 64 + length / 64);
    if (memcmp(found, text, length) == 0) return found;
    in = found + 1;
  }
  return NULL;
}
