#include "npusim/models/layers/pooling.h"

#include <limits>
#include <numeric>

#include "gradient_check.h"
#include "npusim/base/error.h"

namespace npusim {

namespace {

using test::Random;
using test::Values;

/// Ceil mode now and then: the last window may hang over the padded end.
void choose_axis(Random& random, std::int64_t dilation, std::int64_t& in, std::int64_t& out, std::int64_t& kernel,
                 std::int64_t& stride, std::int64_t& before, std::int64_t& after) {
    kernel = random.integer(1, 4);
    stride = random.integer(1, 3);
    before = random.integer(0, kernel / 2);
    after = random.integer(0, kernel / 2);
    const std::int64_t reach = dilation * (kernel - 1) + 1;
    in = reach + random.integer(0, 6);
    const std::int64_t room = in + before + after - reach;
    out = room / stride + 1;
    if (room % stride != 0 && out * stride - before < in && random.integer(0, 1) == 1) ++out;
}

PoolShape random_shape(Random& random, bool dilated) {
    PoolShape s;
    s.channels = random.integer(1, 18);
    s.dilation_height = dilated ? random.integer(1, 2) : 1;
    s.dilation_width = dilated ? random.integer(1, 2) : 1;
    choose_axis(random, s.dilation_height, s.in_height, s.out_height, s.kernel_height, s.stride_height, s.pad_top,
                s.pad_bottom);
    choose_axis(random, s.dilation_width, s.in_width, s.out_width, s.kernel_width, s.stride_width, s.pad_left,
                s.pad_right);
    s.count_include_pad = random.integer(0, 1) == 1;
    return s;
}

/// Calls use(values of the window that lie on the map, places the window has on the padded map) per output element.
template <typename Use>
void for_each_window(const PoolShape& s, std::int64_t images, const Values& in, const Use& use) {
    for (std::int64_t o = 0; o < images * s.out_elements(); ++o) {
        const std::int64_t c = o % s.channels, x = o / s.channels % s.out_width;
        const std::int64_t y = o / s.channels / s.out_width % s.out_height, n = o / s.out_elements();
        Values window;
        std::int64_t places = 0;
        for (std::int64_t k = 0; k < s.kernel_height * s.kernel_width; ++k) {
            const std::int64_t iy = y * s.stride_height - s.pad_top + k / s.kernel_width * s.dilation_height;
            const std::int64_t ix = x * s.stride_width - s.pad_left + k % s.kernel_width * s.dilation_width;
            if (iy >= s.in_height + s.pad_bottom || ix >= s.in_width + s.pad_right) continue;
            ++places;
            if (iy < 0 || ix < 0 || iy >= s.in_height || ix >= s.in_width) continue;
            window.push_back(in[static_cast<std::size_t>(((n * s.in_height + iy) * s.in_width + ix) * s.channels + c)]);
        }
        use(window, places);
    }
}

}  // namespace

TEST_CASE("Max pooling takes the largest number on the map and sends the gradient to its place") {
    Random random(1);
    for (int round = 0; round < 40; ++round) {
        const PoolShape s = random_shape(random, true);
        // Distinct and negative, so that padding would win if it took part.
        Values in(static_cast<std::size_t>(2 * s.in_elements()));
        std::iota(in.begin(), in.end(), -1e6);
        for (std::size_t i = in.size(); i > 1; --i) {
            std::swap(in[i - 1], in[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(i) - 1))]);
        }
        const Values slope = random.values(2 * s.out_elements());
        Values out(slope.size()), wanted, grad_in(in.size(), 9.0);
        std::vector<std::int32_t> winners(slope.size());
        const auto run = [&] {
            max_pool_forward(s, 2, in.data(), out.data(), winners.data());
            return test::dot(out, slope);
        };
        run();
        for_each_window(s, 2, in, [&](const Values& window, std::int64_t) {
            wanted.push_back(*std::max_element(window.begin(), window.end()));
        });
        CHECK(out == wanted);
        max_pool_backward(s, 2, slope.data(), winners.data(), grad_in.data());
        const Values scaled = test::central_differences(in, run, 0.25);
        CHECK(test::difference(grad_in, scaled) < 1e-6);
    }
}

