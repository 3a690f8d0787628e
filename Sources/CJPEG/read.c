#include <CJPEG.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

// All state lies here, on the heap: a local variable that changes after setjmp would be lost in the jump.
struct moon_jpeg_reader {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  int scans;
  char message[MOON_JPEG_MESSAGE_SIZE];
};

static void say(char *message, const char *text) { snprintf(message, MOON_JPEG_MESSAGE_SIZE, "%s", text); }

static _Noreturn void refuse(moon_jpeg_reader *reader, const char *text) {
  say(reader->message, text);
  longjmp(reader->jump, 1);
}

/// libjpeg cannot go on.
static _Noreturn void leave(j_common_ptr jpeg) {
  moon_jpeg_reader *reader = jpeg->client_data;
  char text[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, text);
  refuse(reader, text);
}

/// Drops warnings: the reference shows what a damaged file still holds.
static void ignore(j_common_ptr jpeg, int level) {
  (void)jpeg;
  (void)level;
}

static void begin(j_decompress_ptr jpeg) { (void)jpeg; }

/// More bytes are asked for than there are.
static boolean refill(j_decompress_ptr jpeg) { refuse(jpeg->client_data, "it ends too early"); }

static void skip(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  if ((unsigned long)count > jpeg->src->bytes_in_buffer) refuse(jpeg->client_data, "it ends too early");
  jpeg->src->next_input_byte += count;
  jpeg->src->bytes_in_buffer -= (size_t)count;
}

static void count_scans(j_common_ptr jpeg) {
  moon_jpeg_reader *reader = jpeg->client_data;
  if (reader->jpeg.input_scan_number > reader->scans) refuse(reader, "it has too many scans");
}

moon_jpeg_reader *moon_jpeg_open(const uint8_t *bytes, size_t count, int scans, char *message) {
  moon_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    say(message, "out of memory");
    return NULL;
  }
  reader->jpeg.err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = leave;
  reader->errors.emit_message = ignore;
  reader->jpeg.client_data = reader;
  reader->scans = scans;
  if (setjmp(reader->jump)) {
    say(message, reader->message);
    moon_jpeg_close(reader);
    return NULL;
  }
  // Keeps `err` and `client_data`, clears the rest.
  jpeg_create_decompress(&reader->jpeg);
  reader->source = (struct jpeg_source_mgr){bytes, count, begin, refill, skip, jpeg_resync_to_restart, begin};
  reader->jpeg.src = &reader->source;
  reader->progress.progress_monitor = count_scans;
  reader->jpeg.progress = &reader->progress;
  jpeg_read_header(&reader->jpeg, TRUE);
  return reader;
}

uint32_t moon_jpeg_width(const moon_jpeg_reader *reader) { return reader->jpeg.image_width; }

uint32_t moon_jpeg_height(const moon_jpeg_reader *reader) { return reader->jpeg.image_height; }

/// Mixes four inverted inks, in 8-bit steps with rounded division as PIL does.
static void mix(const uint8_t *inks, uint8_t *pixels, size_t width) {
  for (size_t place = 0; place < width; place++, inks += 4, pixels += 3) {
    unsigned light = inks[3];
    for (int channel = 0; channel < 3; channel++) {
      unsigned product = (255u - inks[channel]) * light + 128;
      pixels[channel] = (uint8_t)(light - ((product + (product >> 8)) >> 8));
    }
  }
}

bool moon_jpeg_read(moon_jpeg_reader *reader, uint8_t *pixels, char *message) {
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  if (setjmp(reader->jump)) {
    say(message, reader->message);
    return false;
  }
  bool has_inks = jpeg->num_components == 4;
  jpeg->out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
  jpeg->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(jpeg);
  size_t row_size = (size_t)jpeg->output_width * 3;
  if (jpeg->output_components != (has_inks ? 4 : 3)) refuse(reader, "it has an unknown kind of pixels");
  JSAMPARRAY inks =
      has_inks ? jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1) : NULL;
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t *row = pixels + jpeg->output_scanline * row_size;
    jpeg_read_scanlines(jpeg, has_inks ? inks : &row, 1);
    if (has_inks) mix(inks[0], row, jpeg->output_width);
  }
  jpeg_finish_decompress(jpeg);
  return true;
}

void moon_jpeg_close(moon_jpeg_reader *reader) {
  if (reader == NULL) return;
  jpeg_destroy_decompress(&reader->jpeg);
  free(reader);
}
