// The one definition of quantized arithmetic. The quantizer, the integer engine and both levels of the machine all
// use these functions; nothing else in npusim rounds, saturates or requantizes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace npusim {

/// What happens to the fraction when an integer is shifted right, or a real number becomes an integer.
enum class Rounding {
    half_up,    ///< ties toward +infinity: add half, shift. The cheapest in hardware, and the default.
    half_even,  ///< ties to the even neighbour: what IEEE 754 and numpy's rint do
    half_away,  ///< ties away from zero: what C's round does
    /// gemmlowp's and TFLite's two steps: a rounding doubling high multiply by a 32-bit multiplier (ties up), then
    /// a rounding shift (ties away from zero). Differs from one rounding by one now and then.
    double_rounding,
};

/// The integers that a tensor's elements may take.
struct IntegerRange {
    std::int64_t low = 0;
    std::int64_t high = 0;
    friend bool operator==(const IntegerRange&, const IntegerRange&) = default;
};

/// Signed, symmetric, narrow: −(2^(b−1)−1) … 2^(b−1)−1; one bit means {−1, +1} (0 lies in the range but is not
/// a value; `quantize_weight` never gives it). 1 ≤ bits ≤ 32.
[[nodiscard]] constexpr IntegerRange signed_range(int bits) {
    if (bits == 1) return {-1, 1};
    const std::int64_t high = (std::int64_t{1} << (bits - 1)) - 1;
    return {-high, high};
}

/// Unsigned: 0 … 2^b−1.
[[nodiscard]] constexpr IntegerRange unsigned_range(int bits) {
    return {0, (std::int64_t{1} << bits) - 1};
}

[[nodiscard]] constexpr IntegerRange activation_range(int bits, bool is_signed) {
    return is_signed ? signed_range(bits) : unsigned_range(bits);
}

[[nodiscard]] constexpr std::int64_t saturate(std::int64_t value, IntegerRange range) {
    return std::clamp(value, range.low, range.high);
}

/// value / 2^shift, rounded. 0 ≤ shift ≤ 62 and |value| < 2^62. `double_rounding` acts here as its second step.
[[nodiscard]] constexpr std::int64_t rounding_shift_right(std::int64_t value, int shift, Rounding rounding) {
    if (shift == 0) return value;
    const std::int64_t half = std::int64_t{1} << (shift - 1);
    switch (rounding) {
        case Rounding::half_up:
            return (value + half) >> shift;
        case Rounding::half_even: {
            const std::int64_t floor = value >> shift;
            const std::int64_t rest = value - (floor << shift);
            return floor + ((rest > half || (rest == half && (floor & 1) != 0)) ? 1 : 0);
        }
        case Rounding::half_away:
        case Rounding::double_rounding:
            return value >= 0 ? (value + half) >> shift : -((-value + half) >> shift);
    }
    return 0;
}

/// The integer nearest to a real number under the rule (`double_rounding`: ties away from zero).
[[nodiscard]] inline double round_real(double value, Rounding rounding) {
    switch (rounding) {
        case Rounding::half_up:
            return std::floor(value + 0.5);
        case Rounding::half_even:
            return std::nearbyint(value);
        case Rounding::half_away:
        case Rounding::double_rounding:
            return std::round(value);
    }
    return 0.0;
}

/// clamp(round(value / step), range): the quantizer of activations and images.
[[nodiscard]] inline std::int64_t quantize(double value, double step, IntegerRange range, Rounding rounding) {
    const double scaled =
        std::clamp(value / step, static_cast<double>(range.low) - 1.0, static_cast<double>(range.high) + 1.0);
    return saturate(static_cast<std::int64_t>(round_real(scaled, rounding)), range);
}

/// The same for a weight of `bits` bits: signed, narrow; with one bit the sign (zero counts as +1).
[[nodiscard]] inline std::int64_t quantize_weight(double value, double step, int bits, Rounding rounding) {
    if (bits == 1) return value < 0 ? -1 : 1;
    return quantize(value, step, signed_range(bits), rounding);
}

/// Two's complement wrap of an accumulator of `bits` bits (1 … 64).
[[nodiscard]] constexpr std::int64_t wrap(std::int64_t value, int bits) {
    const int unused = 64 - bits;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << unused) >> unused;
}

/// How one channel leaves the accumulator: out = saturate(round((acc·multiplier + residual·residual_multiplier
/// + bias) / 2^shift)), one rounding for all. The multiplier has 16 bits with its sign, the residual multiplier 32.
/// `double_rounding` rounds the sum to 2^−15 steps first (ties up), then shifts the rest (ties away from zero).
struct ChannelRequantizer {
    std::int32_t multiplier = 1;
    std::int32_t residual_multiplier = 0;
    std::int64_t bias = 0;  ///< |bias| < 2^60
    int shift = 0;          ///< 0 … 48
    friend bool operator==(const ChannelRequantizer&, const ChannelRequantizer&) = default;
};

constexpr int kMultiplierBits = 16;

[[nodiscard]] constexpr std::int64_t requantize(std::int64_t accumulator, std::int64_t residual,
                                                const ChannelRequantizer& channel, IntegerRange range,
                                                Rounding rounding) {
    std::int64_t scaled = accumulator * channel.multiplier + residual * channel.residual_multiplier + channel.bias;
    int shift = channel.shift;
    if (rounding == Rounding::double_rounding && shift > kMultiplierBits - 1) {
        scaled = rounding_shift_right(scaled, kMultiplierBits - 1, Rounding::half_up);
        shift -= kMultiplierBits - 1;
    }
    return saturate(rounding_shift_right(scaled, shift, rounding), range);
}

}  // namespace npusim
