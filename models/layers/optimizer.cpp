#include "npusim/models/layers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "npusim/base/error.h"

namespace npusim {

namespace {

template <bool nesterov, typename Scalar>
void step(std::int64_t elements, const Sgd& sgd, const Scalar* __restrict gradient, Scalar* __restrict velocity,
          Scalar* __restrict weights) {
    const auto rate = static_cast<Scalar>(sgd.learning_rate);
    const auto momentum = static_cast<Scalar>(sgd.momentum);
    const auto decay = static_cast<Scalar>(sgd.weight_decay);
    for (std::int64_t i = 0; i < elements; ++i) {
        const Scalar slope = gradient[i] + decay * weights[i];
        velocity[i] = momentum * velocity[i] + slope;
        weights[i] -= rate * (nesterov ? slope + momentum * velocity[i] : velocity[i]);
    }
}

void check_schedule(const Schedule& s, std::int64_t step, std::int64_t total_steps) {
    const auto fail = [](const char* place, const std::string& what) { throw InputError("schedule", place, what); };
    if (step < 0 || step >= total_steps) {
        fail("step", std::to_string(step) + " is not allowed, 0 to " + std::to_string(total_steps - 1) + " is");
    }
    if (!(s.base_rate >= 0)) fail("base_rate", std::to_string(s.base_rate) + " is not allowed, 0 or more is");
    if (s.kind == ScheduleKind::exponential && !(s.base_rate > 0 && s.final_rate > 0)) {
        fail("final_rate", std::to_string(s.final_rate) + " is not allowed, an exponential needs rates above 0");
    }
    if (s.warmup_steps < 0) fail("warmup_steps", std::to_string(s.warmup_steps) + " is not allowed, 0 or more is");
}

}  // namespace

template <typename Scalar>
void sgd_step(std::int64_t elements, const Sgd& sgd, const Scalar* gradient, Scalar* velocity, Scalar* weights) {
    (sgd.nesterov ? step<true, Scalar> : step<false, Scalar>)(elements, sgd, gradient, velocity, weights);
}

template void sgd_step(std::int64_t, const Sgd&, const float*, float*, float*);
template void sgd_step(std::int64_t, const Sgd&, const double*, double*, double*);

double exponential_rate(double base_rate, double final_rate, double progress) {
    return base_rate * std::pow(final_rate / base_rate, progress);
}

double cosine_rate(double base_rate, double final_rate, double progress) {
    return final_rate + (base_rate - final_rate) * (1.0 + std::cos(std::numbers::pi * progress)) / 2.0;
}

double step_rate(double base_rate, double factor, const std::vector<double>& milestones, double progress) {
    const auto passed = std::count_if(milestones.begin(), milestones.end(), [&](double m) { return m <= progress; });
    return base_rate * std::pow(factor, static_cast<double>(passed));
}

double learning_rate(const Schedule& s, std::int64_t step, std::int64_t total_steps) {
    check_schedule(s, step, total_steps);
    if (step < s.warmup_steps) {
        return s.base_rate * static_cast<double>(step + 1) / static_cast<double>(s.warmup_steps);
    }
    const double progress =
        static_cast<double>(step - s.warmup_steps) / static_cast<double>(total_steps - s.warmup_steps);
    switch (s.kind) {
        case ScheduleKind::constant:
            return s.base_rate;
        case ScheduleKind::exponential:
            return exponential_rate(s.base_rate, s.final_rate, progress);
        case ScheduleKind::step:
            return step_rate(s.base_rate, s.factor, s.milestones, progress);
        case ScheduleKind::cosine:
            return cosine_rate(s.base_rate, s.final_rate, progress);
    }
    return s.base_rate;
}

}  // namespace npusim
