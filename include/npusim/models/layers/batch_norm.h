// Batch norm over NHWC: [pixels][channels], where pixels counts those of all images of the part at hand.
//
// Training takes two passes each way, so that the caller can add up the sums of its parts, in a fixed order, between
// them:
//     forward:  sums of the part → (add up) → finish_statistics → batch_norm_forward
//     backward: sums of the part → (add up) → batch_norm_backward
//
// The statistics are plain sums of x and x² in double. A float's square is exact in double, and float data whose mean
// is m standard deviations away lose 2·log2(m) of double's 53 bits in E(x²) − E(x)², so that the variance keeps float's
// 24 bits up to m = 2^14; floats that far from zero have lost 14 bits of their deviation themselves. Unlike Welford's
// recurrence, sums vectorize, need no division, and those of parts just add.
#pragma once

#include <cstdint>

namespace npusim {

/// sum[c] += Σ in(p, c); sum_of_squares[c] += Σ in(p, c)².
template <typename Scalar>
void accumulate_statistics(std::int64_t pixels, std::int64_t channels, const Scalar* in, double* sum,
                           double* sum_of_squares);

/// From the sums over the whole batch's pixels: mean and 1 / sqrt(variance + epsilon), the variance biased (÷ pixels).
void finish_statistics(std::int64_t pixels, std::int64_t channels, double epsilon, const double* sum,
                       const double* sum_of_squares, double* mean, double* inverse_deviation);

/// The same from statistics kept before: 1 / sqrt(running_variance + epsilon).
template <typename Scalar>
void frozen_statistics(std::int64_t channels, double epsilon, const Scalar* running_mean,
                       const Scalar* running_variance, double* mean, double* inverse_deviation);

/// torch's update: running = (1 − momentum)·running + momentum·batch, with the unbiased variance (÷ (pixels − 1)).
template <typename Scalar>
void update_running_statistics(std::int64_t pixels, std::int64_t channels, double momentum, const double* sum,
                               const double* sum_of_squares, Scalar* running_mean, Scalar* running_variance);

/// Per channel; all arrays [channels].
template <typename Scalar>
struct BatchNorm {
    const double* mean = nullptr;
    const double* inverse_deviation = nullptr;
    const Scalar* gamma = nullptr;
    const Scalar* beta = nullptr;  ///< backward does not read it
};

/// out = (in − mean)·inverse_deviation·gamma + beta, and max(0, that) with `relu`. out may be in.
template <typename Scalar>
void batch_norm_forward(std::int64_t pixels, std::int64_t channels, const Scalar* in, const BatchNorm<Scalar>& norm,
                        bool relu, Scalar* out);

/// First pass backward: sum_gradient[c] += Σ dy (which is ∂L/∂beta) and sum_product[c] += Σ dy·x̂ (∂L/∂gamma), with
/// x̂ = (in − mean)·inverse_deviation. dy is grad_out; where `relu_out`, the output of a fused ReLU, is given, dy is 0
/// where that is not positive.
template <typename Scalar>
void batch_norm_backward_sums(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* grad_out,
                              const Scalar* relu_out, const BatchNorm<Scalar>& norm, double* sum_gradient,
                              double* sum_product);

/// Second pass, for batch statistics: grad_in = gamma·inverse_deviation·(dy − sum_gradient/N − x̂·sum_product/N), where
/// the sums are those of the whole batch and N = batch_pixels counts its pixels. grad_in may be grad_out.
template <typename Scalar>
void batch_norm_backward(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* grad_out,
                         const Scalar* relu_out, const BatchNorm<Scalar>& norm, std::int64_t batch_pixels,
                         const double* sum_gradient, const double* sum_product, Scalar* grad_in);

/// For statistics that are constants: grad_in = gamma·inverse_deviation·dy. grad_in may be grad_out.
template <typename Scalar>
void batch_norm_backward_frozen(std::int64_t pixels, std::int64_t channels, const Scalar* grad_out,
                                const Scalar* relu_out, const BatchNorm<Scalar>& norm, Scalar* grad_in);

}  // namespace npusim
