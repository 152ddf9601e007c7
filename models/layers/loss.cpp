#include "npusim/models/layers/loss.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "npusim/base/error.h"

namespace npusim {

namespace {

/// Probabilities of one image and their logarithms.
struct Softmax {
    std::vector<double> log_probability;
    std::vector<double> probability;

    explicit Softmax(std::int64_t classes)
        : log_probability(static_cast<std::size_t>(classes)), probability(static_cast<std::size_t>(classes)) {}

    template <typename Scalar>
    void compute(const Scalar* logits, double temperature) {
        const auto largest = static_cast<double>(*std::max_element(logits, logits + probability.size()));
        double sum = 0;
        for (std::size_t k = 0; k < probability.size(); ++k) {
            log_probability[k] = (static_cast<double>(logits[k]) - largest) / temperature;
            sum += std::exp(log_probability[k]);
        }
        const double log_sum = std::log(sum);
        for (std::size_t k = 0; k < probability.size(); ++k) {
            log_probability[k] -= log_sum;
            probability[k] = std::exp(log_probability[k]);
        }
    }
};

void check_options(const LossOptions& o, bool has_teacher) {
    const auto fail = [](const char* place, double value, const char* allowed) {
        throw InputError("loss", place, std::to_string(value) + " is not allowed, " + allowed);
    };
    if (!(o.label_smoothing >= 0 && o.label_smoothing <= 1)) fail("label_smoothing", o.label_smoothing, "0 to 1 is");
    if (!(o.distillation_weight >= 0 && o.distillation_weight <= 1)) {
        fail("distillation_weight", o.distillation_weight, "0 to 1 is");
    }
    if (!(o.temperature > 0)) fail("temperature", o.temperature, "more than 0 is");
    if (o.distillation_weight > 0 && !has_teacher) {
        throw InputError("loss", "distillation_weight", "needs the teacher's logits");
    }
}

void check_label(std::int32_t label, std::int64_t classes) {
    if (label >= 0 && label < classes) return;
    throw InputError("loss", "label",
                     std::to_string(label) + " is not allowed, 0 to " + std::to_string(classes - 1) + " is");
}

/// Adds weight·∂CE to `gradient` and gives weight·CE.
double add_cross_entropy(const Softmax& softmax, std::int32_t label, double smoothing, double weight,
                         std::vector<double>& gradient) {
    const double share = smoothing / static_cast<double>(gradient.size());
    double loss = 0;
    for (std::size_t k = 0; k < gradient.size(); ++k) {
        const double target = share + (static_cast<std::size_t>(label) == k ? 1.0 - smoothing : 0.0);
        // 0 · (−infinity) would be no number.
        if (target > 0) loss -= target * softmax.log_probability[k];
        gradient[k] += weight * (softmax.probability[k] - target);
    }
    return weight * loss;
}

/// The same for T²·KL(teacher ‖ student).
double add_distillation(const Softmax& student, const Softmax& teacher, double temperature, double weight,
                        std::vector<double>& gradient) {
    double divergence = 0;
    for (std::size_t k = 0; k < gradient.size(); ++k) {
        const double target = teacher.probability[k];
        if (target > 0) divergence += target * (teacher.log_probability[k] - student.log_probability[k]);
        gradient[k] += weight * temperature * (student.probability[k] - target);
    }
    return weight * temperature * temperature * divergence;
}

template <typename Scalar>
bool is_correct(const Scalar* logits, std::int64_t classes, std::int32_t label) {
    return std::max_element(logits, logits + classes) - logits == label;
}

}  // namespace

template <typename Scalar>
Loss softmax_cross_entropy(std::int64_t images, std::int64_t classes, const Scalar* logits, const std::int32_t* labels,
                           const Scalar* teacher, const LossOptions& options, std::int64_t batch_images,
                           Scalar* grad_logits) {
    check_options(options, teacher != nullptr);
    const double distillation = options.distillation_weight;
    Softmax student(classes);
    Softmax target(classes);
    std::vector<double> gradient(static_cast<std::size_t>(classes));
    Loss loss;
    for (std::int64_t image = 0; image < images; ++image, logits += classes) {
        const std::int32_t label = labels[image];
        check_label(label, classes);
        std::fill(gradient.begin(), gradient.end(), 0.0);
        student.compute(logits, 1.0);
        loss.sum += add_cross_entropy(student, label, options.label_smoothing, 1.0 - distillation, gradient);
        if (distillation > 0) {
            student.compute(logits, options.temperature);
            target.compute(teacher + image * classes, options.temperature);
            loss.sum += add_distillation(student, target, options.temperature, distillation, gradient);
        }
        loss.correct_top1 += is_correct(logits, classes, label) ? 1 : 0;
        for (const double value : gradient)
            *grad_logits++ = static_cast<Scalar>(value / static_cast<double>(batch_images));
    }
    return loss;
}

template <typename Scalar>
Loss evaluate_cross_entropy(std::int64_t images, std::int64_t classes, const Scalar* logits,
                            const std::int32_t* labels) {
    Softmax softmax(classes);
    Loss loss;
    for (std::int64_t image = 0; image < images; ++image, logits += classes) {
        check_label(labels[image], classes);
        softmax.compute(logits, 1.0);
        loss.sum -= softmax.log_probability[static_cast<std::size_t>(labels[image])];
        loss.correct_top1 += is_correct(logits, classes, labels[image]) ? 1 : 0;
    }
    return loss;
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                     \
    template Loss softmax_cross_entropy(std::int64_t, std::int64_t, const Scalar*, const std::int32_t*, const Scalar*, \
                                        const LossOptions&, std::int64_t, Scalar*);                                    \
    template Loss evaluate_cross_entropy(std::int64_t, std::int64_t, const Scalar*, const std::int32_t*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
