#include <stdlib.h>
#include <string.h>

#include "errors.h"

// All state lies here, on the heap: a local variable that changes after setjmp would be lost in the jump.
typedef struct {
  png_structp png;
  png_infop info;
  png_textp texts;
  uint8_t *bytes;
  size_t count;
  size_t capacity;
  char message[MOON_PNG_MESSAGE_SIZE];
} writer;

static void put(png_structp png, png_bytep source, size_t count) {
  writer *out = png_get_io_ptr(png);
  if (count > out->capacity - out->count) {
    size_t capacity = (out->count + count) * 2;
    uint8_t *bytes = capacity > count ? realloc(out->bytes, capacity) : NULL;
    if (bytes == NULL) png_error(png, "out of memory");
    out->bytes = bytes;
    out->capacity = capacity;
  }
  memcpy(out->bytes + out->count, source, count);
  out->count += count;
}

static void flush(png_structp png) { (void)png; }

/// Frees `out`, but not the bytes that it wrote.
static void discard(writer *out) {
  png_destroy_write_struct(&out->png, &out->info);
  free(out->texts);
  free(out);
}

static bool fail(writer *out, char *message, const char *reason) {
  moon_png_say(message, reason);
  if (out != NULL) {
    free(out->bytes);
    discard(out);
  }
  return false;
}

bool moon_png_write(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, const moon_png_text *texts,
    size_t text_count, moon_png_stop should_stop, void *context, moon_png_file *file, char *message) {
  *file = (moon_png_file){NULL, 0};
  writer *out = calloc(1, sizeof *out);
  if (out == NULL) return fail(out, message, "out of memory");
  out->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, out->message, moon_png_fail, moon_png_ignore);
  if (out->png != NULL) out->info = png_create_info_struct(out->png);
  out->texts = calloc(text_count + 1, sizeof *out->texts);
  if (out->info == NULL || out->texts == NULL) return fail(out, message, "out of memory");
  if (setjmp(png_jmpbuf(out->png))) {
    char reason[MOON_PNG_MESSAGE_SIZE];
    moon_png_say(reason, out->message);
    return fail(out, message, reason);
  }
  png_set_write_fn(out->png, out, put, flush);
  // zlib's default level 6 takes two thirds more time and, on pictures with grain, saves nothing.
  png_set_compression_level(out->png, 4);
  png_set_IHDR(
      out->png, out->info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
      PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  for (size_t index = 0; index < text_count; index++) {
    // libpng copies the texts and does not write to them.
    out->texts[index].compression = texts[index].is_utf8 ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE;
    out->texts[index].key = (png_charp)texts[index].keyword;
    out->texts[index].text = (png_charp)texts[index].text;
    out->texts[index].text_length = texts[index].text_length;
  }
  png_set_text(out->png, out->info, out->texts, (int)text_count);
  png_write_info(out->png, out->info);
  size_t row_size = (size_t)width * (size_t)channels;
  for (uint32_t row = 0; row < height; row++) {
    if (should_stop != NULL && should_stop(context)) png_error(out->png, "interrupted");
    png_write_row(out->png, pixels + row * row_size);
  }
  png_write_end(out->png, out->info);
  *file = (moon_png_file){out->bytes, out->count};
  discard(out);
  return true;
}

void moon_png_free(moon_png_file *file) {
  free(file->bytes);
  *file = (moon_png_file){NULL, 0};
}
