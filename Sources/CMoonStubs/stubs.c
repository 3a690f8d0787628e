#include "CMoonStubs.h"

// C23, which this compiler has in every mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char annotations[] = {
#embed "../../plugins/meta/moonstep.lua"
};

static const unsigned char luacheck[] = {
#embed "../../.luacheckrc"
};

const unsigned char *moon_stub_annotations(size_t *size) {
  *size = sizeof annotations;
  return annotations;
}

const unsigned char *moon_stub_luacheck(size_t *size) {
  *size = sizeof luacheck;
  return luacheck;
}
