#include "CMoonVocabulary.h"

// C23, which this compiler has in every mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char merges[] = {
#embed "merges.txt"
};

const unsigned char *moon_clip_merges(size_t *size) {
  *size = sizeof merges;
  return merges;
}
