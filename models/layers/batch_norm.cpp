#include "npusim/models/layers/batch_norm.h"

#include <algorithm>
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

template <typename Scalar>
Scalar normalized(Scalar x, Scalar mean, Scalar scale, Scalar offset) {
    return (x - mean) * scale + offset;
}

template <bool relu, typename Scalar>
void forward(std::int64_t pixels, const Scalar* in, const BatchNorm<Scalar>& norm, Scalar* out) {
    for_each_row(pixels, norm.channels(), [&](std::int64_t begin, std::int64_t count) {
        const Scalar* mean = norm.means();
        const Scalar* scale = norm.scales();
        const Scalar* offset = norm.offsets();
        const Scalar* x = in + begin;
        Scalar* y = out + begin;
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) {
            const Scalar value = normalized(x[i], mean[i], scale[i], offset[i]);
            y[i] = relu && value < Scalar{0} ? Scalar{0} : value;
        }
    });
}

/// out = value(i, x, dy) for each element: i counts from the row's beginning, as the norm's factors do; dy is the
/// gradient, with `relu` as it is before ReLU.
template <bool relu, typename Scalar, typename Value>
void for_each_gradient(std::int64_t pixels, const Scalar* in, const Scalar* grad_out, const BatchNorm<Scalar>& norm,
                       Scalar* out, const Value& value) {
    for_each_row(pixels, norm.channels(), [&](std::int64_t begin, std::int64_t count) {
        const Scalar* mean = norm.means();
        const Scalar* scale = norm.scales();
        const Scalar* offset = norm.offsets();
        const Scalar* x = in + begin;
        const Scalar* given = grad_out + begin;
        Scalar* to = out + begin;
        const Value value_of = value;  // a copy of its pointers, which no store through `to` can change
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t i = 0; i < count; ++i) {
            const bool passes = !relu || normalized(x[i], mean[i], scale[i], offset[i]) > Scalar{0};
            const Scalar all = given[i];
            to[i] = value_of(i, x[i], passes ? all : Scalar{0});
        }
    });
}

template <bool relu, typename Scalar>
void backward(std::int64_t pixels, const Scalar* in, const Scalar* grad_out, const BatchNorm<Scalar>& norm,
              std::int64_t batch_pixels, const double* sum_gradient, const double* sum_product, Scalar* grad_in) {
    const auto batch = static_cast<double>(batch_pixels);
    const TiledChannels<Scalar> averages(norm.channels(), [&](std::int64_t c) { return sum_gradient[c] / batch; });
    const TiledChannels<Scalar> slopes(
        norm.channels(), [&](std::int64_t c) { return norm.inverse_deviation()[c] * sum_product[c] / batch; });
    for_each_gradient<relu>(
        pixels, in, grad_out, norm, grad_in,
        [mean = norm.means(), scale = norm.scales(), average = averages.data(), slope = slopes.data()](
            std::int64_t i, Scalar x, Scalar dy) { return scale[i] * (dy - average[i] - (x - mean[i]) * slope[i]); });
}

template <bool relu, typename Scalar>
void backward_frozen(std::int64_t pixels, const Scalar* in, const Scalar* grad_out, const BatchNorm<Scalar>& norm,
                     Scalar* grad_in) {
    for_each_gradient<relu>(pixels, in, grad_out, norm, grad_in,
                            [scale = norm.scales()](std::int64_t i, Scalar /*x*/, Scalar dy) { return scale[i] * dy; });
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
BatchNorm<Scalar>::BatchNorm(std::int64_t channels, const double* mean, const double* inverse_deviation,
                             const Scalar* gamma, const Scalar* beta)
    : channels_(channels), mean_(mean), inverse_deviation_(inverse_deviation) {
    using Tiled = TiledChannels<Scalar>;
    means_ = Tiled(channels, [&](std::int64_t c) { return mean[c]; }).take();
    scales_ =
        Tiled(channels, [&](std::int64_t c) { return inverse_deviation[c] * static_cast<double>(gamma[c]); }).take();
    offsets_ = Tiled(channels, [&](std::int64_t c) { return beta[c]; }).take();
}

template <typename Scalar>
void batch_norm_forward(std::int64_t pixels, const Scalar* in, const BatchNorm<Scalar>& norm, bool relu, Scalar* out) {
    (relu ? forward<true, Scalar> : forward<false, Scalar>)(pixels, in, norm, out);
}

template <typename Scalar>
void batch_norm_backward_sums(std::int64_t pixels, const Scalar* in, const Scalar* grad_out,
                              const BatchNorm<Scalar>& norm, bool relu, Scalar* room, double* sum_gradient,
                              double* sum_product) {
    const std::int64_t channels = norm.channels();
    std::vector<double> products(static_cast<std::size_t>(channels), 0.0);
    if (relu) {
        for_each_gradient<true>(pixels, in, grad_out, norm, room, [](std::int64_t, Scalar, Scalar dy) { return dy; });
    }
    const Scalar* dy = relu ? room : grad_out;
    const double* mean = norm.mean();
    accumulate_channels(pixels, channels, sum_gradient, products.data(), [=](std::int64_t element, std::int64_t c) {
        const auto gradient = static_cast<double>(dy[element]);
        return TwoTerms{gradient, gradient * (static_cast<double>(in[element]) - mean[c])};
    });
    for (std::int64_t c = 0; c < channels; ++c) {
        sum_product[c] += products[static_cast<std::size_t>(c)] * norm.inverse_deviation()[c];
    }
}

template <typename Scalar>
void batch_norm_backward(std::int64_t pixels, const Scalar* in, const Scalar* grad_out, const BatchNorm<Scalar>& norm,
                         bool relu, std::int64_t batch_pixels, const double* sum_gradient, const double* sum_product,
                         Scalar* grad_in) {
    (relu ? backward<true, Scalar> : backward<false, Scalar>)(pixels, in, grad_out, norm, batch_pixels, sum_gradient,
                                                              sum_product, grad_in);
}

template <typename Scalar>
void batch_norm_backward_frozen(std::int64_t pixels, const Scalar* in, const Scalar* grad_out,
                                const BatchNorm<Scalar>& norm, bool relu, Scalar* grad_in) {
    (relu ? backward_frozen<true, Scalar> : backward_frozen<false, Scalar>)(pixels, in, grad_out, norm, grad_in);
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                     \
    template void accumulate_statistics(std::int64_t, std::int64_t, const Scalar*, double*, double*);                  \
    template void frozen_statistics(std::int64_t, double, const Scalar*, const Scalar*, double*, double*);             \
    template void update_running_statistics(std::int64_t, std::int64_t, double, const double*, const double*, Scalar*, \
                                            Scalar*);                                                                  \
    template class BatchNorm<Scalar>;                                                                                  \
    template void batch_norm_forward(std::int64_t, const Scalar*, const BatchNorm<Scalar>&, bool, Scalar*);            \
    template void batch_norm_backward_sums(std::int64_t, const Scalar*, const Scalar*, const BatchNorm<Scalar>&, bool, \
                                           Scalar*, double*, double*);                                                 \
    template void batch_norm_backward(std::int64_t, const Scalar*, const Scalar*, const BatchNorm<Scalar>&, bool,      \
                                      std::int64_t, const double*, const double*, Scalar*);                            \
    template void batch_norm_backward_frozen(std::int64_t, const Scalar*, const Scalar*, const BatchNorm<Scalar>&,     \
                                             bool, Scalar*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
