// A look at the text before Lua gets it, for two things that would take Lua long without any hook and that no honest script
// has. Lua names the variable in an error text by walking back through the code, once for each link of a chain `a.b.c...`:
// 25,000 links take a second. And the end of a block takes the square of the jumps that wait for it.
#include <ctype.h>
#include <string.h>

#include "moon_internal.h"

enum { LONGEST_CHAIN = 64, MOST_JUMPS = 1000, DEPTH = 256 };

typedef struct scanner {
  const char *next, *end;
  int line;
} scanner;

static void advance(scanner *t) {
  if (*t->next == '\n') t->line++;
  t->next++;
}

/// The level of a long bracket `[==[` that begins here, or -1.
static int long_bracket(const scanner *t) {
  const char *p = t->next + 1;
  while (p < t->end && *p == '=') p++;
  return p < t->end && *p == '[' ? (int)(p - t->next) - 1 : -1;
}

static void skip_long(scanner *t, int level) {
  t->next += level + 2;
  while (t->next < t->end) {
    if (*t->next == ']') {
      const char *p = t->next + 1;
      while (p < t->end && *p == '=') p++;
      if (p < t->end && *p == ']' && p - t->next - 1 == level) {
        t->next = p + 1;
        return;
      }
    }
    advance(t);
  }
}

static void skip_string(scanner *t) {
  char quote = *t->next++;
  while (t->next < t->end && *t->next != quote && *t->next != '\n') {
    if (*t->next == '\\' && t->next + 1 < t->end) {
      t->next++;
      if (*t->next == 'z') {  // skips white space, line ends included
        t->next++;
        while (t->next < t->end && isspace((unsigned char)*t->next)) advance(t);
        continue;
      }
    }
    advance(t);
  }
  if (t->next < t->end) advance(t);
}

static void skip_comment(scanner *t) {
  t->next += 2;
  int level = t->next < t->end && *t->next == '[' ? long_bracket(t) : -1;
  if (level >= 0) {
    skip_long(t, level);
    return;
  }
  while (t->next < t->end && *t->next != '\n' && *t->next != '\r') t->next++;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool is_one_of(const char *word, size_t count, const char *const *words) {
  for (; *words != NULL; words++) {
    if (strlen(*words) == count && memcmp(*words, word, count) == 0) return true;
  }
  return false;
}

const char *moon_scan_source(const char *source, size_t count, int *line) {
  // Words before a parenthesis that does not call anything, and words that jump.
  static const char *const operators[] = {"and", "or", "not", "return", "in", "if", "elseif", "while", "until", NULL};
  static const char *const jumps[] = {"break", "goto", NULL};
  int jump_count = 0;
  scanner t = {source, source + count, 1};
  int links[DEPTH] = {0};      // of the chain at each depth of brackets
  bool is_call[DEPTH] = {false};
  int depth = 0;
  bool can_call = false;  // whether the last token ends an expression
  bool is_after_dot = false;
  while (t.next < t.end) {
    char c = *t.next;
    if (isspace((unsigned char)c)) {
      advance(&t);
      continue;
    }
    if (c == '-' && t.next + 1 < t.end && t.next[1] == '-') {
      skip_comment(&t);
      continue;
    }
    int level = c == '[' ? long_bracket(&t) : -1;
    if (c == '"' || c == '\'' || level >= 0) {
      if (level >= 0) skip_long(&t, level);
      else skip_string(&t);
      links[depth] = 0;
      can_call = true;
      is_after_dot = false;
      continue;
    }
    if (is_word(c)) {
      const char *start = t.next;
      while (t.next < t.end && is_word(*t.next)) t.next++;
      if (!is_after_dot) links[depth] = 0;
      can_call = is_after_dot || !is_one_of(start, (size_t)(t.next - start), operators);
      if (is_one_of(start, (size_t)(t.next - start), jumps) && ++jump_count > MOST_JUMPS) {
        *line = t.line;
        return "too many jumps (goto, break)";
      }
      is_after_dot = false;
      continue;
    }
    t.next++;
    is_after_dot = false;
    switch (c) {
      case '.':
        if (t.next < t.end && *t.next == '.') {  // concatenation or varargs
          while (t.next < t.end && *t.next == '.') t.next++;
          links[depth] = 0;
          can_call = false;
          break;
        }
        links[depth]++;
        is_after_dot = true;
        break;
      case '(':
      case '[':
      case '{':
        if (depth + 1 >= DEPTH) return NULL;  // Lua's parser refuses such depth by itself
        is_call[depth] = c == '{' || (c == '(' && can_call);
        links[++depth] = 0;
        can_call = false;
        break;
      case ')':
      case ']':
      case '}':
        if (depth > 0) {
          int inner = links[depth--];
          if (is_call[depth]) links[depth] = 0;
          else if (c == ')') links[depth] = inner;
          else links[depth]++;
        }
        can_call = true;
        break;
      default:
        links[depth] = 0;
        can_call = false;
    }
    if (links[depth] > LONGEST_CHAIN) {
      *line = t.line;
      return "too many field accesses in one chain";
    }
  }
  return NULL;
}
