#include "npusim/models/layers/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "channel_loops.h"
#include "quantized_blocks.h"

namespace npusim {

namespace {

/// How one bit becomes −1 or +1; beside the roundings of arithmetic.h.
struct Sign {
    double operator()(double scaled) const { return scaled < 0 ? -1.0 : 1.0; }
};

template <typename Use>
void with_rounding(const WeightQuantizer& q, const Use& use) {
    if (q.bits == 1) return use(Sign{});
    with_rounding(signed_range(q.bits), q.rounding, use);
}

/// Calls use(divide) where divide(x) = x / step. Dividing is dear, and by a power of two it equals multiplying by the
/// exact reciprocal.
template <typename Use>
void with_division(double step, const Use& use) {
    int exponent = 0;
    const double reciprocal = 1.0 / step;
    if (std::frexp(step, &exponent) == 0.5 && std::isnormal(reciprocal)) {
        use([reciprocal](double value) { return value * reciprocal; });
    } else {
        use([step](double value) { return value / step; });
    }
}

/// The integer's distance from the number within the range, the range's end beyond it.
template <typename IntegerOf>
double step_slope(double value, double scaled, double clip_low, double clip_high, const IntegerOf& integer_of) {
    const double integer = integer_of(scaled);
    return ((value >= clip_low) & (value <= clip_high)) ? integer - scaled : integer;
}

void quantize_floats(std::int64_t elements, const ActivationQuantizer& q, const float* in, float* out) {
    const FloatIntegers integers_of(q);
    float integers[FloatIntegers::kBlock];
    const double step = q.step;
    for (std::int64_t begin = 0; begin < elements; begin += FloatIntegers::kBlock) {
        const std::int64_t count = std::min(FloatIntegers::kBlock, elements - begin);
        integers_of.find(count, in + begin, integers);
        for (std::int64_t i = 0; i < count; ++i) {
            out[begin + i] = static_cast<float>(step * static_cast<double>(integers[i]));
        }
    }
}

/// The step's gradient; with `passes`, grad_in as fake_quantize_backward writes it.
template <bool passes>
double float_step_gradient(std::int64_t elements, const ActivationQuantizer& q, const float* in, const float* grad_out,
                           float* grad_in) {
    const FloatIntegers integers_of(q);
    const auto low = least_from<float>(static_cast<double>(q.range.low) * q.step);
    const auto high = greatest_to<float>(static_cast<double>(q.range.high) * q.step);
    float terms[FloatIntegers::kBlock];
    // The elements go round over these sums, so that the additions vectorize.
    constexpr std::int64_t lanes = 16;
    double sums[lanes] = {};
    for (std::int64_t begin = 0; begin < elements; begin += FloatIntegers::kBlock) {
        const std::int64_t count = std::min(FloatIntegers::kBlock, elements - begin);
        integers_of.find(count, in + begin, terms);
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) {
            const float value = in[begin + i];
            const float gradient = grad_out[begin + i];
            const bool is_inside = (value >= low) & (value <= high);
            terms[i] = gradient * (is_inside ? terms[i] - integers_of.scaled(value) : terms[i]);
            if constexpr (passes) grad_in[begin + i] = is_inside ? gradient : 0.0F;
        }
        for (std::int64_t i = count; i % lanes != 0; ++i) terms[i] = 0;
        for (std::int64_t i = 0; i < count; i += lanes) {
            for (std::int64_t lane = 0; lane < lanes; ++lane) sums[lane] += static_cast<double>(terms[i + lane]);
        }
    }
    double sum = 0;
    for (const double lane : sums) sum += lane;
    return sum;
}

TiledChannels<double> tiled_steps(const WeightQuantizer& q) {
    return {q.out_channels, [&](std::int64_t c) { return q.steps[c]; }};
}

}  // namespace

template <typename Scalar>
void fake_quantize_forward(std::int64_t elements, const ActivationQuantizer& q, const Scalar* in, Scalar* out) {
    if constexpr (std::is_same_v<Scalar, float>) return quantize_floats(elements, q, in, out);
    with_rounding(q.range, q.rounding, [&](const auto integer_of) {
        with_division(q.step, [&](const auto divide) {
            const double step = q.step;
            NPUSIM_ELEMENTS_STAND_ALONE
            for (std::int64_t i = 0; i < elements; ++i) {
                out[i] = static_cast<Scalar>(step * integer_of(divide(static_cast<double>(in[i]))));
            }
        });
    });
}

template <typename Scalar>
void fake_quantize_backward(std::int64_t elements, const ActivationQuantizer& q, const Scalar* in,
                            const Scalar* grad_out, Scalar* grad_in) {
    const auto low = least_from<Scalar>(static_cast<double>(q.range.low) * q.step);
    const auto high = greatest_to<Scalar>(static_cast<double>(q.range.high) * q.step);
    NPUSIM_ELEMENTS_STAND_ALONE
    for (std::int64_t i = 0; i < elements; ++i) {
        const Scalar value = in[i];
        const Scalar gradient = grad_out[i];
        grad_in[i] = ((value >= low) & (value <= high)) ? gradient : Scalar{0};
    }
}

