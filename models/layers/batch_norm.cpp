#include "npusim/models/layers/batch_norm.h"

#include <cmath>

#include "channel_loops.h"

namespace npusim {

namespace {

/// Cancellation can leave a tiny negative number for a constant channel.
double variance_of(std::int64_t pixels, double sum, double sum_of_squares) {
    const auto count = static_cast<double>(pixels);
    const double mean = sum / count;
    return std::max(0.0, sum_of_squares / count - mean * mean);
}

/// The gradient behind a fused ReLU, or as it is.
template <bool relu, typename Scalar>
Scalar masked(Scalar gradient, const Scalar* relu_out, std::int64_t element) {
    if constexpr (relu) return relu_out[element] > Scalar{0} ? gradient : Scalar{0};
    return gradient;
}

template <bool relu, typename Scalar>
void forward(std::int64_t pixels, std::int64_t channels, const Scalar* in, const BatchNorm<Scalar>& norm, Scalar* out) {
    const TiledChannels<Scalar> means(channels, [&](std::int64_t c) { return norm.mean[c]; });
    const TiledChannels<Scalar> scales(
        channels, [&](std::int64_t c) { return norm.inverse_deviation[c] * static_cast<double>(norm.gamma[c]); });
    const TiledChannels<Scalar> offsets(channels, [&](std::int64_t c) { return norm.beta[c]; });
    for_each_row(pixels, channels, [&](std::int64_t begin, std::int64_t count) {
        const Scalar* mean = means.data();
        const Scalar* scale = scales.data();
        const Scalar* offset = offsets.data();
        const Scalar* x = in + begin;
        Scalar* y = out + begin;
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) {
            const Scalar value = (x[i] - mean[i]) * scale[i] + offset[i];
            y[i] = relu && value < Scalar{0} ? Scalar{0} : value;
        }
    });
}

template <bool relu, typename Scalar>
void backward_sums(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* grad_out,
                   const Scalar* relu_out, const BatchNorm<Scalar>& norm, double* sum_gradient, double* sum_product) {
    std::vector<double> products(static_cast<std::size_t>(channels), 0.0);
    const double* mean = norm.mean;
    accumulate_channels(pixels, channels, sum_gradient, products.data(), [=](std::int64_t element, std::int64_t c) {
        const auto gradient = static_cast<double>(masked<relu>(grad_out[element], relu_out, element));
        return TwoTerms{gradient, gradient * (static_cast<double>(in[element]) - mean[c])};
    });
    for (std::int64_t c = 0; c < channels; ++c) {
        sum_product[c] += products[static_cast<std::size_t>(c)] * norm.inverse_deviation[c];
    }
}

template <bool relu, typename Scalar>
void backward(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* grad_out,
              const Scalar* relu_out, const BatchNorm<Scalar>& norm, std::int64_t batch_pixels,
              const double* sum_gradient, const double* sum_product, Scalar* grad_in) {
    const auto batch = static_cast<double>(batch_pixels);
    const TiledChannels<Scalar> means(channels, [&](std::int64_t c) { return norm.mean[c]; });
    const TiledChannels<Scalar> scales(
        channels, [&](std::int64_t c) { return norm.inverse_deviation[c] * static_cast<double>(norm.gamma[c]); });
    const TiledChannels<Scalar> averages(channels, [&](std::int64_t c) { return sum_gradient[c] / batch; });
    const TiledChannels<Scalar> slopes(
        channels, [&](std::int64_t c) { return norm.inverse_deviation[c] * sum_product[c] / batch; });
    for_each_row(pixels, channels, [&](std::int64_t begin, std::int64_t count) {
        const Scalar* mean = means.data();
        const Scalar* scale = scales.data();
        const Scalar* average = averages.data();
        const Scalar* slope = slopes.data();
        const Scalar* x = in + begin;
        const Scalar* dy = grad_out + begin;
        const Scalar* y = relu ? relu_out + begin : nullptr;
        Scalar* dx = grad_in + begin;
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) {
            dx[i] = scale[i] * (masked<relu>(dy[i], y, i) - average[i] - (x[i] - mean[i]) * slope[i]);
        }
    });
}

template <bool relu, typename Scalar>
void backward_frozen(std::int64_t pixels, std::int64_t channels, const Scalar* grad_out, const Scalar* relu_out,
                     const BatchNorm<Scalar>& norm, Scalar* grad_in) {
    const TiledChannels<Scalar> scales(
        channels, [&](std::int64_t c) { return norm.inverse_deviation[c] * static_cast<double>(norm.gamma[c]); });
    for_each_row(pixels, channels, [&](std::int64_t begin, std::int64_t count) {
        const Scalar* scale = scales.data();
        const Scalar* dy = grad_out + begin;
        const Scalar* y = relu ? relu_out + begin : nullptr;
        Scalar* dx = grad_in + begin;
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) dx[i] = scale[i] * masked<relu>(dy[i], y, i);
    });
}

}  // namespace

