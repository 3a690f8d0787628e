// What the C files of this target share. Nothing here is visible to Swift.
#ifndef MOON_INTERNAL_H
#define MOON_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <setjmp.h>

#include "CLua.h"

enum {
  /// Instructions between two looks at the clock, while no single instruction can take long.
  MOON_PERIOD = 100,
  MOON_TEXT_BYTES = 4096,
  MOON_FRAMES = 12,
  MOON_SOURCE_BYTES = 64,
  MOON_TABLE_DEPTH = 8,
  MOON_LIST_DEPTH = 32,
  MOON_BIG_BLOCK = 16 * 1024,
  MOON_BIG_STRINGS = 512,
  MOON_GUARDED_TABLES = 1024,
  MOON_NEST_BYTES = 64 * 1024,
  MOON_NEST_BLOCK = 1024,
};

typedef struct moon_frame {
  char source[MOON_SOURCE_BYTES];
  int32_t line;
} moon_frame;

typedef struct moon_failure {
  char text[MOON_TEXT_BYTES + 1];
  size_t count;
  bool is_text;
  bool is_captured;
  moon_frame frames[MOON_FRAMES];
  size_t frame_count;
} moon_failure;

/// Memory: what is used, what is allowed, and how long one instruction may take over it (alloc.c).
typedef struct moon_memory {
  size_t used, peak, cap, reserve;
  uint64_t allocations, refuse_after, refuse_count;
  unsigned calls;
  /// Lua asks twice for a block, with a full collection between. The size refused once and not yet granted, and whether
  /// the second request was refused too: then a memory error is on its way.
  size_t refused_size;
  bool is_raising;
  moon_stop refused_as;
  size_t big_bytes, big_string_bytes;
  void *big_strings[MOON_BIG_STRINGS];
  size_t big_string_count;
  bool big_strings_overflowed;
} moon_memory;

/// The hash part of one large table.
typedef struct moon_guarded_table {
  void *block;
  size_t nodes;
} moon_guarded_table;

/// The large tables, watched for keys that collide (guard.c).
typedef struct moon_guard {
  moon_guarded_table tables[MOON_GUARDED_TABLES];
  size_t count, least;
  bool is_verified, is_overflowed;
} moon_guard;

/// Time: all in nanoseconds of the monotonic clock (limits.c).
typedef struct moon_time {
  int64_t deadline, next_poll, started, paused_at, used;
  int pauses;
  moon_stop deadline_reason;
  uint64_t instructions;
  size_t ticks;
  int period;
} moon_time;

/// A function that scripts can ask for, of a kind of handles or of a library: one of C, or the host's by its number.
typedef struct moon_member {
  char *name;
  lua_CFunction body;
  int32_t function;
  uint16_t kind;
} moon_member;

/// All of them, sorted by kind and name (members.c).
typedef struct moon_members {
  moon_member *list;
  size_t count, capacity;
} moon_members;

/// The first small blocks of a state, side by side (nest.c).
typedef struct moon_nest {
  char *base;
  size_t used;
  void *free[MOON_NEST_BLOCK / 16];
} moon_nest;

struct moon_lua {
  lua_State *main, *running;
  moon_limits limits;
  moon_host host;
  moon_memory memory;
  moon_nest nest;
  moon_guard guard;
  moon_time time;
  moon_stop stop;
  moon_failure failure;
  moon_members members;
  jmp_buf panic;
  bool is_inside, is_in_host, is_broken, is_closing;
  char name[MOON_SOURCE_BYTES];
  /// Registry slots.
  int environment, functions, types, hidden, events, metatable_cache, modules;
  int metatable_count, module_count, library_count;
  int64_t *released_functions;
  size_t released_function_count, released_function_capacity;
  uint64_t *released_handles;
  size_t released_handle_count, released_handle_capacity;
  uint64_t random[4], seed;
  size_t log_count;
  bool log_is_cut;
  lua_CFunction stock_pack, stock_unpack, stock_packsize;
};

