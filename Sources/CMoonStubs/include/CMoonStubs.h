// What editors and luacheck are told of the API of plugins: the files of the source tree, compiled in.
#ifndef CMOONSTUBS_H
#define CMOONSTUBS_H

#include <stddef.h>

/// The annotations: `plugins/meta/moonstep.lua`. Not ended by a zero.
const unsigned char *moon_stub_annotations(size_t *size);
/// The settings of luacheck: `.luacheckrc`. Not ended by a zero.
const unsigned char *moon_stub_luacheck(size_t *size);

#endif
