// PNG files in memory, by libpng. Its errors, which jump, are caught inside each of these functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes of a message, the ending zero included.
enum { MOON_PNG_MESSAGE_SIZE = 160 };

/// A file that is being read.
typedef struct moon_png_reader moon_png_reader;

/// Bounds on a file that is read.
typedef struct {
  uint32_t side;          // pixels, width and height each
  uint32_t chunks;        // ancillary chunks kept
  size_t chunk_byte_count;  // bytes of one ancillary chunk, unpacked
} moon_png_limits;

/// A text of a file; `keyword` ends in a zero byte.
typedef struct {
  const char *keyword;
  const char *text;
  size_t text_length;
  bool is_utf8;  // else Latin-1
} moon_png_text;

/// Reads up to the pixels. `bytes` must stay until the reader is closed.
///
/// Returns NULL, with the reason in `message` (MOON_PNG_MESSAGE_SIZE bytes), when that fails.
moon_png_reader *moon_png_open(const uint8_t *bytes, size_t count, moon_png_limits limits, char *message);
/// Width in pixels.
uint32_t moon_png_width(const moon_png_reader *reader);
/// Height in pixels.
uint32_t moon_png_height(const moon_png_reader *reader);
/// Reads the pixels as 8-bit RGB or, with `has_alpha`, RGBA, rows from the top without gaps, and then up to the end.
bool moon_png_read(moon_png_reader *reader, uint8_t *pixels, bool has_alpha, char *message);
/// Reads up to the end without unpacking the pixels.
bool moon_png_skip(moon_png_reader *reader, char *message);
/// Number of texts read so far.
size_t moon_png_text_count(const moon_png_reader *reader);
/// The text at `index`, below the count; it lives as long as the reader.
moon_png_text moon_png_text_at(const moon_png_reader *reader, size_t index);
/// Ends the reading; NULL is allowed.
void moon_png_close(moon_png_reader *reader);

/// A file in memory.
typedef struct {
  uint8_t *bytes;
  size_t count;
} moon_png_file;

/// Whether the work is to end; asked before each row.
typedef bool (*moon_png_stop)(void *context);

/// Writes 8-bit pixels, grey (1 channel) or RGB (3), rows from the top without gaps. `should_stop` may be NULL.
///
/// On success `file` holds the bytes until `moon_png_free`; otherwise it is empty and the reason in `message`.
bool moon_png_write(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, const moon_png_text *texts,
    size_t text_count, moon_png_stop should_stop, void *context, moon_png_file *file, char *message);
/// Frees what `moon_png_write` made.
void moon_png_free(moon_png_file *file);