/// The payload of a handle's userdata.
typedef struct moon_handle {
  uint64_t id;
  uint16_t kind;
} moon_handle;

/// The sandbox that `L` belongs to; coroutines inherit the pointer.
static inline moon_lua *moon_of(lua_State *L) { return *(moon_lua **)lua_getextraspace(L); }

// nest.c
void moon_nest_open(moon_nest *nest);
void moon_nest_close(moon_nest *nest);
/// Fetches the nest into the cache.
void moon_nest_fetch(const moon_nest *nest);
/// As `realloc` and `free`, of a block of a known size.
void *moon_nest_move(moon_nest *nest, void *block, size_t old, size_t size);
void moon_nest_free(moon_nest *nest, void *block, size_t size);

// alloc.c
void *moon_allocate(void *ud, void *ptr, size_t osize, size_t nsize);
/// Instructions until the next look at the clock, by the largest work that one instruction can do now.
int moon_period(const moon_lua *s);

// guard.c
void moon_open_guard(lua_State *L, moon_lua *s);
/// The entries of a block that is the hash part of a table, by its size; 0 for other blocks.
size_t moon_table_nodes(const void *old, size_t tag, size_t size);
void moon_guard_add(moon_guard *g, void *block, size_t nodes);
void moon_guard_remove(moon_guard *g, const void *block, size_t size);
/// Whether a table may not grow to `nodes` entries, because moving the keys could take too long.
bool moon_guard_refuses(moon_lua *s, size_t nodes);

// limits.c
int64_t moon_now(void);
void moon_start_clock(moon_lua *s);
void moon_stop_clock(moon_lua *s);
/// Marks the script as ended. Raises nothing.
void moon_end(moon_lua *s, moon_stop reason);
void moon_check_clock(moon_lua *s);
void moon_hook(lua_State *L, lua_Debug *ar);
/// Raises the error that no script can catch.
_Noreturn void moon_raise_stop(lua_State *L);
/// After a protected call: goes on raising when the script has ended.
void moon_check_catch(lua_State *L, moon_lua *s, int status);
/// Whether a memory error that arrives now is real, and not one that the script made up.
static inline bool moon_is_refused(const moon_lua *s) { return s->memory.is_raising || s->memory.refused_size != 0; }
/// `lua_checkstack` that ends the script when memory is out, and returns false when the stack is at its own limit.
bool moon_check_stack(lua_State *L, lua_State *grown, int count);
void moon_slow_tick(lua_State *L, moon_lua *s);
void moon_capture_frames(lua_State *L, moon_lua *s);

/// Counts `count` elementary operations of a C loop; looks at the clock when they add up.
static inline void moon_tick(lua_State *L, moon_lua *s, size_t count) {
  s->time.ticks += count;
  if (s->time.ticks >= 4096 || s->stop != MOON_RUNNING) moon_slow_tick(L, s);
}

// values.c
size_t moon_count_values(lua_State *L, moon_lua *s, int first, int last);
void moon_fill_values(lua_State *L, moon_lua *s, int first, int last, moon_value *values, size_t capacity);
int moon_push_list(lua_State *L, moon_lua *s, const moon_list *list);
void moon_drain_functions(lua_State *L, moon_lua *s);

// calls.c
int moon_trampoline(lua_State *L);
moon_status moon_enter(moon_lua *s, lua_CFunction body, void *job, bool is_timed);
void moon_deliver_results(lua_State *L, moon_lua *s, int first, int last);

// handles.c
const moon_handle *moon_test_handle(lua_State *L, moon_lua *s, int index);
void moon_push_handle(lua_State *L, moon_lua *s, uint16_t kind, uint64_t id);
const char *moon_type_name(lua_State *L, moon_lua *s, int index);