template <typename Scalar>
double step_gradient(std::int64_t elements, const ActivationQuantizer& q, const Scalar* in, const Scalar* grad_out) {
    if constexpr (std::is_same_v<Scalar, float>) return float_step_gradient<false>(elements, q, in, grad_out, nullptr);
    const double low = static_cast<double>(q.range.low) * q.step;
    const double high = static_cast<double>(q.range.high) * q.step;
    // The elements go round over these sums, as if over channels, so that the additions vectorize.
    constexpr std::int64_t lanes = 64;
    std::vector<double> sums(2 * lanes, 0.0);
    with_rounding(q.range, q.rounding, [&](const auto integer_of) {
        with_division(q.step, [&](const auto divide) {
            const auto terms = [=](std::int64_t i, std::int64_t) {
                const auto value = static_cast<double>(in[i]);
                const double slope = step_slope(value, divide(value), low, high, integer_of);
                return TwoTerms{static_cast<double>(grad_out[i]) * slope, 0.0};
            };
            accumulate_channels(elements / lanes, lanes, sums.data(), sums.data() + lanes, terms);
            for (std::int64_t i = elements / lanes * lanes; i < elements; ++i) sums[0] += terms(i, 0).first;
        });
    });
    double sum = 0;
    for (std::int64_t lane = 0; lane < lanes; ++lane) sum += sums[static_cast<std::size_t>(lane)];
    return sum;
}

template <typename Scalar>
double learned_quantize_backward(std::int64_t elements, const ActivationQuantizer& q, const Scalar* in,
                                 const Scalar* grad_out, Scalar* grad_in) {
    if constexpr (std::is_same_v<Scalar, float>) {
        return float_step_gradient<true>(elements, q, in, grad_out, grad_in);
    } else {
        const double sum = step_gradient(elements, q, in, grad_out);
        fake_quantize_backward(elements, q, in, grad_out, grad_in);
        return sum;
    }
}

template <typename Scalar>
void fake_quantize_weights_forward(std::int64_t rows, const WeightQuantizer& q, const Scalar* weights, Scalar* out) {
    const auto steps = tiled_steps(q);
    with_rounding(q, [&](const auto integer_of) {
        for_each_row(rows, q.out_channels, [&](std::int64_t begin, std::int64_t count) {
            const double* step = steps.data();
            const Scalar* from = weights + begin;
            Scalar* to = out + begin;
            NPUSIM_ELEMENTS_STAND_ALONE
            for (std::int64_t i = 0; i < count; ++i) {
                to[i] = static_cast<Scalar>(step[i] * integer_of(static_cast<double>(from[i]) / step[i]));
            }
        });
    });
}

template <typename Scalar>
void fake_quantize_weights_backward(std::int64_t rows, const WeightQuantizer& q, const Scalar* weights,
                                    const Scalar* grad_out, Scalar* grad_weights) {
    const auto steps = tiled_steps(q);
    const auto largest = static_cast<double>(signed_range(q.bits).high);
    for_each_row(rows, q.out_channels, [&](std::int64_t begin, std::int64_t count) {
        const double* step = steps.data();
        const Scalar* from = weights + begin;
        const Scalar* given = grad_out + begin;
        Scalar* to = grad_weights + begin;
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) {
            const Scalar gradient = given[i];
            to[i] = std::abs(static_cast<double>(from[i])) <= largest * step[i] ? gradient : Scalar{0};
        }
    });
}

template <typename Scalar>
void weight_step_gradients(std::int64_t rows, const WeightQuantizer& q, const Scalar* weights, const Scalar* grad_out,
                           double* grad_steps) {
    const auto largest = static_cast<double>(signed_range(q.bits).high);
    std::vector<double> unused(static_cast<std::size_t>(q.out_channels), 0.0);
    const double* steps = q.steps;
    with_rounding(q, [&](const auto integer_of) {
        accumulate_channels(rows, q.out_channels, grad_steps, unused.data(), [=](std::int64_t i, std::int64_t c) {
            const auto value = static_cast<double>(weights[i]);
            const double limit = largest * steps[c];
            const double slope = step_slope(value, value / steps[c], -limit, limit, integer_of);
            return TwoTerms{static_cast<double>(grad_out[i]) * slope, 0.0};
        });
    });
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                    \
    template void fake_quantize_forward(std::int64_t, const ActivationQuantizer&, const Scalar*, Scalar*);            \
    template void fake_quantize_backward(std::int64_t, const ActivationQuantizer&, const Scalar*, const Scalar*,      \
                                         Scalar*);                                                                    \
    template double step_gradient(std::int64_t, const ActivationQuantizer&, const Scalar*, const Scalar*);            \
    template double learned_quantize_backward(std::int64_t, const ActivationQuantizer&, const Scalar*, const Scalar*, \
                                              Scalar*);                                                               \
    template void fake_quantize_weights_forward(std::int64_t, const WeightQuantizer&, const Scalar*, Scalar*);        \
    template void fake_quantize_weights_backward(std::int64_t, const WeightQuantizer&, const Scalar*, const Scalar*,  \
                                                 Scalar*);                                                            \
    template void weight_step_gradients(std::int64_t, const WeightQuantizer&, const Scalar*, const Scalar*, double*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
