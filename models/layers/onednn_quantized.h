// Quantized convolutions on oneDNN's integer and bfloat16 kernels. Two source files implement it, one of which stands
// in where oneDNN is missing.
#pragma once

#include "conv_scratch.h"
#include "npusim/models/layers/quantized_conv2d.h"

namespace npusim {

/// The kernels of quantized_conv2d.h for integers of at most 8 bits. False: the processor has no such kernel for the
/// shape, and nothing was done.
bool onednn_quantized_forward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                              const std::uint8_t* codes, const float* weights, float* out, ConvScratch& scratch);
bool onednn_quantized_backward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                               const std::uint8_t* codes, const float* weights, const float* grad_out, float* grad_in,
                               float* grad_weights, ConvScratch& scratch);

}  // namespace npusim
