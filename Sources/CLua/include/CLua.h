// The one door between Swift and Lua. Swift sees an opaque state and plain values; it never sees a Lua stack, and no Lua
// error ever crosses a Swift frame: whatever may raise runs inside the C files of this target, under a protected call.
#ifndef CLUA_H
#define CLUA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One sandboxed Lua state with its limits. Used by one thread at a time.
typedef struct moon_lua moon_lua;

/// What a `moon_value` holds.
typedef enum moon_kind : uint8_t {
  MOON_NIL,
  MOON_BOOLEAN,
  MOON_INTEGER,
  MOON_NUMBER,
  MOON_STRING,
  MOON_TABLE,
  MOON_FUNCTION,
  MOON_HANDLE,
  MOON_OTHER,
} moon_kind;

/// A Lua value as plain data. A table is followed by its list items, then by its pairs (key, value), each in the same
/// form, so one flat array holds a whole tree.
typedef struct moon_value {
  moon_kind kind;
  /// Of a handle: the type it was defined with.
  uint16_t handle_kind;
  /// Of a string: its bytes. Of a table: its list items.
  uint32_t count;
  union {
    /// Of a boolean (0, 1), an integer, or a function (the number `moon_release_function` takes).
    int64_t integer;
    double number;
    /// Of a string that Lua hands to the host; valid during the callback only.
    const char *bytes;
    /// Of a string that the host hands to Lua: where it begins in `moon_list.text`. Of a table: its pairs.
    uint64_t offset;
    /// Of a handle: the number the host gave it.
    uint64_t handle;
  };
} moon_value;

/// Several values in one flat array.
typedef struct moon_list {
  const moon_value *values;
  /// Entries of `values`, nested ones included.
  size_t count;
  /// Values at the top level.
  size_t top;
  /// The bytes of the strings that the host hands to Lua.
  const char *text;
  size_t text_count;
} moon_list;

/// How a host function ended.
typedef enum moon_outcome : uint8_t {
  /// `moon_reply.list` holds the results.
  MOON_RETURNED,
  /// `moon_reply.list.text` holds a message, raised at the script's line.
  MOON_RAISED,
  /// The same for the argument `moon_reply.argument`.
  MOON_BAD_ARGUMENT,
} moon_outcome;

/// What a host function gives back. Its memory belongs to the host and lives until the next call into the host.
typedef struct moon_reply {
  moon_list list;
  int32_t argument;
} moon_reply;

/// The host's side. Every function returns normally and touches no Lua; `context` is passed through.
typedef struct moon_host {
  void *context;
  /// Runs host function `function`.
  moon_outcome (*call)(void *context, int32_t function, const moon_list *arguments, moon_reply *reply);
  /// Takes the results of `moon_load` and `moon_call`.
  void (*results)(void *context, const moon_list *results);
  /// Takes one line of the script's log, not escaped yet; the flag says that it was cut.
  void (*log)(void *context, const char *bytes, size_t count, bool cut);
  /// The same for one warning of the script.
  void (*warn)(void *context, const char *bytes, size_t count, bool cut);
  /// Reads the module of a folder plugin; `MOON_RETURNED` with no text means that there is none.
  moon_outcome (*module)(void *context, const char *name, size_t count, moon_reply *reply);
  /// Says whether the run is to stop; asked about once a millisecond.
  bool (*stop)(void *context);
} moon_host;

/// The limits of one state.
typedef struct moon_limits {
  size_t memory_bytes;
  size_t string_bytes;
  size_t source_bytes;
  size_t log_bytes;
  size_t table_entries;
  uint64_t call_instructions;
  int64_t call_nanoseconds;
  int64_t run_nanoseconds;
} moon_limits;

/// How a call into Lua ended.
typedef enum moon_status : uint8_t {
  MOON_OK,
  /// The script raised an error; `moon_failure_text` has it.
  MOON_ERROR,
  /// The source is no Lua chunk.
  MOON_SYNTAX,
  /// A limit ended the script for good; `moon_stop_reason` says which.
  MOON_STOPPED,
  /// A call is running already.
  MOON_BUSY,
  /// The state is damaged and is not entered again.
  MOON_BROKEN,
  /// The thread's stack is too small for Lua.
  MOON_SMALL_STACK,
} moon_status;