TEST_CASE("Of equal numbers max pooling takes the first, and a not-a-number shows") {
    const PoolShape s{2, 2, 1, 1, 1, 2, 2};
    std::vector<float> in{1.0F, 3.0F, 3.0F, 2.0F}, out(1);
    std::vector<std::int32_t> winners(1);
    max_pool_forward(s, 1, in.data(), out.data(), winners.data());
    CHECK(winners[0] == 1);
    in[1] = std::numeric_limits<float>::quiet_NaN();
    max_pool_forward(s, 1, in.data(), out.data(), winners.data());
    CHECK(std::isnan(out[0]));
}

TEST_CASE("Average pooling divides by its window with or without padding, and its backward is its transpose") {
    Random random(2);
    for (int round = 0; round < 40; ++round) {
        const PoolShape s = random_shape(random, false);
        Values in = random.values(2 * s.in_elements());
        const Values slope = random.values(2 * s.out_elements());
        Values out(slope.size()), wanted, grad_in(in.size(), 9.0);
        const auto run = [&] {
            average_pool_forward(s, 2, in.data(), out.data());
            return test::dot(out, slope);
        };
        run();
        for_each_window(s, 2, in, [&](const Values& window, std::int64_t places) {
            const double sum = std::accumulate(window.begin(), window.end(), 0.0);
            const auto on_map = static_cast<double>(window.size());
            wanted.push_back(sum / (s.count_include_pad ? static_cast<double>(places) : on_map));
        });
        CHECK(test::difference(out, wanted) < 1e-14);
        average_pool_backward(s, 2, slope.data(), grad_in.data());
        CHECK(test::difference(grad_in, test::central_differences(in, run, 0.5)) < 1e-11);
    }
}

TEST_CASE("Adaptive pooling averages equal windows, repeats pixels, and its backward is its transpose") {
    Random random(3);
    for (const auto& [extent, out_extent] : {std::pair{8, 1}, {8, 4}, {1, 7}, {3, 6}, {7, 7}}) {
        PoolShape s;
        s.in_height = s.in_width = extent;
        s.out_height = s.out_width = out_extent;
        s.channels = 3;
        Values in = random.values(2 * s.in_elements());
        const Values slope = random.values(2 * s.out_elements());
        Values out(slope.size()), grad_in(in.size(), 9.0);
        const auto run = [&] {
            adaptive_average_pool_forward(s, 2, in.data(), out.data());
            return test::dot(out, slope);
        };
        run();
        const std::int64_t window = std::max(1, extent / out_extent), repeat = std::max(1, out_extent / extent);
        for (std::int64_t o = 0; o < 2 * s.out_elements(); ++o) {
            const std::int64_t c = o % 3, x = o / 3 % out_extent, y = o / 3 / out_extent % out_extent;
            const std::int64_t n = o / s.out_elements();
            double sum = 0;
            for (std::int64_t k = 0; k < window * window; ++k) {
                const std::int64_t iy = y * window / repeat + k / window, ix = x * window / repeat + k % window;
                sum += in[static_cast<std::size_t>(((n * extent + iy) * extent + ix) * 3 + c)];
            }
            CHECK(out[static_cast<std::size_t>(o)] == Approx(sum / static_cast<double>(window * window)).margin(1e-14));
        }
        adaptive_average_pool_backward(s, 2, slope.data(), grad_in.data());
        CHECK(test::difference(grad_in, test::central_differences(in, run, 0.5)) < 1e-11);
    }
}

TEST_CASE("A pooling window beside the map is refused") {
    PoolShape s{4, 4, 1, 3, 2, 2, 2, 2, 2};
    CHECK_THROWS_AS(check_pool_shape(s), InputError);
    s.out_height = 2;
    CHECK_NOTHROW(check_pool_shape(s));
    s.pad_top = 2;
    CHECK_THROWS_AS(check_pool_shape(s), InputError);
}

}  // namespace npusim
