// Vector loops of the tensor engine: plain pointers in and out, no allocation, no state.
#pragma once

#include "moon_activation.h"
#include "moon_attention.h"
#include "moon_blur.h"
#include "moon_combine.h"
#include "moon_convert.h"
#include "moon_elementwise.h"
#include "moon_fourier.h"
#include "moon_layout.h"
#include "moon_noise.h"
#include "moon_norm.h"
#include "moon_order.h"
#include "moon_pause.h"
#include "moon_product.h"
#include "moon_reduce.h"
#include "moon_resize.h"
#include "moon_winograd.h"
