#include "npusim/models/layers/quantize.h"

#include <cmath>
#include <type_traits>

#include "channel_loops.h"

namespace npusim {

namespace {

/// arithmetic.h's rounding as an integer-valued double, in operations that vectorize. `half_away` stands for
/// double_rounding too.
template <Rounding rounding>
double rounded(double value) {
    if constexpr (rounding == Rounding::half_up) return std::floor(value + 0.5);
    if constexpr (rounding == Rounding::half_even) return std::nearbyint(value);
    const double whole = std::trunc(value);
    const double one = std::abs(value - whole) >= 0.5 ? 1.0 : 0.0;
    return whole + std::copysign(one, value);
}

/// How one bit becomes −1 or +1; beside the roundings of arithmetic.h.
struct Sign {
    double operator()(double scaled) const { return scaled < 0 ? -1.0 : 1.0; }
};

/// quantize() of arithmetic.h in double: the same comparisons, and + 0.0 because an integer has no negative zero.
template <Rounding rounding>
struct Rounded {
    double low;
    double high;
    double operator()(double scaled) const {
        double value = scaled < low - 1.0 ? low - 1.0 : scaled;
        value = value > high + 1.0 ? high + 1.0 : value;
        value = rounded<rounding>(value);
        value = value < low ? low : value;
        return (value > high ? high : value) + 0.0;
    }
};

/// Calls use(integer_of), where integer_of(in / step) is the quantizer's integer.
template <typename Use>
void with_rounding(IntegerRange range, Rounding rounding, const Use& use) {
    const auto low = static_cast<double>(range.low);
    const auto high = static_cast<double>(range.high);
    switch (rounding) {
        case Rounding::half_up:
            return use(Rounded<Rounding::half_up>{low, high});
        case Rounding::half_even:
            return use(Rounded<Rounding::half_even>{low, high});
        case Rounding::half_away:
        case Rounding::double_rounding:
            return use(Rounded<Rounding::half_away>{low, high});
    }
}

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

TiledChannels<double> tiled_steps(const WeightQuantizer& q) {
    return {q.out_channels, [&](std::int64_t c) { return q.steps[c]; }};
}

}  // namespace

template <typename Scalar>
void fake_quantize_forward(std::int64_t elements, const ActivationQuantizer& q, const Scalar* in, Scalar* out) {
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
    const double low = static_cast<double>(q.range.low) * q.step;
    const double high = static_cast<double>(q.range.high) * q.step;
    NPUSIM_ELEMENTS_STAND_ALONE
    for (std::int64_t i = 0; i < elements; ++i) {
        const auto value = static_cast<double>(in[i]);
        const Scalar gradient = grad_out[i];
        grad_in[i] = ((value >= low) & (value <= high)) ? gradient : Scalar{0};
    }
}

template <typename Scalar>
double step_gradient(std::int64_t elements, const ActivationQuantizer& q, const Scalar* in, const Scalar* grad_out) {
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
#define NPUSIM_INSTANTIATE(Scalar)                                                                                   \
    template void fake_quantize_forward(std::int64_t, const ActivationQuantizer&, const Scalar*, Scalar*);           \
    template void fake_quantize_backward(std::int64_t, const ActivationQuantizer&, const Scalar*, const Scalar*,     \
                                         Scalar*);                                                                   \
    template double step_gradient(std::int64_t, const ActivationQuantizer&, const Scalar*, const Scalar*);           \
    template void fake_quantize_weights_forward(std::int64_t, const WeightQuantizer&, const Scalar*, Scalar*);       \
    template void fake_quantize_weights_backward(std::int64_t, const WeightQuantizer&, const Scalar*, const Scalar*, \
                                                 Scalar*);                                                           \
    template void weight_step_gradients(std::int64_t, const WeightQuantizer&, const Scalar*, const Scalar*, double*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
