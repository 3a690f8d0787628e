// The pattern matcher, shared by matcher.c and patterns.c.
#ifndef MOON_PATTERNS_H
#define MOON_PATTERNS_H

#include "moon_internal.h"

enum { MOON_CAPTURES = 32, CAPTURE_OPEN = -1, CAPTURE_POSITION = -2 };

typedef struct moon_capture {
  const char *start;
  /// Bytes, or one of the two marks above.
  ptrdiff_t count;
} moon_capture;

/// One search: where it looks, how deep it is, what it has captured.
typedef struct moon_matcher {
  lua_State *L;
  moon_lua *s;
  const char *subject, *subject_end, *pattern_end;
  int depth, captures;
  moon_capture capture[MOON_CAPTURES];
} moon_matcher;

/// Matches `pattern` at `at`; returns where the match ends, or NULL. Starts with no captures and the full depth.
const char *moon_match(moon_matcher *m, const char *at, const char *pattern);
/// Finds plain text with ticks; NULL when it is not there.
const char *moon_find_text(lua_State *L, moon_lua *s, const char *in, size_t count, const char *text, size_t length);

#endif
