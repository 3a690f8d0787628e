#include "errors.h"

#include <stdio.h>

void moon_png_say(char *message, const char *text) { snprintf(message, MOON_PNG_MESSAGE_SIZE, "%s", text); }

void moon_png_fail(png_structp png, png_const_charp message) {
  char *buffer = png_get_error_ptr(png);
  if (buffer != NULL) moon_png_say(buffer, message);
  png_longjmp(png, 1);
}

void moon_png_ignore(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}
