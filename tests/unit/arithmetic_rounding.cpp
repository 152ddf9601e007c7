// Rounding, saturation, wrap and requantization against definitions written by distances between exact numbers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <vector>

#include "npusim/models/quantization/arithmetic.h"

namespace npusim {

namespace {

constexpr Rounding kRules[] = {Rounding::half_up, Rounding::half_even, Rounding::half_away, Rounding::double_rounding};

/// The integer nearest to numerator / 2^shift: of the two neighbours the nearer one, at a tie the one that the rule
/// names. Needs |numerator| < 2^61.
std::int64_t nearest(std::int64_t numerator, int shift, Rounding rule) {
    const std::int64_t unit = std::int64_t{1} << shift;
    std::int64_t lower = numerator / unit;
    if (lower * unit > numerator) --lower;
    const std::int64_t to_lower = numerator - lower * unit;
    const std::int64_t to_upper = unit - to_lower;
    if (to_lower != to_upper) return to_lower < to_upper ? lower : lower + 1;
    switch (rule) {
        case Rounding::half_up:
            return lower + 1;
        case Rounding::half_even:
            return lower % 2 == 0 ? lower : lower + 1;
        case Rounding::half_away:
        case Rounding::double_rounding:
            return numerator > 0 ? lower + 1 : lower;
    }
    return 0;
}

class Draw {
public:
    explicit Draw(std::uint64_t seed) : generator_(seed) {}
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(generator_() % static_cast<std::uint64_t>(high - low + 1));
    }
    /// Of at most `bits` bits; small magnitudes are as likely as large ones.
    std::int64_t signed_of(int bits) {
        const std::int64_t most = (std::int64_t{1} << between(0, bits)) - 1;
        return between(-most, most);
    }

private:
    std::mt19937_64 generator_;
};

}  // namespace

TEST_CASE("A rounding shift gives the nearest integer, and at ties the one that the rule names") {
    for (const Rounding rule : kRules) {
        for (int shift = 0; shift <= 7; ++shift) {
            for (std::int64_t value = -1024; value <= 1024; ++value) {
                if (rounding_shift_right(value, shift, rule) == nearest(value, shift, rule)) continue;
                FAIL("value " << value << ", shift " << shift << ", rule " << static_cast<int>(rule));
            }
        }
    }
    // -1.5, -0.5, 0.5, 1.5 and 2.5
    const auto halves = [](Rounding rule) {
        std::vector<std::int64_t> rounded;
        for (const std::int64_t twice : {-3, -1, 1, 3, 5}) rounded.push_back(rounding_shift_right(twice, 1, rule));
        return rounded;
    };
    CHECK(halves(Rounding::half_up) == std::vector<std::int64_t>{-1, 0, 1, 2, 3});
    CHECK(halves(Rounding::half_even) == std::vector<std::int64_t>{-2, 0, 0, 2, 2});
    CHECK(halves(Rounding::half_away) == std::vector<std::int64_t>{-2, -1, 1, 2, 3});
    CHECK(halves(Rounding::double_rounding) == std::vector<std::int64_t>{-2, -1, 1, 2, 3});
}

TEST_CASE("A rounding shift is exact for large values and shifts, ties included") {
    Draw draw(1);
    for (int i = 0; i < 200'000; ++i) {
        const int shift = static_cast<int>(draw.between(1, 59));
        const std::int64_t half = std::int64_t{1} << (shift - 1);
        std::int64_t value = draw.signed_of(60);
        if (i % 3 == 0) value = (value >> shift << shift) + half + draw.between(-1, 1);
        for (const Rounding rule : kRules) {
            if (rounding_shift_right(value, shift, rule) == nearest(value, shift, rule)) continue;
            FAIL("value " << value << ", shift " << shift << ", rule " << static_cast<int>(rule));
        }
    }
}

TEST_CASE("A real number is rounded as the same fraction of integers is") {
    for (const Rounding rule : kRules) {
        for (std::int64_t eighths = -400; eighths <= 400; ++eighths) {
            INFO(eighths << "/8, rule " << static_cast<int>(rule));
            REQUIRE(round_real(static_cast<double>(eighths) / 8, rule) ==
                    static_cast<double>(nearest(eighths, 3, rule)));
        }
    }
}

