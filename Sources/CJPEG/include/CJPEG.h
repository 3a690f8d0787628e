// JPEG files in memory, by libjpeg. Its errors, which jump, are caught inside each of these functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes of a message, the ending zero included.
enum { MOON_JPEG_MESSAGE_SIZE = 200 };

/// A file that is being read.
typedef struct moon_jpeg_reader moon_jpeg_reader;

/// Reads up to the pixels. `bytes` must stay until the reader is closed.
///
/// A file of more than `scans` scans, each of which costs a pass over the whole picture, is refused.
/// Returns NULL, with the reason in `message` (MOON_JPEG_MESSAGE_SIZE bytes), when that fails.
moon_jpeg_reader *moon_jpeg_open(const uint8_t *bytes, size_t count, int scans, char *message);
/// Width in pixels.
uint32_t moon_jpeg_width(const moon_jpeg_reader *reader);
/// Height in pixels.
uint32_t moon_jpeg_height(const moon_jpeg_reader *reader);
/// Reads the pixels as 8-bit RGB, rows from the top without gaps, and then up to the end. To be called once.
///
/// Grey levels are repeated. Four inks are taken as inverted, as Adobe writes them, and mixed without a profile.
bool moon_jpeg_read(moon_jpeg_reader *reader, uint8_t *pixels, char *message);
/// Ends the reading; NULL is allowed.
void moon_jpeg_close(moon_jpeg_reader *reader);
