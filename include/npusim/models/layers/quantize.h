// Fake quantization: tensors of real numbers that hold only what the integers can say, and the gradients that are put
// in place of the derivative of a staircase. The integers are those of quantization/arithmetic.h, to the bit.
// Scalar: float, double. Outputs may be the inputs.
#pragma once

#include <cstdint>

#include "npusim/models/quantization/arithmetic.h"

namespace npusim {

/// How a tensor of activations is quantized; step > 0.
struct ActivationQuantizer {
    double step = 1;
    IntegerRange range;
    Rounding rounding = Rounding::half_up;
};

/// out = step · quantize(in, step, range, rounding), the product rounded to Scalar once; not-a-number stays so.
template <typename Scalar>
void fake_quantize_forward(std::int64_t elements, const ActivationQuantizer& quantizer, const Scalar* in, Scalar* out);

/// The same integers' lowest bytes, in two's complement or unsigned. Where the number is none, any.
void quantize_to_codes(std::int64_t elements, const ActivationQuantizer& quantizer, const float* in,
                       std::uint8_t* codes);
/// What fake_quantize_forward gives where the integers are bytes, from them.
template <typename Scalar>
void numbers_of_codes(std::int64_t elements, double step, IntegerRange range, const std::uint8_t* codes, Scalar* out);

/// Straight through, clipped: grad_in = grad_out where low·step ≤ in ≤ high·step, else 0.
template <typename Scalar>
void fake_quantize_backward(std::int64_t elements, const ActivationQuantizer& quantizer, const Scalar* in,
                            const Scalar* grad_out, Scalar* grad_in);

/// The same in two halves, of which only the first knows the numbers. Forward: note_relu gives passes[i] = 1 where
/// in > 0, else 0, and note_passes adds `bit` where low·step ≤ in ≤ high·step. Backward: grad_in = grad_out where
/// passes[i] has all of `bits`, else 0.
template <typename Scalar>
void note_relu(std::int64_t elements, const Scalar* in, std::uint8_t* passes);
template <typename Scalar>
void note_passes(std::int64_t elements, const ActivationQuantizer& quantizer, const Scalar* in, std::uint8_t bit,
                 std::uint8_t* passes);
template <typename Scalar>
void pass_gradient(std::int64_t elements, const std::uint8_t* passes, std::uint8_t bits, const Scalar* grad_out,
                   Scalar* grad_in);

/// The gradient of a learned step (LSQ): Σ grad_out · (integer − in/step) where low·step ≤ in ≤ high·step, and
/// Σ grad_out · low or high beyond. The caller scales it, usually by 1/√(elements·high).
template <typename Scalar>
[[nodiscard]] double step_gradient(std::int64_t elements, const ActivationQuantizer& quantizer, const Scalar* in,
                                   const Scalar* grad_out);

/// Both at once: grad_in as fake_quantize_backward writes it, and the step's gradient.
template <typename Scalar>
[[nodiscard]] double learned_quantize_backward(std::int64_t elements, const ActivationQuantizer& quantizer,
                                               const Scalar* in, const Scalar* grad_out, Scalar* grad_in);

/// How weights [rows][out_channels] (any layout whose last index is the output channel) are quantized: signed, narrow;
/// with one bit to their signs.
struct WeightQuantizer {
    const double* steps = nullptr;  ///< [out_channels], each > 0; equal ones for one step per tensor
    std::int64_t out_channels = 1;
    int bits = 8;
    Rounding rounding = Rounding::half_up;
};

/// out = step · quantize_weight(weight, step, bits, rounding) with the channel's step.
template <typename Scalar>
void fake_quantize_weights_forward(std::int64_t rows, const WeightQuantizer& quantizer, const Scalar* weights,
                                   Scalar* out);
template <typename Scalar>
void fake_quantize_weights_backward(std::int64_t rows, const WeightQuantizer& quantizer, const Scalar* weights,
                                    const Scalar* grad_out, Scalar* grad_weights);

/// grad_steps[channel] += the step's gradient as above (the caller adds up the channels for one step per tensor).
template <typename Scalar>
void weight_step_gradients(std::int64_t rows, const WeightQuantizer& quantizer, const Scalar* weights,
                           const Scalar* grad_out, double* grad_steps);

}  // namespace npusim
