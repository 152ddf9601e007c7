// Two training runs that must have given the same bytes.
#pragma once

#include <catch2/catch.hpp>

#include "npusim/models/finetune/training_run.h"

namespace npusim::test {

inline void check_equal(const TrainingResult& a, const TrainingResult& b) {
    CHECK(a.finished == b.finished);
    REQUIRE(a.parameters.size() == b.parameters.size());
    for (const auto& [name, tensor] : a.parameters) {
        INFO(name);
        CHECK(tensor.values == b.parameters.at(name).values);
    }
    REQUIRE(a.steps.has_value() == b.steps.has_value());
    if (a.steps) {
        CHECK(a.steps->activation_steps == b.steps->activation_steps);
        CHECK(a.steps->weight_steps == b.steps->weight_steps);
    }
    REQUIRE(a.epochs.size() == b.epochs.size());
    for (std::size_t i = 0; i < a.epochs.size(); ++i) {
        CHECK(a.epochs[i].train_loss == b.epochs[i].train_loss);
        CHECK(a.epochs[i].train_top1 == b.epochs[i].train_top1);
        CHECK(a.epochs[i].learning_rate == b.epochs[i].learning_rate);
        CHECK(a.epochs[i].held_out_loss == b.epochs[i].held_out_loss);
        CHECK(a.epochs[i].held_out_top1 == b.epochs[i].held_out_top1);
    }
}

}  // namespace npusim::test
