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
#include <vector>

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

/// What batch norm does to each element in one batch: y = (x − mean)·scale + beta, scale = inverse_deviation·gamma.
/// Keeps the factors repeated to rows of whole pixels, so that loops vectorize for any number of channels.
template <typename Scalar>
class BatchNorm {
public:
    BatchNorm() = default;
    /// All arrays [channels]; the first two must live as long as this.
    BatchNorm(std::int64_t channels, const double* mean, const double* inverse_deviation, const Scalar* gamma,
              const Scalar* beta);

    [[nodiscard]] std::int64_t channels() const { return channels_; }
    [[nodiscard]] const double* mean() const { return mean_; }
    [[nodiscard]] const double* inverse_deviation() const { return inverse_deviation_; }
    /// The first three in Scalar, repeated: [row_elements].
    [[nodiscard]] const Scalar* means() const { return means_.data(); }
    [[nodiscard]] const Scalar* scales() const { return scales_.data(); }
    [[nodiscard]] const Scalar* offsets() const { return offsets_.data(); }

private:
    std::int64_t channels_ = 0;
    const double* mean_ = nullptr;
    const double* inverse_deviation_ = nullptr;
    std::vector<Scalar> means_;
    std::vector<Scalar> scales_;
    std::vector<Scalar> offsets_;
};

/// out = (in − mean)·scale + beta, and max(0, that) with `relu`. out may be in.
template <typename Scalar>
void batch_norm_forward(std::int64_t pixels, const Scalar* in, const BatchNorm<Scalar>& norm, bool relu, Scalar* out);

/// First pass backward: sum_gradient[c] += Σ dy (which is ∂L/∂beta) and sum_product[c] += Σ dy·x̂ (∂L/∂gamma), with
/// x̂ = (in − mean)·inverse_deviation. dy is grad_out, and with `relu` 0 where the forward pass gave nothing positive,
/// which is computed again: it costs less than reading it. `room` is for pixels·channels numbers, and used with `relu`
/// only.
template <typename Scalar>
void batch_norm_backward_sums(std::int64_t pixels, const Scalar* in, const Scalar* grad_out,
                              const BatchNorm<Scalar>& norm, bool relu, Scalar* room, double* sum_gradient,
                              double* sum_product);

/// Second pass, for batch statistics: grad_in = scale·(dy − sum_gradient/N − x̂·sum_product/N), where the sums are those
/// of the whole batch and N = batch_pixels counts its pixels. grad_in may be grad_out.
template <typename Scalar>
void batch_norm_backward(std::int64_t pixels, const Scalar* in, const Scalar* grad_out, const BatchNorm<Scalar>& norm,
                         bool relu, std::int64_t batch_pixels, const double* sum_gradient, const double* sum_product,
                         Scalar* grad_in);

/// For statistics that are constants: grad_in = scale·dy. grad_in may be grad_out.
template <typename Scalar>
void batch_norm_backward_frozen(std::int64_t pixels, const Scalar* in, const Scalar* grad_out,
                                const BatchNorm<Scalar>& norm, bool relu, Scalar* grad_in);

}  // namespace npusim
