#include "npusim/models/layers/pointwise.h"

#include "gradient_check.h"
#include "npusim/base/error.h"

namespace npusim {

using test::Random;
using test::Values;

TEST_CASE("ReLU passes positive numbers and their gradients only, in place too") {
    Random random(1);
    Values in = random.values(101);
    in[7] = 0.0;
    const Values slope = random.values(101);
    Values out(101), grad(101), inplace = in;
    relu_forward<double>(101, in.data(), out.data());
    relu_forward<double>(101, inplace.data(), inplace.data());
    relu_backward<double>(101, out.data(), slope.data(), grad.data());
    CHECK(inplace == out);
    for (std::size_t i = 0; i < 101; ++i) {
        CHECK(out[i] == std::max(0.0, in[i]));
        CHECK(grad[i] == (in[i] > 0 ? slope[i] : 0.0));
    }
}

TEST_CASE("The bias reaches every pixel of its channel, and its gradient is their sum, whole or in parts") {
    Random random(2);
    for (const std::int64_t channels : {1, 3, 16, 300}) {
        const std::int64_t pixels = random.integer(1, 40);
        const Values in = random.values(pixels * channels);
        Values bias = random.values(channels);
        const Values slope = random.values(pixels * channels);
        const auto loss = [&] {
            Values out(in.size());
            add_bias(pixels, channels, in.data(), bias.data(), out.data());
            return test::dot(out, slope);
        };
        Values whole(bias.size(), 0.0), parts(bias.size(), 0.0);
        bias_backward(pixels, channels, slope.data(), whole.data());
        bias_backward(pixels / 2, channels, slope.data(), parts.data());
        bias_backward(pixels - pixels / 2, channels, slope.data() + pixels / 2 * channels, parts.data());
        CHECK(test::difference(whole, test::central_differences(bias, loss, 0.5)) < 1e-11);
        CHECK(test::difference(whole, parts) < 1e-12);
    }
}

TEST_CASE("Channels that were concatenated come apart again, and the concat holds each pixel's in order") {
    Random random(3);
    const Values a = random.values(6 * 3), b = random.values(6 * 5);
    Values both(6 * 8), a_again(a.size()), b_again(b.size());
    copy_into_channels(6, 3, a.data(), 8, 0, both.data());
    copy_into_channels(6, 5, b.data(), 8, 3, both.data());
    copy_from_channels(6, 8, 0, both.data(), 3, a_again.data());
    copy_from_channels(6, 8, 3, both.data(), 5, b_again.data());
    CHECK(a_again == a);
    CHECK(b_again == b);
    for (std::size_t p = 0; p < 6; ++p) {
        for (std::size_t c = 0; c < 8; ++c) CHECK(both[p * 8 + c] == (c < 3 ? a[p * 3 + c] : b[p * 5 + c - 3]));
    }
}

TEST_CASE("The option-A shortcut takes every stride-th pixel, pads channels, and its backward is its transpose") {
    Random random(4);
    const SlicePadShape s{7, 6, 3, 4, 3, 8, 2, 2};
    Values in = random.values(2 * 7 * 6 * 3);
    const Values slope = random.values(2 * 4 * 3 * 8);
    const auto run = [&] {
        Values out(slope.size(), 9.0);
        slice_pad_forward(s, 2, in.data(), out.data());
        return out;
    };
    const Values out = run();
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t c = i % 8, x = i / 8 % 3, y = i / 24 % 4, n = i / 96;
        const double wanted = c >= 2 && c < 5 ? in[((n * 7 + y * 2) * 6 + x * 2) * 3 + c - 2] : 0.0;
        CHECK(out[i] == wanted);
    }
    Values grad_in(in.size(), 9.0);
    slice_pad_backward(s, 2, slope.data(), grad_in.data());
    const auto numeric = test::central_differences(
        in, [&] { return test::dot(run(), slope); }, 0.5);
    CHECK(test::difference(grad_in, numeric) < 1e-11);
    SlicePadShape wrong = s;
    wrong.stride = 3;
    CHECK_THROWS_AS(slice_pad_forward(wrong, 2, in.data(), grad_in.data()), InputError);
}

TEST_CASE("Dropout does not depend on how the batch is cut, but on seed and step") {
    const Values ones(5000, 1.0);
    const auto run = [&](const Dropout& layer, const std::vector<std::int64_t>& cuts) {
        Values out(ones.size());
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
            dropout(layer, cuts[i], cuts[i + 1] - cuts[i], ones.data() + cuts[i], out.data() + cuts[i]);
        }
        return out;
    };
    const Values whole = run({0.3, 11, 5}, {0, 5000});
    CHECK(run({0.3, 11, 5}, {0, 1, 777, 4999, 5000}) == whole);
    CHECK(run({0.3, 11, 6}, {0, 5000}) != whole);
    CHECK(run({0.3, 12, 5}, {0, 5000}) != whole);
    const auto kept = std::count(whole.begin(), whole.end(), 1.0 / 0.7);
    CHECK(kept + std::count(whole.begin(), whole.end(), 0.0) == 5000);
    // Six standard deviations of a binomial distribution.
    CHECK(std::abs(static_cast<double>(kept) - 3500.0) < 6.0 * std::sqrt(5000 * 0.3 * 0.7));
    CHECK(run({0.0, 11, 5}, {0, 5000}) == ones);
    CHECK_THROWS_AS(run({1.0, 11, 5}, {0, 5000}), InputError);
}

TEST_CASE("Dropout's masks of neighbouring steps, seeds and elements are uncorrelated") {
    const std::int64_t count = 20000;
    const std::vector<float> ones(static_cast<std::size_t>(count), 1.0F);
    const auto mask = [&](std::uint64_t seed, std::uint64_t step, std::int64_t first) {
        std::vector<float> out(ones.size());
        dropout({0.5, seed, step}, first, count, ones.data(), out.data());
        return out;
    };
    const auto base = mask(1, 1, 0);
    for (const auto& other : {mask(1, 2, 0), mask(2, 1, 0), mask(2, 2, 0), mask(1, 1, 1), mask(1, 1, 64)}) {
        double equal = 0;
        for (std::size_t i = 0; i < base.size(); ++i) equal += base[i] == other[i] ? 1.0 : 0.0;
        CHECK(std::abs(equal - 10000.0) < 6.0 * std::sqrt(20000.0 * 0.25));
    }
}

}  // namespace npusim
