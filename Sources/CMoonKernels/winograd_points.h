// The points of Winograd's F(4x4, 3x3), see moon_winograd.h.
#pragma once

// Inputs and outputs of a tile, in each direction.
#define SIDE 6
#define OUT 4

// Points +-A and +-B.
#define A 0.75f
#define B 1.5f

// What filters at 0, +-A and +-B are to be multiplied by: their products are instead, of which there are fewer.
#define FOR_ZERO (1 / (A * A * B * B))
#define FOR_A (1 / (2 * A * A * (A * A - B * B)))
#define FOR_B (1 / (2 * B * B * (B * B - A * A)))