// members.c
/// The first kind of a library; smaller ones are kinds of handles.
enum { MOON_FIRST_LIBRARY = 0x8000 };
/// Adds a member; false when memory is out.
bool moon_member_add(moon_members *m, moon_member member);
void moon_members_free(moon_members *m);
/// Pushes the function that the string at `key` names in that kind, keeps it under that name in the table at `keeper` and
/// returns true; else pushes nothing. Both indices count from the function's first argument, or are an upvalue's.
bool moon_push_member(lua_State *L, moon_lua *s, uint16_t kind, int key, int keeper);
/// Makes every function of that kind a field of the table at `table`, whose `__index` makes them one by one.
void moon_push_all_members(lua_State *L, moon_lua *s, uint16_t kind, int table);
/// A function of the host as a closure; `kind` is that of the handles it belongs to, or -1.
void moon_push_host_function(lua_State *L, const char *name, int32_t function, int kind);

// metatables.c
int moon_setmetatable(lua_State *L);
int moon_getmetatable(lua_State *L);
int moon_rawset(lua_State *L);
void moon_open_metatables(lua_State *L, moon_lua *s);

// readonly.c
/// Replaces the table on top by a proxy that scripts cannot write to; a table of what it held goes to `s->hidden[name]`.
void moon_protect_table(lua_State *L, moon_lua *s, const char *name);
/// The kind of the members of the hidden table at `index`.
uint16_t moon_library_kind(lua_State *L, int index);
bool moon_is_protected(lua_State *L, int index);
/// Raises when the table at `index` is no table or may not be written.
void moon_check_writable(lua_State *L, int index);

/// A growing text. One slot of the Lua stack belongs to it (buffer.c).
typedef struct moon_buffer {
  lua_State *L;
  moon_lua *s;
  char *bytes;
  size_t count, capacity;
  int slot;
  char small[256];
} moon_buffer;

void moon_buffer_open(moon_buffer *b, lua_State *L);
/// Room for `extra` more bytes; the caller adds what it wrote to `count`.
char *moon_buffer_reserve(moon_buffer *b, size_t extra);
void moon_buffer_add(moon_buffer *b, const char *bytes, size_t count);
/// Adds the string or number on top and pops it.
void moon_buffer_add_value(moon_buffer *b);
void moon_buffer_push(moon_buffer *b);

static inline void moon_buffer_add_char(moon_buffer *b, char c) {
  *moon_buffer_reserve(b, 1) = c;
  b->count++;
}

// text.c
/// Pushes the text of a value without an address in it; calls `__tostring`.
const char *moon_tostring(lua_State *L, int index, size_t *count);
int moon_base_tostring(lua_State *L);
int moon_print(lua_State *L);
int moon_warn(lua_State *L);

// The libraries: each pushes its table.
void moon_push_base(lua_State *L, moon_lua *s);
void moon_push_strings(lua_State *L, moon_lua *s);
void moon_push_tables(lua_State *L, moon_lua *s);
void moon_push_math(lua_State *L, moon_lua *s);
void moon_push_coroutines(lua_State *L, moon_lua *s);
void moon_push_utf8(lua_State *L, moon_lua *s);
/// Copies the named fields of the table at `from` into the table on top.
void moon_copy_fields(lua_State *L, int from, const char *const *names);
/// Calls a luaopen function without leaving a trace in the registry; pushes its table.
void moon_open_stock(lua_State *L, lua_CFunction open);
/// Raises when a string of `count` bytes would be longer than the limit.
void moon_check_string_size(lua_State *L, moon_lua *s, uint64_t count);

int moon_sort(lua_State *L);
int moon_format(lua_State *L);
extern const luaL_Reg moon_pattern_functions[];
void moon_seed_random(moon_lua *s, uint64_t first, uint64_t second);

// loader.c
int moon_base_load(lua_State *L);
int moon_base_require(lua_State *L);
/// Loads a text chunk into the plugin's environment; raises its error. `is_syntax` says whether the text was at fault.
void moon_load_text(lua_State *L, moon_lua *s, const char *source, size_t count, const char *chunk, bool *is_syntax);

// scanner.c
/// Why Lua would take long over this text, and in which line; NULL when it would not.
const char *moon_scan_source(const char *source, size_t count, int *line);

#endif
