// Quantized tensors as bytes, and gradients that pass by what was noted of the numbers.
#include "npusim/models/layers/quantize.h"
#include "quantized_blocks.h"

namespace npusim {

void quantize_to_codes(std::int64_t elements, const ActivationQuantizer& q, const float* in, std::uint8_t* codes) {
    const FloatIntegers integers_of(q);
    float integers[FloatIntegers::kBlock];
    for (std::int64_t begin = 0; begin < elements; begin += FloatIntegers::kBlock) {
        const std::int64_t count = std::min(FloatIntegers::kBlock, elements - begin);
        integers_of.find(count, in + begin, integers);
        for (std::int64_t i = 0; i < count; ++i) {
            codes[begin + i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(integers[i]));
        }
    }
}

template <typename Scalar>
void numbers_of_codes(std::int64_t elements, double step, IntegerRange range, const std::uint8_t* codes, Scalar* out) {
    const bool is_signed = range.low < 0;
    for (std::int64_t i = 0; i < elements; ++i) {
        const std::int32_t integer = is_signed ? static_cast<std::int8_t>(codes[i]) : codes[i];
        out[i] = static_cast<Scalar>(step * static_cast<double>(integer));
    }
}

template <typename Scalar>
void note_relu(std::int64_t elements, const Scalar* in, std::uint8_t* passes) {
    for (std::int64_t i = 0; i < elements; ++i) passes[i] = in[i] > Scalar{0} ? 1 : 0;
}

template <typename Scalar>
void note_passes(std::int64_t elements, const ActivationQuantizer& q, const Scalar* in, std::uint8_t bit,
                 std::uint8_t* passes) {
    const auto low = least_from<Scalar>(static_cast<double>(q.range.low) * q.step);
    const auto high = greatest_to<Scalar>(static_cast<double>(q.range.high) * q.step);
    for (std::int64_t i = 0; i < elements; ++i) {
        const bool is_inside = (in[i] >= low) & (in[i] <= high);
        passes[i] = static_cast<std::uint8_t>(passes[i] | (is_inside ? bit : 0));
    }
}

template <typename Scalar>
void pass_gradient(std::int64_t elements, const std::uint8_t* passes, std::uint8_t bits, const Scalar* grad_out,
                   Scalar* grad_in) {
    NPUSIM_ELEMENTS_STAND_ALONE
    for (std::int64_t i = 0; i < elements; ++i) {
        const Scalar gradient = grad_out[i];
        grad_in[i] = (passes[i] & bits) == bits ? gradient : Scalar{0};
    }
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                   \
    template void numbers_of_codes(std::int64_t, double, IntegerRange, const std::uint8_t*, Scalar*);                \
    template void note_relu(std::int64_t, const Scalar*, std::uint8_t*);                                             \
    template void note_passes(std::int64_t, const ActivationQuantizer&, const Scalar*, std::uint8_t, std::uint8_t*); \
    template void pass_gradient(std::int64_t, const std::uint8_t*, std::uint8_t, const Scalar*, Scalar*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
