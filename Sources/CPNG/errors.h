// How libpng's errors and warnings are received.
#pragma once

#include <CPNG.h>
#include <png.h>

/// Copies libpng's message to the buffer that is its error pointer, and jumps to the last setjmp.
void moon_png_fail(png_structp png, png_const_charp message);
/// Drops a warning.
void moon_png_ignore(png_structp png, png_const_charp message);
/// Copies `text`, cut to MOON_PNG_MESSAGE_SIZE.
void moon_png_say(char *message, const char *text);