template <typename Scalar>
void accumulate_statistics(std::int64_t pixels, std::int64_t channels, const Scalar* in, double* sum,
                           double* sum_of_squares) {
    accumulate_channels(pixels, channels, sum, sum_of_squares, [=](std::int64_t element, std::int64_t) {
        const auto value = static_cast<double>(in[element]);
        return TwoTerms{value, value * value};
    });
}

void finish_statistics(std::int64_t pixels, std::int64_t channels, double epsilon, const double* sum,
                       const double* sum_of_squares, double* mean, double* inverse_deviation) {
    for (std::int64_t c = 0; c < channels; ++c) {
        inverse_deviation[c] = 1.0 / std::sqrt(variance_of(pixels, sum[c], sum_of_squares[c]) + epsilon);
        mean[c] = sum[c] / static_cast<double>(pixels);
    }
}

template <typename Scalar>
void frozen_statistics(std::int64_t channels, double epsilon, const Scalar* running_mean,
                       const Scalar* running_variance, double* mean, double* inverse_deviation) {
    for (std::int64_t c = 0; c < channels; ++c) {
        mean[c] = static_cast<double>(running_mean[c]);
        inverse_deviation[c] = 1.0 / std::sqrt(static_cast<double>(running_variance[c]) + epsilon);
    }
}

template <typename Scalar>
void update_running_statistics(std::int64_t pixels, std::int64_t channels, double momentum, const double* sum,
                               const double* sum_of_squares, Scalar* running_mean, Scalar* running_variance) {
    const auto count = static_cast<double>(pixels);
    const auto blend = [&](Scalar& running, double batch) {
        running = static_cast<Scalar>((1.0 - momentum) * static_cast<double>(running) + momentum * batch);
    };
    for (std::int64_t c = 0; c < channels; ++c) {
        blend(running_mean[c], sum[c] / count);
        blend(running_variance[c], variance_of(pixels, sum[c], sum_of_squares[c]) * count / std::max(1.0, count - 1.0));
    }
}

template <typename Scalar>
void batch_norm_forward(std::int64_t pixels, std::int64_t channels, const Scalar* in, const BatchNorm<Scalar>& norm,
                        bool relu, Scalar* out) {
    (relu ? forward<true, Scalar> : forward<false, Scalar>)(pixels, channels, in, norm, out);
}

template <typename Scalar>
void batch_norm_backward_sums(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* grad_out,
                              const Scalar* relu_out, const BatchNorm<Scalar>& norm, double* sum_gradient,
                              double* sum_product) {
    (relu_out != nullptr ? backward_sums<true, Scalar> : backward_sums<false, Scalar>)(pixels, channels, in, grad_out,
                                                                                       relu_out, norm, sum_gradient,
                                                                                       sum_product);
}

template <typename Scalar>
void batch_norm_backward(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* grad_out,
                         const Scalar* relu_out, const BatchNorm<Scalar>& norm, std::int64_t batch_pixels,
                         const double* sum_gradient, const double* sum_product, Scalar* grad_in) {
    (relu_out != nullptr ? backward<true, Scalar> : backward<false, Scalar>)(pixels, channels, in, grad_out, relu_out,
                                                                             norm, batch_pixels, sum_gradient,
                                                                             sum_product, grad_in);
}

template <typename Scalar>
void batch_norm_backward_frozen(std::int64_t pixels, std::int64_t channels, const Scalar* grad_out,
                                const Scalar* relu_out, const BatchNorm<Scalar>& norm, Scalar* grad_in) {
    (relu_out != nullptr ? backward_frozen<true, Scalar> : backward_frozen<false, Scalar>)(pixels, channels, grad_out,
                                                                                           relu_out, norm, grad_in);
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                     \
    template void accumulate_statistics(std::int64_t, std::int64_t, const Scalar*, double*, double*);                  \
    template void frozen_statistics(std::int64_t, double, const Scalar*, const Scalar*, double*, double*);             \
    template void update_running_statistics(std::int64_t, std::int64_t, double, const double*, const double*, Scalar*, \
                                            Scalar*);                                                                  \
    template void batch_norm_forward(std::int64_t, std::int64_t, const Scalar*, const BatchNorm<Scalar>&, bool,        \
                                     Scalar*);                                                                         \
    template void batch_norm_backward_sums(std::int64_t, std::int64_t, const Scalar*, const Scalar*, const Scalar*,    \
                                           const BatchNorm<Scalar>&, double*, double*);                                \
    template void batch_norm_backward(std::int64_t, std::int64_t, const Scalar*, const Scalar*, const Scalar*,         \
                                      const BatchNorm<Scalar>&, std::int64_t, const double*, const double*, Scalar*);  \
    template void batch_norm_backward_frozen(std::int64_t, std::int64_t, const Scalar*, const Scalar*,                 \
                                             const BatchNorm<Scalar>&, Scalar*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
