// Convolution of quantized tensors, forward and backward. The results are those of conv2d.h up to rounding; where the
// processor multiplies 8-bit integers and bfloat16 by the tile, the way there is several times shorter:
//   forward   the integers behind both operands are multiplied and summed exactly, and scaled once;
//   backward  the quantized operand is exact in bfloat16 as an integer, and the gradient, times the weights' steps, is
//             split into two bfloat16 numbers, which keep 16 of its bits: an error of 2^-17 of each element.
// Elsewhere, for more than 8 bits and for grouped backward passes, conv2d.h does the work.
#pragma once

#include "npusim/models/layers/conv2d.h"
#include "npusim/models/quantization/arithmetic.h"

namespace npusim {

/// The integers that the numbers of a convolution's operands stand for: number / step, which is whole.
struct ConvSteps {
    double in = 1;
    IntegerRange in_range;
    const double* weights = nullptr;  ///< [out_channels]
    int weight_bits = 8;
};

/// May the input be kept as its integers' lowest bytes alone? Where a way from them is short, or may be.
template <typename Scalar>
[[nodiscard]] bool takes_codes(const ConvSteps& steps, ConvBackend backend);

/// The two below with an input of which there are only the codes; the operands must be bytes (takes_codes).
template <typename Scalar>
void quantized_conv2d_forward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                              const std::uint8_t* codes, const Scalar* weights, Scalar* out, ConvWorkspace& workspace);
template <typename Scalar>
void quantized_conv2d_backward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                               const std::uint8_t* codes, const Scalar* weights, const Scalar* grad_out,
                               Scalar* grad_in, Scalar* grad_weights, ConvWorkspace& workspace);

/// As conv2d_forward. `codes` [images × in_elements] gets what the backward pass wants to know of `in`: the lowest byte
/// of each integer. Scalar: float, double.
template <typename Scalar>
void quantized_conv2d_forward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps, const Scalar* in,
                              const Scalar* weights, Scalar* out, std::uint8_t* codes, ConvWorkspace& workspace);

/// Both backward passes: grad_weights += ∂L/∂weights, and grad_in = ∂L/∂in unless grad_in is null. `codes` as the
/// forward pass with the same steps and workspace backend wrote them.
template <typename Scalar>
void quantized_conv2d_backward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps, const Scalar* in,
                               const std::uint8_t* codes, const Scalar* weights, const Scalar* grad_out,
                               Scalar* grad_in, Scalar* grad_weights, ConvWorkspace& workspace);

}  // namespace npusim
