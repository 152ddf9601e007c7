#include <limits>
#include <thread>

#include "gradient_check.h"
#include "npusim/base/error.h"
#include "npusim/models/layers/conv2d.h"

namespace npusim {

namespace {

using test::Random;
using test::Values;

ConvShape random_shape(Random& random) {
    ConvShape s;
    const std::int64_t groups[] = {1, 1, 2, 3};
    s.groups = groups[random.integer(0, 3)];
    s.in_channels = s.groups * random.integer(1, 4);
    s.out_channels = s.groups * random.integer(1, 5);
    if (random.integer(0, 4) == 0) s.groups = s.in_channels = s.out_channels = random.integer(2, 19);
    s.kernel_height = random.integer(1, 4);
    s.kernel_width = random.integer(1, 4);
    s.stride_height = random.integer(1, 3);
    s.stride_width = random.integer(1, 3);
    s.dilation_height = random.integer(1, 2);
    s.dilation_width = random.integer(1, 2);
    s.pad_top = random.integer(0, 2);
    s.pad_left = random.integer(0, 2);
    s.pad_bottom = random.integer(0, 3);
    s.pad_right = random.integer(0, 3);
    const std::int64_t height = s.dilation_height * (s.kernel_height - 1) + 1;
    const std::int64_t width = s.dilation_width * (s.kernel_width - 1) + 1;
    s.in_height = std::max<std::int64_t>(1, height - s.pad_top - s.pad_bottom) + random.integer(0, 5);
    s.in_width = std::max<std::int64_t>(1, width - s.pad_left - s.pad_right) + random.integer(0, 5);
    s.out_height = (s.in_height + s.pad_top + s.pad_bottom - height) / s.stride_height + 1;
    s.out_width = (s.in_width + s.pad_left + s.pad_right - width) / s.stride_width + 1;
    return s;
}

ConvShape square(std::int64_t extent, std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
    ConvShape s;
    s.in_height = s.in_width = extent;
    s.in_channels = in;
    s.out_channels = out;
    s.kernel_height = s.kernel_width = kernel;
    s.stride_height = s.stride_width = stride;
    s.pad_top = s.pad_left = s.pad_bottom = s.pad_right = kernel / 2;
    s.out_height = s.out_width = (extent + 2 * (kernel / 2) - kernel) / stride + 1;
    return s;
}

/// The formula of the header, one product at a time.
Values direct_sum(const ConvShape& s, std::int64_t images, const Values& in, const Values& weights) {
    Values out;
    for (std::int64_t n = 0; n < images; ++n)
        for (std::int64_t y = 0; y < s.out_height; ++y)
            for (std::int64_t x = 0; x < s.out_width; ++x)
                for (std::int64_t o = 0; o < s.out_channels; ++o) {
                    double sum = 0;
                    for (std::int64_t k = 0; k < s.depth(); ++k) {
                        const std::int64_t i = k % s.group_inputs();
                        const std::int64_t tap = k / s.group_inputs();
                        const std::int64_t iy =
                            y * s.stride_height - s.pad_top + tap / s.kernel_width * s.dilation_height;
                        const std::int64_t ix =
                            x * s.stride_width - s.pad_left + tap % s.kernel_width * s.dilation_width;
                        if (iy < 0 || iy >= s.in_height || ix < 0 || ix >= s.in_width) continue;
                        const std::int64_t channel = o / s.group_outputs() * s.group_inputs() + i;
                        const std::int64_t at = ((n * s.in_height + iy) * s.in_width + ix) * s.in_channels + channel;
                        sum += in[static_cast<std::size_t>(at)] *
                               weights[static_cast<std::size_t>(k * s.out_channels + o)];
                    }
                    out.push_back(sum);
                }
    return out;
}

/// All three kernels on one layer. Outputs start as not-a-number where they are to be overwritten.
template <typename Scalar>
struct Results {
    std::vector<Scalar> out, grad_in, grad_weights;
};

template <typename Scalar>
Results<Scalar> run(const ConvShape& s, std::int64_t images, const std::vector<Scalar>& in,
                    const std::vector<Scalar>& weights, const std::vector<Scalar>& grad_out, ConvWorkspace& workspace) {
    constexpr Scalar nan = std::numeric_limits<Scalar>::quiet_NaN();
    Results<Scalar> r{std::vector<Scalar>(grad_out.size(), nan), std::vector<Scalar>(in.size(), nan),
                      std::vector<Scalar>(weights.size(), Scalar{0})};
    conv2d_forward(s, images, in.data(), weights.data(), r.out.data(), workspace);
    conv2d_backward_input(s, images, grad_out.data(), weights.data(), r.grad_in.data(), workspace);
    conv2d_backward_weights(s, images, in.data(), grad_out.data(), r.grad_weights.data(), workspace);
    return r;
}

Values absolute(Values values) {
    for (double& value : values) value = std::abs(value);
    return values;
}

std::vector<ConvBackend> backends() {
    std::vector<ConvBackend> present{ConvBackend::eigen};
    if (has_conv_backend(ConvBackend::onednn)) present.push_back(ConvBackend::onednn);
    return present;
}

}  // namespace

TEST_CASE("The convolution is the sum of its formula for random shapes") {
    Random random(1);
    ConvWorkspace workspace(ConvBackend::eigen);
    for (int i = 0; i < 200; ++i) {
        const ConvShape s = random_shape(random);
        const std::int64_t images = random.integer(1, 3);
        const Values in = random.values(images * s.in_elements());
        const Values weights = random.values(s.weights());
        const Values grad_out = random.values(images * s.out_elements());
        const auto results = run(s, images, in, weights, grad_out, workspace);
        CHECK(test::difference(results.out, direct_sum(s, images, in, weights)) < 1e-12);
    }
}

TEST_CASE("The convolution's gradients are those of central differences for random shapes") {
    Random random(2);
    ConvWorkspace workspace(ConvBackend::eigen);
    for (int i = 0; i < 60; ++i) {
        const ConvShape s = random_shape(random);
        Values in = random.values(2 * s.in_elements());
        Values weights = random.values(s.weights());
        const Values slope = random.values(2 * s.out_elements());
        const auto results = run(s, 2, in, weights, slope, workspace);
        const auto loss = [&] {
            Values out(slope.size());
            conv2d_forward(s, 2, in.data(), weights.data(), out.data(), workspace);
            return test::dot(out, slope);
        };
        // The loss is linear in either, so that a large distance costs nothing.
        CHECK(test::difference(results.grad_in, test::central_differences(in, loss, 0.5)) < 1e-11);
        CHECK(test::difference(results.grad_weights, test::central_differences(weights, loss, 0.5)) < 1e-11);
    }
}

TEST_CASE("Both backends stay within float rounding of the double kernels") {
    Random random(3);
    std::vector<ConvShape> shapes{square(32, 3, 16, 3, 1), square(16, 16, 32, 3, 2), square(8, 64, 64, 3, 1),
                                  square(8, 48, 80, 1, 1), square(1, 64, 10, 1, 1),  square(16, 16, 32, 1, 2),
                                  square(23, 3, 24, 7, 2), square(12, 20, 36, 5, 1)};
    for (int i = 0; i < 100; ++i) shapes.push_back(random_shape(random));
    ConvWorkspace exact(ConvBackend::eigen);
    for (const ConvShape& s : shapes) {
        const std::int64_t images = random.integer(1, 4);
        const auto in = test::as<float>(random.values(images * s.in_elements()));
        const auto weights = test::as<float>(random.values(s.weights()));
        const auto grad_out = test::as<float>(random.values(images * s.out_elements()));
        const Values in64 = test::as<double>(in);
        const Values weights64 = test::as<double>(weights);
        const Values grad64 = test::as<double>(grad_out);
        const auto wanted = run(s, images, in64, weights64, grad64, exact);
        const auto sizes = run(s, images, absolute(in64), absolute(weights64), absolute(grad64), exact);
        // A sum of n products in any order errs by at most about n·2^−24 of the sum of their sizes.
        const auto is_close = [](const std::vector<float>& got, const Values& want, const Values& size, double n) {
            for (std::size_t i = 0; i < got.size(); ++i) {
                if (!(std::abs(static_cast<double>(got[i]) - want[i]) <= (n + 2.0) * 0x1p-24 * size[i])) return false;
            }
            return true;
        };
        const auto taps = static_cast<double>(s.kernel_height * s.kernel_width);
        for (const ConvBackend backend : backends()) {
            CAPTURE(static_cast<int>(backend), s.in_channels, s.out_channels, s.kernel_height, s.groups);
            ConvWorkspace workspace(backend);
            const auto got = run(s, images, in, weights, grad_out, workspace);
            CHECK(is_close(got.out, wanted.out, sizes.out, static_cast<double>(s.depth())));
            CHECK(is_close(got.grad_in, wanted.grad_in, sizes.grad_in, taps * static_cast<double>(s.group_outputs())));
            CHECK(is_close(got.grad_weights, wanted.grad_weights, sizes.grad_weights,
                           static_cast<double>(images * s.out_height * s.out_width)));
        }
    }
}

TEST_CASE("A convolution's bytes depend neither on the workspace's past nor on other threads") {
    Random random(4);
    const std::vector<ConvShape> shapes{square(16, 16, 32, 3, 2), square(8, 32, 32, 3, 1), square(8, 24, 40, 1, 1)};
    for (const ConvBackend backend : backends()) {
        std::vector<std::vector<Results<float>>> of_threads(3);
        std::vector<std::vector<std::vector<float>>> inputs;
        for (const ConvShape& s : shapes) {
            inputs.push_back({test::as<float>(random.values(5 * s.in_elements())),
                              test::as<float>(random.values(s.weights())),
                              test::as<float>(random.values(5 * s.out_elements()))});
        }
        const auto work = [&](std::size_t thread) {
            ConvWorkspace workspace(backend);
            for (std::size_t i = 0; i < 3 * shapes.size(); ++i) {
                const std::size_t at = (i + thread) % shapes.size();
                of_threads[thread].push_back(
                    run(shapes[at], 5, inputs[at][0], inputs[at][1], inputs[at][2], workspace));
            }
        };
        std::thread first(work, 1);
        std::thread second(work, 2);
        work(0);
        first.join();
        second.join();
        for (std::size_t thread = 0; thread < 3; ++thread) {
            for (std::size_t i = 0; i < of_threads[thread].size(); ++i) {
                const auto& a = of_threads[thread][i];
                const auto& b = of_threads[0][(i + thread) % shapes.size()];
                CHECK(test::same_bytes(a.out, b.out));
                CHECK(test::same_bytes(a.grad_in, b.grad_in));
                CHECK(test::same_bytes(a.grad_weights, b.grad_weights));
            }
        }
    }
}

TEST_CASE("What a workspace keeps of weights goes with their version, their address and the shape") {
    Random random(9);
    const ConvShape small = square(8, 16, 32, 3, 1);
    const ConvShape large = square(8, 32, 16, 3, 1);
    const auto in = test::as<float>(random.values(5 * std::max(small.in_elements(), large.in_elements())));
    const auto grad_out = test::as<float>(random.values(5 * std::max(small.out_elements(), large.out_elements())));
    std::vector<std::vector<float>> weights{test::as<float>(random.values(small.weights())),
                                            test::as<float>(random.values(small.weights()))};
    for (const ConvBackend backend : backends()) {
        ConvWorkspace keeps(backend);
        for (int step = 0; step < 40; ++step) {
            if (step % 7 == 0) {  // new weights at the old addresses
                keeps.expect_weights(static_cast<std::uint64_t>(step + 1));
                for (auto& values : weights) values = test::as<float>(random.values(small.weights()));
            }
            const ConvShape& s = random.integer(0, 1) == 0 ? small : large;
            const auto& used = weights[static_cast<std::size_t>(random.integer(0, 1))];
            ConvWorkspace fresh(backend);
            const auto kept = run(s, 5, in, used, grad_out, keeps);
            const auto wanted = run(s, 5, in, used, grad_out, fresh);
            CHECK(test::same_bytes(kept.out, wanted.out));
            CHECK(test::same_bytes(kept.grad_in, wanted.grad_in));
        }
    }
}

TEST_CASE("The weight gradients of a batch's parts add up to the whole batch's, in one buffer or in several") {
    Random random(5);
    ConvWorkspace workspace(ConvBackend::eigen);
    for (int i = 0; i < 30; ++i) {
        const ConvShape s = random_shape(random);
        const Values in = random.values(7 * s.in_elements());
        const Values grad_out = random.values(7 * s.out_elements());
        Values whole(static_cast<std::size_t>(s.weights()), 0.0);
        Values parts = whole;
        conv2d_backward_weights(s, 7, in.data(), grad_out.data(), whole.data(), workspace);
        for (const std::int64_t begin : {0, 3}) {
            conv2d_backward_weights(s, begin == 0 ? 3 : 4, in.data() + begin * s.in_elements(),
                                    grad_out.data() + begin * s.out_elements(), parts.data(), workspace);
        }
        CHECK(test::difference(whole, parts) < 1e-12);
    }
}

TEST_CASE("Every backend adds weight gradients to what the buffer held") {
    Random random(6);
    const ConvShape s = square(8, 16, 32, 3, 1);
    const auto in = test::as<float>(random.values(4 * s.in_elements()));
    const auto grad_out = test::as<float>(random.values(4 * s.out_elements()));
    for (const ConvBackend backend : backends()) {
        ConvWorkspace workspace(backend);
        std::vector<float> fresh(static_cast<std::size_t>(s.weights()), 0.0F);
        std::vector<float> added(fresh.size(), 1024.0F);
        conv2d_backward_weights(s, 4, in.data(), grad_out.data(), fresh.data(), workspace);
        conv2d_backward_weights(s, 4, in.data(), grad_out.data(), added.data(), workspace);
        for (std::size_t i = 0; i < fresh.size(); ++i) CHECK(std::abs(added[i] - 1024.0F - fresh[i]) < 2e-3F);
    }
}

TEST_CASE("Packing puts torch's weight (o, i, ky, kx) at (ky, kx, i, o), and unpacking brings it back") {
    Random random(7);
    for (int round = 0; round < 20; ++round) {
        const ConvShape s = random_shape(random);
        const Values torch = random.values(s.weights());
        Values packed(torch.size()), back(torch.size());
        pack_weights(s, torch.data(), packed.data());
        unpack_weights(s, packed.data(), back.data());
        CHECK(back == torch);
        const std::int64_t o = random.integer(0, s.out_channels - 1), i = random.integer(0, s.group_inputs() - 1);
        const std::int64_t ky = random.integer(0, s.kernel_height - 1), kx = random.integer(0, s.kernel_width - 1);
        const auto from = ((o * s.group_inputs() + i) * s.kernel_height + ky) * s.kernel_width + kx;
        const auto to = ((ky * s.kernel_width + kx) * s.group_inputs() + i) * s.out_channels + o;
        CHECK(packed[static_cast<std::size_t>(to)] == torch[static_cast<std::size_t>(from)]);
    }
}

TEST_CASE("A convolution whose output extents or groups do not fit is refused") {
    ConvShape s = square(8, 16, 32, 3, 1);
    CHECK_NOTHROW(check_conv_shape(s));
    s.out_height = 9;
    CHECK_THROWS_AS(check_conv_shape(s), InputError);
    s = square(8, 16, 32, 3, 1);
    s.groups = 3;
    CHECK_THROWS_AS(check_conv_shape(s), InputError);
    s = square(8, 16, 32, 3, 1);
    s.pad_left = -1;
    CHECK_THROWS_AS(check_conv_shape(s), InputError);
    if (!has_conv_backend(ConvBackend::onednn)) CHECK_THROWS_AS(ConvWorkspace(ConvBackend::onednn), InputError);
}

}  // namespace npusim
