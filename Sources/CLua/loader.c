// Loading text: never bytecode, never more than the cap, with a look at the clock for every few tokens.
#include <string.h>

#include "moon_internal.h"

enum { PIECE_BYTES = 256, MODULES = 64, MODULE_NAME_BYTES = 64 };

typedef struct text_source {
  const char *next;
  size_t left;
} text_source;

static const char *read_piece(lua_State *L, void *data, size_t *count) {
  text_source *source = data;
  moon_lua *s = moon_of(L);
  moon_check_clock(s);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
  const char *piece = source->next;
  *count = source->left < PIECE_BYTES ? source->left : PIECE_BYTES;
  source->next += *count;
  source->left -= *count;
  return *count == 0 ? NULL : piece;
}

/// Loads a chunk; on success the function is on top, else the message. `is_syntax` says that the text is at fault.
static bool load_chunk(lua_State *L, moon_lua *s, const char *source, size_t count, const char *chunk, bool *is_syntax) {
  *is_syntax = true;
  const char *shown = *chunk == '@' ? chunk + 1 : "[string]";
  if (count > s->limits.source_bytes) {
    lua_pushfstring(L, "%s:1: the source has more than %d bytes", shown, (int)s->limits.source_bytes);
    return false;
  }
  int line;
  const char *reason = moon_scan_source(source, count, &line);
  if (reason != NULL) {
    lua_pushfstring(L, "%s:%d: %s", shown, line, reason);
    return false;
  }
  text_source reader = {source, count};
  int status = lua_load(L, read_piece, &reader, chunk, "t");
  moon_check_catch(L, s, status);
  *is_syntax = status == LUA_ERRSYNTAX;
  if (status != LUA_OK) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->environment);
  if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
  return true;
}

void moon_load_text(lua_State *L, moon_lua *s, const char *source, size_t count, const char *chunk, bool *is_syntax) {
  if (!load_chunk(L, s, source, count, chunk, is_syntax)) lua_error(L);
}

// MARK: The main chunk

typedef struct loading {
  const char *source;
  size_t count;
  bool is_syntax;
} loading;

/// Skips a byte order mark and the text of a first line that begins with `#`; the line itself still counts.
static void skip_head(loading *job) {
  if (job->count >= 3 && memcmp(job->source, "\xEF\xBB\xBF", 3) == 0) {
    job->source += 3;
    job->count -= 3;
  }
  if (job->count == 0 || *job->source != '#') return;
  while (job->count > 0 && *job->source != '\n') {
    job->source++;
    job->count--;
  }
}

static int load_body(lua_State *L) {
  loading *job = lua_touserdata(L, 1);
  moon_lua *s = moon_of(L);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
  moon_drain_functions(L, s);
  skip_head(job);
  lua_settop(L, 0);
  lua_pushfstring(L, "@%s", s->name);
  moon_load_text(L, s, job->source, job->count, lua_tostring(L, 1), &job->is_syntax);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->environment);
    lua_pushliteral(L, "callback");
    lua_rawget(L, -2);
  }
  moon_deliver_results(L, s, lua_gettop(L), lua_gettop(L));
  return 0;
}

moon_status moon_load(moon_lua *s, const char *source, size_t count) {
  loading job = {source, count, false};
  moon_status status = moon_enter(s, load_body, &job, true);
  return status == MOON_ERROR && job.is_syntax ? MOON_SYNTAX : status;
}

// MARK: load

int moon_base_load(lua_State *L) {
  moon_lua *s = moon_of(L);
  size_t count, name_count;
  luaL_checktype(L, 1, LUA_TSTRING);
  const char *source = lua_tolstring(L, 1, &count);
  const char *name = luaL_optlstring(L, 2, source, &name_count);
  const char *mode = luaL_optstring(L, 3, "t");
  bool has_environment = !lua_isnone(L, 4);
  lua_settop(L, 4);
  if (strchr(mode, 't') == NULL) {
    lua_pushnil(L);
    lua_pushfstring(L, "attempt to load a text chunk (mode is '%s')", mode);
    return 2;
  }
  while (*name == '@' || *name == '=') name++;  // a chunk cannot pass itself off as a file
  bool is_syntax;
  if (!load_chunk(L, s, source, count, name, &is_syntax)) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  if (has_environment) {
    lua_pushvalue(L, 4);
    if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
  }
  return 1;
}

// MARK: require

/// Whether `name` is plain words with dots between them.
static bool is_module_name(const char *name, size_t count) {
  if (count == 0 || count > MODULE_NAME_BYTES) return false;
  bool is_start = true;
  for (size_t i = 0; i < count; i++) {
    unsigned char c = (unsigned char)name[i];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_letter && (c != '.' || is_start)) return false;
    is_start = c == '.';
  }
  return !is_start;
}

/// Pushes the name that messages show for a module: the main file's folder, then the module's path.
static const char *push_chunk_name(lua_State *L, moon_lua *s, const char *module) {
  const char *slash = strrchr(s->name, '/');
  lua_pushliteral(L, "@");
  lua_pushlstring(L, s->name, slash == NULL ? 0 : (size_t)(slash - s->name) + 1);
  luaL_gsub(L, module, ".", "/");
  lua_pushliteral(L, ".lua");
  lua_concat(L, 4);
  return lua_tostring(L, -1);
}

int moon_base_require(lua_State *L) {
  moon_lua *s = moon_of(L);
  size_t count;
  const char *name = luaL_checklstring(L, 1, &count);
  lua_settop(L, 1);
  moon_tick(L, s, 64);
  if (!is_module_name(name, count)) return luaL_error(L, "a module name is letters, digits, '_' and single dots");
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->modules);
  lua_pushvalue(L, 1);
  if (lua_rawget(L, 2) != LUA_TNIL) {
    if (lua_touserdata(L, 3) == s) return luaL_error(L, "module '%s' requires itself, or failed before", name);
    return 1;
  }
  if (s->module_count >= MODULES) return luaL_error(L, "more than %d modules", MODULES);
  s->module_count++;
  moon_reply reply = {{NULL, 0, 0, NULL, 0}, 0};
  s->is_in_host = true;
  moon_outcome outcome = s->host.module(s->host.context, name, count, &reply);
  s->is_in_host = false;
  moon_check_clock(s);
  if (s->stop != MOON_RUNNING) moon_raise_stop(L);
  if (outcome != MOON_RETURNED) {
    lua_pushlstring(L, reply.list.text == NULL ? "" : reply.list.text, reply.list.text_count);
    return luaL_error(L, "module '%s': %s", name, lua_tostring(L, -1));
  }
  if (reply.list.text == NULL) return luaL_error(L, "module '%s' not found", name);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, s);  // in the making
  lua_rawset(L, 2);
  lua_settop(L, 2);
  const char *chunk = push_chunk_name(L, s, name);
  loading job = {reply.list.text, reply.list.text_count, false};
  skip_head(&job);
  moon_load_text(L, s, job.source, job.count, chunk, &job.is_syntax);
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, -2);
  lua_rawset(L, 2);
  return 1;
}