/// The limit that ended a script.
typedef enum moon_stop : uint8_t {
  MOON_RUNNING,
  MOON_STOP_CALL_TIME,
  MOON_STOP_RUN_TIME,
  MOON_STOP_INSTRUCTIONS,
  MOON_STOP_MEMORY,
  MOON_STOP_STACK,
  MOON_STOP_STRING,
  MOON_STOP_TABLE,
  MOON_STOP_HANDLES,
  MOON_STOP_HOST,
} moon_stop;

/// What a member of a handle type is.
typedef enum moon_role : uint8_t {
  /// `handle:name(...)`.
  MOON_METHOD,
  /// `handle.anything_else`.
  MOON_GETTER,
  /// `handle.name = value`.
  MOON_SETTER,
  /// A metamethod; the name has its two underscores.
  MOON_METAMETHOD,
} moon_role;

// MARK: Life

/// Makes a state whose main chunk is shown as `name`; NULL when memory is short.
moon_lua *moon_open(const moon_limits *limits, const char *name, uint64_t seed, bool has_modules);
/// Sets the host's side, before anything runs.
void moon_connect(moon_lua *s, const moon_host *host);
/// Frees the state; returns the bytes that Lua did not give back, which is 0. A broken state is left as it is.
size_t moon_close(moon_lua *s);

/// Whether a call is running.
bool moon_is_running(const moon_lua *s);

// MARK: What scripts may use

moon_status moon_define_value(moon_lua *s, const char *table, const char *name, const moon_list *value);
moon_status moon_define_function(moon_lua *s, const char *table, const char *name, int32_t function);
moon_status moon_define_type(moon_lua *s, uint16_t kind, const char *name);
moon_status moon_define_member(moon_lua *s, uint16_t kind, moon_role role, const char *name, int32_t function);

// MARK: Running

/// Loads and runs the main chunk; its value, or the global `callback`, goes to `moon_host.results`.
moon_status moon_load(moon_lua *s, const char *source, size_t count);
/// Calls `function`; its values go to `moon_host.results`.
moon_status moon_call(moon_lua *s, int64_t function, const moon_list *arguments);
/// The file and line where `function` is defined; NULL when it is not a function of the script.
const char *moon_function_place(moon_lua *s, int64_t function, int32_t *line);
/// Gives a function back that the host was handed; done at once or at the next call.
void moon_release_function(moon_lua *s, int64_t function);
/// Takes up to `capacity` handles that Lua has collected: kind and number in turn.
size_t moon_take_released(moon_lua *s, uint64_t *handles, size_t capacity);

// MARK: Limits

/// Whether the running call has to end; asks the clock and the host.
bool moon_should_stop(moon_lua *s);
/// Stops the clock while the host does work that is not the script's.
void moon_pause_clock(moon_lua *s);
void moon_resume_clock(moon_lua *s);
/// Ends the script because what its handles stand for does not fit.
void moon_refuse_handles(moon_lua *s);
/// Collects all garbage of Lua.
void moon_collect(moon_lua *s);
moon_stop moon_stop_reason(const moon_lua *s);
size_t moon_memory_used(const moon_lua *s);
size_t moon_memory_peak(const moon_lua *s);
uint64_t moon_instructions(const moon_lua *s);
int64_t moon_nanoseconds_used(const moon_lua *s);
/// Refuses `count` allocations that follow the next `after` ones.
void moon_refuse_allocations(moon_lua *s, uint64_t after, uint64_t count);
/// How many allocations were asked for since the state was made.
uint64_t moon_allocations(const moon_lua *s);

// MARK: The last failure

const char *moon_failure_text(const moon_lua *s, size_t *count, bool *is_text);
/// Frame `index` of the script's own frames, innermost first; NULL past the last one.
const char *moon_failure_frame(const moon_lua *s, size_t index, int32_t *line);

// MARK: Files of a folder plugin

/// Reads the regular file `path` (plain names between slashes) below the open folder, never through a link. Returns the
/// bytes, to be freed with `moon_free_file`; NULL with `*error` 0 when there is none, else with the reason.
char *moon_read_file(const char *folder, const char *path, size_t limit, size_t *count, int *error);
void moon_free_file(char *bytes);

#endif
