// Integers of activations in loops that vectorize: what the kernels of quantize.h share.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "channel_loops.h"
#include "npusim/models/layers/quantize.h"

namespace npusim {

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

/// The quantizer's integers of floats, in blocks. In float, and once more in double where a number of the block is so
/// near to the middle between two integers that rounding errors, or the kind of rounding, could decide.
class FloatIntegers {
public:
    static constexpr std::int64_t kBlock = 256;

    explicit FloatIntegers(const ActivationQuantizer& q)
        : quantizer_(q),
          low_(static_cast<float>(q.range.low)),
          high_(static_cast<float>(q.range.high)),
          reciprocal_(static_cast<float>(1.0 / q.step)) {
        const float largest = std::max(std::abs(low_), std::abs(high_)) + 2.0F;
        // The reciprocal, the product and the sum below are each off by at most half a unit in the last place.
        doubt_ = 4.0F * largest * std::numeric_limits<float>::epsilon();
        constexpr float kDoubtThatRepays = 1e-3F;
        constexpr double kFarFromDenormal = 1e30;
        is_float_enough_ = doubt_ < kDoubtThatRepays && q.step < kFarFromDenormal && q.step * kFarFromDenormal > 1.0;
    }

    /// integers[0 … count) of in[0 … count); count at most kBlock
    void find(std::int64_t count, const float* in, float* integers) const {
        if (!is_float_enough_ || find_in_float(count, in, integers)) find_in_double(count, in, integers);
    }

    [[nodiscard]] float scaled(float value) const { return value * reciprocal_; }

private:
    /// True where some number is in doubt.
    bool find_in_float(std::int64_t count, const float* in, float* integers) const {
        const float low = low_, high = high_, reciprocal = reciprocal_, doubt = doubt_;
        std::int32_t doubtful = 0;
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) {
            float value = in[i] * reciprocal;
            value = value < low - 1.0F ? low - 1.0F : value;
            value = (value > high + 1.0F ? high + 1.0F : value) + 0.5F;
            const float integer = std::floor(value);
            const float rest = value - integer;
            doubtful |= static_cast<std::int32_t>((rest < doubt) | (rest > 1.0F - doubt));
            const float at_least = integer < low ? low : integer;
            integers[i] = (at_least > high ? high : at_least) + 0.0F;
        }
        return doubtful != 0;
    }

    void find_in_double(std::int64_t count, const float* in, float* integers) const {
        with_rounding(quantizer_.range, quantizer_.rounding, [&](const auto integer_of) {
            const double step = quantizer_.step;
            NPUSIM_ELEMENTS_STAND_ALONE
            for (std::int64_t i = 0; i < count; ++i) {
                integers[i] = static_cast<float>(integer_of(static_cast<double>(in[i]) / step));
            }
        });
    }

    ActivationQuantizer quantizer_;
    float low_;
    float high_;
    float reciprocal_;
    float doubt_ = 0;
    bool is_float_enough_ = false;
};

/// The least number of Scalar that is at least `bound`, and the greatest that is at most `bound`: comparing with them
/// is comparing with the bound.
template <typename Scalar>
Scalar least_from(double bound) {
    const auto nearest = static_cast<Scalar>(bound);
    constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
    return static_cast<double>(nearest) < bound ? std::nextafter(nearest, infinity) : nearest;
}
template <typename Scalar>
Scalar greatest_to(double bound) {
    return -least_from<Scalar>(-bound);
}

}  // namespace npusim
