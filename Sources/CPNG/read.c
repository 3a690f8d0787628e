#include <stdlib.h>
#include <string.h>

#include "errors.h"

// All state lies here, on the heap: a local variable that changes after setjmp would be lost in the jump.
struct moon_png_reader {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t count;
  size_t position;
  char message[MOON_PNG_MESSAGE_SIZE];
};

static void take(png_structp png, png_bytep destination, size_t count) {
  moon_png_reader *reader = png_get_io_ptr(png);
  if (count > reader->count - reader->position) png_error(png, "it ends too early");
  memcpy(destination, reader->bytes + reader->position, count);
  reader->position += count;
}

moon_png_reader *moon_png_open(const uint8_t *bytes, size_t count, moon_png_limits limits, char *message) {
  moon_png_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    moon_png_say(message, "out of memory");
    return NULL;
  }
  reader->bytes = bytes;
  reader->count = count;
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader->message, moon_png_fail, moon_png_ignore);
  if (reader->png != NULL) reader->info = png_create_info_struct(reader->png);
  if (reader->info == NULL) {
    moon_png_say(message, "out of memory");
    moon_png_close(reader);
    return NULL;
  }
  if (setjmp(png_jmpbuf(reader->png))) {
    moon_png_say(message, reader->message);
    moon_png_close(reader);
    return NULL;
  }
  png_set_user_limits(reader->png, limits.side, limits.side);
  png_set_chunk_cache_max(reader->png, limits.chunks);
  png_set_chunk_malloc_max(reader->png, limits.chunk_byte_count);
  png_set_crc_action(reader->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_read_fn(reader->png, reader, take);
  png_read_info(reader->png, reader->info);
  return reader;
}

uint32_t moon_png_width(const moon_png_reader *reader) { return png_get_image_width(reader->png, reader->info); }

uint32_t moon_png_height(const moon_png_reader *reader) { return png_get_image_height(reader->png, reader->info); }

bool moon_png_read(moon_png_reader *reader, uint8_t *pixels, bool has_alpha, char *message) {
  png_structp png = reader->png;
  png_infop info = reader->info;
  if (setjmp(png_jmpbuf(png))) {
    moon_png_say(message, reader->message);
    return false;
  }
  // Palettes and small grey levels become bytes, a transparent colour becomes alpha; of 16 bits the upper 8 are kept.
  // No gamma is set, so no value is changed by it.
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_gray_to_rgb(png);
  if (has_alpha) {
    png_set_add_alpha(png, 0xFF, PNG_FILLER_AFTER);
  } else {
    png_set_strip_alpha(png);
  }
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row_size = (size_t)png_get_image_width(png, info) * (has_alpha ? 4 : 3);
  uint32_t height = png_get_image_height(png, info);
  if (png_get_rowbytes(png, info) != row_size) png_error(png, "it has an unknown kind of pixels");
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t row = 0; row < height; row++) png_read_row(png, pixels + row * row_size, NULL);
  }
  png_read_end(png, info);
  return true;
}

bool moon_png_skip(moon_png_reader *reader, char *message) {
  if (setjmp(png_jmpbuf(reader->png))) {
    moon_png_say(message, reader->message);
    return false;
  }
  // Only a file whose pixels were begun is followed past them.
  png_read_update_info(reader->png, reader->info);
  png_read_end(reader->png, reader->info);
  return true;
}

size_t moon_png_text_count(const moon_png_reader *reader) {
  int count = 0;
  png_get_text(reader->png, reader->info, NULL, &count);
  return count > 0 ? (size_t)count : 0;
}

moon_png_text moon_png_text_at(const moon_png_reader *reader, size_t index) {
  png_textp texts = NULL;
  png_get_text(reader->png, reader->info, &texts, NULL);
  const png_text *text = &texts[index];
  bool is_utf8 = text->compression >= PNG_ITXT_COMPRESSION_NONE;
  return (moon_png_text){text->key, text->text, is_utf8 ? text->itxt_length : text->text_length, is_utf8};
}

void moon_png_close(moon_png_reader *reader) {
  if (reader == NULL) return;
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}
