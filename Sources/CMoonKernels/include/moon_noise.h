// The Mersenne Twister and the normal numbers that PyTorch's CPU generator makes from it.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Words of the Mersenne Twister's state.
enum { moon_twister_size = 624 };

/// Fills `state` (`moon_twister_size` words) from `seed`; the position that goes with it is `moon_twister_size`.
void moon_twister_seed(uint32_t *state, uint32_t seed);
/// Writes the next `count` words of the stream; `*position` says how many words of `state` are spent.
void moon_twister_words(uint32_t *state, ptrdiff_t *position, uint32_t *words, ptrdiff_t count);
/// Writes the next `count` uniform numbers in [0, 1): 24 bits of one word each.
void moon_twister_uniform(uint32_t *state, ptrdiff_t *position, float *values, ptrdiff_t count);
/// Turns each block of 16 uniform numbers into 16 normal ones, in place: number i and number i + 8 make a pair.
void moon_normal_from_uniform(float *values, ptrdiff_t blocks);
