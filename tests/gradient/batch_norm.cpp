#include "npusim/models/layers/batch_norm.h"

#include <numeric>

#include "gradient_check.h"

namespace npusim {

namespace {

using test::Random;
using test::Values;

struct Layer {
    std::int64_t pixels;
    std::int64_t channels;
    Values in, gamma, beta;
    double epsilon = 1e-5;

    Layer(Random& random, std::int64_t pixel_count, std::int64_t channel_count)
        : pixels(pixel_count),
          channels(channel_count),
          in(random.values(pixel_count * channel_count, -1.0, 3.0)),
          gamma(random.values(channel_count, 0.5, 2.0)),
          beta(random.values(channel_count)) {}

    [[nodiscard]] Values zeros() const { return Values(static_cast<std::size_t>(channels), 0.0); }

    Values forward(bool relu, Values* mean_out = nullptr, Values* inverse_out = nullptr) const {
        Values sum = zeros(), squares = zeros(), mean = zeros(), inverse = zeros(), out(in.size());
        accumulate_statistics(pixels, channels, in.data(), sum.data(), squares.data());
        finish_statistics(pixels, channels, epsilon, sum.data(), squares.data(), mean.data(), inverse.data());
        batch_norm_forward<double>(
            pixels, in.data(), {channels, mean.data(), inverse.data(), gamma.data(), beta.data()}, relu, out.data());
        if (mean_out != nullptr) *mean_out = mean;
        if (inverse_out != nullptr) *inverse_out = inverse;
        return out;
    }
};

}  // namespace

TEST_CASE("Batch norm's gradients are those of central differences, with and without ReLU") {
    Random random(1);
    for (const bool relu : {false, true}) {
        for (int round = 0; round < 12; ++round) {
            Layer layer(random, random.integer(2, 37), random.integer(1, 19));
            const Values slope = random.values(layer.pixels * layer.channels);
            Values mean, inverse;
            const Values out = layer.forward(relu, &mean, &inverse);
            // The ReLU's corner must not lie between the two sides of a difference.
            const bool near_corner = std::any_of(out.begin(), out.end(), [](double y) { return y > 0 && y < 1e-3; });
            if (relu && near_corner) continue;
            const BatchNorm<double> norm{layer.channels, mean.data(), inverse.data(), layer.gamma.data(),
                                         layer.beta.data()};
            Values grad_beta = layer.zeros(), grad_gamma = layer.zeros(), grad_in(out.size()), room(out.size());
            batch_norm_backward_sums(layer.pixels, layer.in.data(), slope.data(), norm, relu, room.data(),
                                     grad_beta.data(), grad_gamma.data());
            batch_norm_backward(layer.pixels, layer.in.data(), slope.data(), norm, relu, layer.pixels, grad_beta.data(),
                                grad_gamma.data(), grad_in.data());
            const auto loss = [&] { return test::dot(layer.forward(relu), slope); };
            CHECK(test::difference(grad_in, test::central_differences(layer.in, loss, 1e-5)) < 1e-6);
            CHECK(test::difference(grad_gamma, test::central_differences(layer.gamma, loss, 1e-5)) < 1e-6);
            CHECK(test::difference(grad_beta, test::central_differences(layer.beta, loss, 1e-5)) < 1e-6);
        }
    }
}

TEST_CASE("Batch norm with frozen statistics passes the scaled gradient") {
    Random random(2);
    Layer layer(random, 21, 5);
    const Values running_mean = random.values(5), running_variance = random.values(5, 0.1, 2.0);
    Values mean = layer.zeros(), inverse = layer.zeros(), grad_in(layer.in.size());
    frozen_statistics(5, layer.epsilon, running_mean.data(), running_variance.data(), mean.data(), inverse.data());
    const BatchNorm<double> norm{layer.channels, mean.data(), inverse.data(), layer.gamma.data(), layer.beta.data()};
    const Values slope = random.values(21 * 5);
    for (const bool relu : {false, true}) {
        const auto loss = [&] {
            Values out(layer.in.size());
            batch_norm_forward(21, layer.in.data(), norm, relu, out.data());
            return test::dot(out, slope);
        };
        batch_norm_backward_frozen<double>(21, layer.in.data(), slope.data(), norm, relu, grad_in.data());
        CHECK(test::difference(grad_in, test::central_differences(layer.in, loss)) < 1e-9);
    }
}

TEST_CASE("Batch norm in parts with summed statistics equals the whole batch") {
    Random random(3);
    const Layer layer(random, 50, 7);
    const Values slope = random.values(350);
    Values mean, inverse;
    (void)layer.forward(true, &mean, &inverse);
    const BatchNorm<double> norm{layer.channels, mean.data(), inverse.data(), layer.gamma.data(), layer.beta.data()};
    Values sum = layer.zeros(), squares = layer.zeros(), mean_of_parts = layer.zeros(),
           inverse_of_parts = layer.zeros();
    Values first = layer.zeros(), second = layer.zeros(), first_of_parts = layer.zeros(),
           second_of_parts = layer.zeros(), room(350);
    batch_norm_backward_sums(50, layer.in.data(), slope.data(), norm, true, room.data(), first.data(), second.data());
    for (const auto& [begin, end] : {std::pair{0, 13}, {13, 14}, {14, 50}}) {
        accumulate_statistics(end - begin, 7, layer.in.data() + begin * 7, sum.data(), squares.data());
        batch_norm_backward_sums(end - begin, layer.in.data() + begin * 7, slope.data() + begin * 7, norm, true,
                                 room.data(), first_of_parts.data(), second_of_parts.data());
    }
    finish_statistics(50, 7, layer.epsilon, sum.data(), squares.data(), mean_of_parts.data(), inverse_of_parts.data());
    CHECK(test::difference(mean, mean_of_parts) < 1e-12);
    CHECK(test::difference(inverse, inverse_of_parts) < 1e-12);
    CHECK(test::difference(first, first_of_parts) < 1e-12);
    CHECK(test::difference(second, second_of_parts) < 1e-12);
}

TEST_CASE("The variance of floats a thousand deviations from zero keeps float's accuracy") {
    Random random(4);
    const auto values = test::as<float>(random.values(10000, 999.0, 1001.0));
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 10000.0;
    double variance = 0;
    for (const float value : values) variance += (value - mean) * (value - mean) / 10000.0;
    Values sum{0.0}, squares{0.0}, got_mean{0.0}, inverse{0.0};
    accumulate_statistics(10000, 1, values.data(), sum.data(), squares.data());
    finish_statistics(10000, 1, 0.0, sum.data(), squares.data(), got_mean.data(), inverse.data());
    CHECK(std::abs(1.0 / (inverse[0] * inverse[0]) / variance - 1.0) < 1e-8);
}

TEST_CASE("Running statistics move by the momentum towards the mean and the unbiased variance") {
    const Values in{1.0, 2.0, 4.0, 9.0};
    Values sum{0.0}, squares{0.0}, mean{10.0}, variance{20.0};
    accumulate_statistics(4, 1, in.data(), sum.data(), squares.data());
    update_running_statistics(4, 1, 0.1, sum.data(), squares.data(), mean.data(), variance.data());
    CHECK(mean[0] == Approx(0.9 * 10.0 + 0.1 * 4.0));
    CHECK(variance[0] == Approx(0.9 * 20.0 + 0.1 * 38.0 / 3.0));
}

TEST_CASE("Batch norm may write over its input, and float follows double") {
    Random random(5);
    const Layer layer(random, 33, 20);
    Values mean, inverse;
    const Values wanted = layer.forward(true, &mean, &inverse);
    const auto gamma = test::as<float>(layer.gamma), beta = test::as<float>(layer.beta);
    auto data = test::as<float>(layer.in);
    batch_norm_forward<float>(33, data.data(), {20, mean.data(), inverse.data(), gamma.data(), beta.data()}, true,
                              data.data());
    CHECK(test::difference(test::as<double>(data), wanted) < 1e-6);
}

}  // namespace npusim
