// Stochastic gradient descent in torch's formulation, and learning rates as functions of the step.
#pragma once

#include <cstdint>
#include <vector>

namespace npusim {

struct Sgd {
    double learning_rate = 0.1;
    double momentum = 0;
    double weight_decay = 0;
    bool nesterov = false;
};

/// g = gradient + weight_decay·w; velocity = momentum·velocity + g; w −= learning_rate·velocity, with Nesterov
/// learning_rate·(g + momentum·velocity). velocity is 0 before the first step. Scalar: float, double.
template <typename Scalar>
void sgd_step(std::int64_t elements, const Sgd& sgd, const Scalar* gradient, Scalar* velocity, Scalar* weights);

enum class ScheduleKind { constant, exponential, step, cosine };

/// How the learning rate goes. Steps count from 0 to total_steps − 1.
struct Schedule {
    ScheduleKind kind = ScheduleKind::constant;
    double base_rate = 0.1;
    double final_rate = 0;           ///< exponential (> 0) and cosine: where the end of training would be
    double factor = 0.1;             ///< step: what each milestone multiplies the rate by
    std::vector<double> milestones;  ///< step: fractions of the way, e.g. 0.5 and 0.75
    std::int64_t warmup_steps = 0;   ///< before all that, base_rate·(step + 1) / warmup_steps
};

/// progress = 0 … 1, the way done.
[[nodiscard]] double exponential_rate(double base_rate, double final_rate, double progress);
[[nodiscard]] double cosine_rate(double base_rate, double final_rate, double progress);
[[nodiscard]] double step_rate(double base_rate, double factor, const std::vector<double>& milestones, double progress);

/// The rate of one step, where progress runs from the end of the warm-up. Throws InputError unless 0 ≤ step <
/// total_steps and the rates are usable.
[[nodiscard]] double learning_rate(const Schedule& schedule, std::int64_t step, std::int64_t total_steps);

}  // namespace npusim
