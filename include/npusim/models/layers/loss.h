// The loss of a classifier on a part of a batch, and its gradient.
#pragma once

#include <cstdint>
#include <span>

namespace npusim {

/// Per image, with K classes, p = softmax(logits), p_T = softmax(logits / T), t_T = softmax(teacher / T):
///     loss = (1 − distillation)·CE + distillation·T²·Σ_k t_T(k)·log(t_T(k) / p_T(k))
///     CE = −Σ_k q(k)·log p(k),  q = (1 − smoothing)·onehot(label) + smoothing / K
struct LossOptions {
    double label_smoothing = 0;      ///< 0 … 1
    double distillation_weight = 0;  ///< 0 … 1; 0 needs no teacher
    double temperature = 1;          ///< > 0
};

struct Loss {
    double sum = 0;                 ///< over the images, not divided by their number
    std::int64_t correct_top1 = 0;  ///< images whose label has the largest logit (the first of equal ones)
};

/// logits and teacher [images][classes] (teacher null without distillation), labels [images]. grad_logits = ∂(sum /
/// batch_images)/∂logits, where batch_images counts the images of all parts. Throws InputError for a label or an option
/// out of range. Scalar: float, double; computed in double.
template <typename Scalar>
Loss softmax_cross_entropy(std::int64_t images, std::int64_t classes, const Scalar* logits, const std::int32_t* labels,
                           const Scalar* teacher, const LossOptions& options, std::int64_t batch_images,
                           Scalar* grad_logits);

/// The place of the label among one image's logits, the largest first; of equal ones the first counts as larger.
template <typename Scalar>
[[nodiscard]] std::int64_t rank_of(std::span<const Scalar> logits, std::int32_t label) {
    const auto own = static_cast<std::size_t>(label);
    std::int64_t rank = 0;
    for (std::size_t k = 0; k < logits.size(); ++k) {
        if (logits[k] > logits[own] || (logits[k] == logits[own] && k < own)) ++rank;
    }
    return rank;
}

/// The same figures without a gradient, for validation.
template <typename Scalar>
Loss evaluate_cross_entropy(std::int64_t images, std::int64_t classes, const Scalar* logits,
                            const std::int32_t* labels);

}  // namespace npusim
