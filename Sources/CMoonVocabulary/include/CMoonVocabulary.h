#ifndef CMOONVOCABULARY_H
#define CMOONVOCABULARY_H

#include <stddef.h>

/// The merges of CLIP's published vocabulary, `merges.txt` as the hub has it, which has `*size` bytes and lasts.
const unsigned char *moon_clip_merges(size_t *size);

#endif