TEST_CASE("Ranges are symmetric when signed, start at 0 when unsigned, and one bit is a sign") {
    CHECK(signed_range(1) == IntegerRange{-1, 1});
    CHECK(signed_range(2) == IntegerRange{-1, 1});
    CHECK(signed_range(4) == IntegerRange{-7, 7});
    CHECK(signed_range(8) == IntegerRange{-127, 127});
    CHECK(signed_range(16) == IntegerRange{-32767, 32767});
    CHECK(unsigned_range(1) == IntegerRange{0, 1});
    CHECK(unsigned_range(8) == IntegerRange{0, 255});
    CHECK(unsigned_range(16) == IntegerRange{0, 65535});
    for (int bits = 1; bits <= 16; ++bits) {
        CHECK(activation_range(bits, true) == signed_range(bits));
        CHECK(activation_range(bits, false) == unsigned_range(bits));
    }
}

TEST_CASE("Quantizing a real number rounds, then saturates, whatever its size") {
    const double infinity = std::numeric_limits<double>::infinity();
    for (const Rounding rule : kRules) {
        for (int bits = 1; bits <= 8; ++bits) {
            for (const bool is_signed : {false, true}) {
                const IntegerRange range = activation_range(bits, is_signed);
                for (std::int64_t quarters = -1200; quarters <= 1200; ++quarters) {
                    const std::int64_t expected = saturate(nearest(quarters, 2, rule), range);
                    REQUIRE(quantize(static_cast<double>(quarters) * 0.125, 0.5, range, rule) == expected);
                }
                CHECK(quantize(1e300, 1e-300, range, rule) == range.high);
                CHECK(quantize(-infinity, 1, range, rule) == range.low);
            }
        }
        CHECK(quantize_weight(0.0, 0.1, 1, rule) == 1);
        CHECK(quantize_weight(-1e-9, 0.1, 1, rule) == -1);
        CHECK(quantize_weight(-100, 0.1, 3, rule) == -3);
    }
}

TEST_CASE("Wrapping keeps a value modulo the width and inside two's complement") {
    for (int bits = 1; bits <= 9; ++bits) {
        const std::int64_t modulus = std::int64_t{1} << bits;
        for (std::int64_t value = -3000; value <= 3000; ++value) {
            std::int64_t expected = value;
            while (expected >= modulus / 2) expected -= modulus;
            while (expected < -modulus / 2) expected += modulus;
            REQUIRE(wrap(value, bits) == expected);
        }
    }
    constexpr std::int64_t high = std::numeric_limits<std::int64_t>::max();
    CHECK(wrap(high, 64) == high);
    CHECK(wrap(high, 32) == -1);
    CHECK(wrap(std::int64_t{1} << 31, 32) == -(std::int64_t{1} << 31));
}

TEST_CASE("Requantization rounds the exact scaled sum once, or twice under the double rounding rule") {
    Draw draw(2);
    int twice_differs = 0;
    for (int i = 0; i < 300'000; ++i) {
        ChannelRequantizer channel;
        channel.multiplier = static_cast<std::int32_t>(draw.signed_of(kMultiplierBits - 1));
        channel.residual_multiplier = static_cast<std::int32_t>(draw.signed_of(31));
        channel.bias = draw.signed_of(50);
        channel.shift = static_cast<int>(draw.between(0, 48));
        const std::int64_t accumulator = draw.signed_of(40);
        const std::int64_t residual = draw.signed_of(16);
        const IntegerRange range = activation_range(static_cast<int>(draw.between(1, 16)), draw.between(0, 1) == 1);
        const std::int64_t sum =
            accumulator * channel.multiplier + residual * channel.residual_multiplier + channel.bias;
        for (const Rounding rule : kRules) {
            const bool in_two_steps = rule == Rounding::double_rounding && channel.shift > 15;
            const std::int64_t rounded =
                in_two_steps ? nearest(nearest(sum, 15, Rounding::half_up), channel.shift - 15, Rounding::half_away)
                             : nearest(sum, channel.shift, rule);
            if (in_two_steps && rounded != nearest(sum, channel.shift, Rounding::half_away)) ++twice_differs;
            const std::int64_t expected = std::min(std::max(rounded, range.low), range.high);
            if (requantize(accumulator, residual, channel, range, rule) == expected) continue;
            FAIL("sum " << sum << ", shift " << channel.shift << ", rule " << static_cast<int>(rule));
        }
    }
    CHECK(twice_differs > 0);
}

TEST_CASE("Rounding twice pushes a value just below a tie over it, as TFLite does") {
    const ChannelRequantizer channel{1, 0, 0, 16};
    // 0.49999 of the last place: the first step makes it a tie, the second rounds the tie away from zero.
    CHECK(requantize(32767, 0, channel, signed_range(8), Rounding::half_away) == 0);
    CHECK(requantize(32767, 0, channel, signed_range(8), Rounding::double_rounding) == 1);
    CHECK(requantize(-32767, 0, channel, signed_range(8), Rounding::double_rounding) == -1);
}

}  // namespace npusim
