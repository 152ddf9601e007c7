#include "npusim/models/layers/quantize.h"

#include <limits>

#include "gradient_check.h"
#include "npusim/models/layers/pointwise.h"

namespace npusim {

namespace {

using test::Random;
using test::Values;

constexpr Rounding all_roundings[] = {Rounding::half_up, Rounding::half_even, Rounding::half_away,
                                      Rounding::double_rounding};

/// Numbers that tell roundings apart: multiples of step/2 and their neighbours in float, the ends of the range, and
/// numbers far beyond it.
std::vector<float> hard_numbers(Random& random, double step, IntegerRange range) {
    std::vector<float> numbers{0.0F,
                               -0.0F,
                               1e30F,
                               -1e30F,
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::denorm_min()};
    const auto add_near = [&](double at) {
        const auto number = static_cast<float>(at);
        numbers.push_back(number);
        numbers.push_back(std::nextafterf(number, 1e38F));
        numbers.push_back(std::nextafterf(number, -1e38F));
    };
    for (std::int64_t half = -40; half <= 40; ++half) add_near(step * 0.5 * static_cast<double>(half));
    for (const std::int64_t end : {range.low, range.high}) {
        for (const double half : {-1.0, -0.5, 0.0, 0.5, 1.0}) add_near(step * (static_cast<double>(end) + half));
    }
    for (int i = 0; i < 300; ++i) {
        numbers.push_back(static_cast<float>(step * random.real(-1.3, 1.3) * static_cast<double>(range.high)));
    }
    return numbers;
}

double random_step(Random& random) {
    if (random.integer(0, 1) == 0) return std::ldexp(1.0, static_cast<int>(random.integer(-9, 4)));
    return random.real(0.001, 2.0);
}

}  // namespace

TEST_CASE("Fake-quantized floats are exactly step times the integers of the one arithmetic, ties included") {
    Random random(1);
    for (const Rounding rounding : all_roundings) {
        for (int round = 0; round < 60; ++round) {
            const int bits = static_cast<int>(random.integer(1, 16));
            const ActivationQuantizer q{random_step(random), activation_range(bits, random.integer(0, 1) == 1),
                                        rounding};
            const auto in = hard_numbers(random, q.step, q.range);
            std::vector<float> out(in.size()), wanted;
            fake_quantize_forward(static_cast<std::int64_t>(in.size()), q, in.data(), out.data());
            for (const float x : in) {
                const auto integer = quantize(static_cast<double>(x), q.step, q.range, rounding);
                wanted.push_back(static_cast<float>(q.step * static_cast<double>(integer)));
            }
            CHECK(test::same_bytes(out, wanted));
        }
    }
}

TEST_CASE("Fake-quantized weights are exactly the channel's step times the integers of the one arithmetic") {
    Random random(2);
    for (const Rounding rounding : all_roundings) {
        for (int bits = 1; bits <= 16; ++bits) {
            const std::int64_t channels = random.integer(1, 21);
            Values steps;
            for (std::int64_t c = 0; c < channels; ++c) steps.push_back(random_step(random));
            auto in = hard_numbers(random, steps[0], signed_range(bits));
            in.resize(in.size() / static_cast<std::size_t>(channels) * static_cast<std::size_t>(channels));
            const auto rows = static_cast<std::int64_t>(in.size()) / channels;
            std::vector<float> out(in.size()), wanted;
            fake_quantize_weights_forward(rows, {steps.data(), channels, bits, rounding}, in.data(), out.data());
            for (std::size_t i = 0; i < in.size(); ++i) {
                const double step = steps[i % static_cast<std::size_t>(channels)];
                const auto integer = quantize_weight(static_cast<double>(in[i]), step, bits, rounding);
                wanted.push_back(static_cast<float>(step * static_cast<double>(integer)));
            }
            CHECK(test::same_bytes(out, wanted));
        }
    }
}

TEST_CASE("The straight-through gradient passes inside the clipping range, its ends included, and nowhere else") {
    Random random(3);
    for (int round = 0; round < 40; ++round) {
        const ActivationQuantizer q{random_step(random), activation_range(4, round % 2 == 1), Rounding::half_up};
        auto in = test::as<double>(hard_numbers(random, q.step, q.range));
        const double low = static_cast<double>(q.range.low) * q.step, high = static_cast<double>(q.range.high) * q.step;
        in.insert(in.end(), {low, high, std::nextafter(low, -1e9), std::nextafter(high, 1e9)});
        const auto count = static_cast<std::int64_t>(in.size());
        const Values slope = random.values(count, 0.5, 1.0);
        Values got(in.size());
        fake_quantize_backward(count, q, in.data(), slope.data(), got.data());
        for (std::size_t i = 0; i < in.size(); ++i) {
            CHECK(got[i] == (in[i] >= low && in[i] <= high ? slope[i] : 0.0));
        }
        CHECK(got[in.size() - 4] != 0.0);
        CHECK(got[in.size() - 1] == 0.0);
    }
}

TEST_CASE("Codes of bytes stand for the numbers that fake quantization gives, to the bit") {
    Random random(14);
    for (const Rounding rounding : all_roundings) {
        for (int round = 0; round < 40; ++round) {
            const int bits = static_cast<int>(random.integer(1, 8));
            const ActivationQuantizer q{random_step(random), activation_range(bits, random.integer(0, 1) == 1),
                                        rounding};
            const auto in = hard_numbers(random, q.step, q.range);
            const auto elements = static_cast<std::int64_t>(in.size());
            std::vector<float> wanted(in.size()), made(in.size());
            std::vector<double> made_in_double(in.size());
            std::vector<std::uint8_t> codes(in.size());
            fake_quantize_forward(elements, q, in.data(), wanted.data());
            quantize_to_codes(elements, q, in.data(), codes.data());
            numbers_of_codes(elements, q.step, q.range, codes.data(), made.data());
            numbers_of_codes(elements, q.step, q.range, codes.data(), made_in_double.data());
            CHECK(made == wanted);
            CHECK(test::as<float>(made_in_double) == wanted);
        }
    }
}

TEST_CASE("Gradients pass by what was noted as they pass ReLU and quantizer with the numbers at hand") {
    Random random(15);
    for (int round = 0; round < 60; ++round) {
        const ActivationQuantizer q{random_step(random), activation_range(4, random.integer(0, 1) == 1)};
        const auto in = hard_numbers(random, q.step, q.range);
        const auto elements = static_cast<std::int64_t>(in.size());
        const auto gradient = test::as<float>(random.values(elements));
        std::vector<float> wanted(in.size()), got(in.size());
        std::vector<std::uint8_t> passes(in.size());
        fake_quantize_backward(elements, q, in.data(), gradient.data(), wanted.data());
        relu_backward(elements, in.data(), wanted.data(), wanted.data());
        note_relu(elements, in.data(), passes.data());
        note_passes(elements, q, in.data(), 8, passes.data());
        pass_gradient(elements, passes.data(), 9, gradient.data(), got.data());
        CHECK(test::same_bytes(got, wanted));
        fake_quantize_backward(elements, q, in.data(), gradient.data(), wanted.data());
        pass_gradient(elements, passes.data(), 8, gradient.data(), got.data());
        CHECK(test::same_bytes(got, wanted));
    }
}

TEST_CASE("The step's gradient is LSQ's by its definition, and those of parts add up") {
    Random random(4);
    for (const Rounding rounding : all_roundings) {
        for (int round = 0; round < 20; ++round) {
            const ActivationQuantizer q{random_step(random), activation_range(3, round % 2 == 1), rounding};
            const std::int64_t count = random.integer(1, 400);
            const Values in = random.values(count, -9.0 * q.step, 9.0 * q.step);
            const Values slope = random.values(count);
            double wanted = 0;
            for (std::size_t i = 0; i < in.size(); ++i) {
                const double scaled = in[i] / q.step;
                const auto low = static_cast<double>(q.range.low), high = static_cast<double>(q.range.high);
                const double inside = round_real(scaled, rounding) - scaled;
                wanted += slope[i] * (scaled < low ? low : scaled > high ? high : inside);
            }
            const double whole = step_gradient(count, q, in.data(), slope.data());
            const double parts = step_gradient(count / 3, q, in.data(), slope.data()) +
                                 step_gradient(count - count / 3, q, in.data() + count / 3, slope.data() + count / 3);
            CHECK(whole == Approx(wanted).epsilon(1e-12).margin(1e-12));
            CHECK(parts == Approx(whole).epsilon(1e-12).margin(1e-12));
        }
    }
}

TEST_CASE("The step's gradient is the staircase's own derivative, less in/step where the clipping passes") {
    Random random(5);
    // Between two jumps step·round(in/step) grows with the step as the integer does. Straight through, the jumps count
    // as the derivative −in/step² of in/step.
    const ActivationQuantizer q{0.37, signed_range(4), Rounding::half_even};
    for (int i = 0; i < 200; ++i) {
        const double x = random.real(-4.0, 4.0);
        const double one = 1.0;
        const double slope = step_gradient(1, q, &x, &one);
        const auto value = [&](double step) {
            double out = 0;
            const ActivationQuantizer other{step, q.range, q.rounding};
            fake_quantize_forward(1, other, &x, &out);
            return out;
        };
        const double staircase = (value(q.step + 1e-9) - value(q.step - 1e-9)) / 2e-9;
        const bool inside = std::abs(x) <= 7 * q.step;
        CHECK(slope == Approx(staircase - (inside ? x / q.step : 0.0)).margin(1e-5));
    }
}

TEST_CASE("Weights' gradients are clipped, and their steps' gradients gathered, channel by channel") {
    Random random(6);
    for (const int bits : {1, 2, 4, 8}) {
        const std::int64_t rows = random.integer(1, 40), channels = random.integer(1, 20);
        const Values steps = random.values(channels, 0.01, 0.5);
        const Values weights = random.values(rows * channels, -2.0, 2.0), slope = random.values(rows * channels);
        const WeightQuantizer q{steps.data(), channels, bits, Rounding::half_up};
        Values got(weights.size()), got_steps(steps.size(), 1.0), wanted_steps(steps.size(), 1.0);
        fake_quantize_weights_backward(rows, q, weights.data(), slope.data(), got.data());
        weight_step_gradients(rows, q, weights.data(), slope.data(), got_steps.data());
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const std::size_t c = i % steps.size();
            const auto high = static_cast<double>(signed_range(bits).high);
            const bool inside = std::abs(weights[i]) <= high * steps[c];
            CHECK(got[i] == (inside ? slope[i] : 0.0));
            const auto integer = static_cast<double>(quantize_weight(weights[i], steps[c], bits, q.rounding));
            wanted_steps[c] += slope[i] * (inside ? integer - weights[i] / steps[c] : integer);
        }
        CHECK(test::difference(got_steps, wanted_steps) < 1e-12);
    }
}

TEST_CASE("Fake quantization may write over its input and lets a not-a-number show") {
    Random random(7);
    auto data = test::as<float>(random.values(100));
    data[50] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> out(100);
    const ActivationQuantizer q{0.1, signed_range(4), Rounding::half_up};
    fake_quantize_forward<float>(100, q, data.data(), out.data());
    fake_quantize_forward<float>(100, q, data.data(), data.data());
    CHECK(std::isnan(out[50]));
    out[50] = data[50] = 0.0F;
    CHECK(out == data);
}

}  // namespace npusim
