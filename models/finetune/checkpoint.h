// The state of a training run between two iterations, in one file.
#pragma once

#include "npusim/models/finetune/training_run.h"

namespace npusim {

struct RunState {
    std::int64_t iteration = 0;        ///< done
    std::int64_t epoch = 0;            ///< at hand
    std::int64_t epoch_iteration = 0;  ///< done of this epoch
    double loss_sum = 0;               ///< of this epoch's images so far
    std::int64_t correct = 0;
    std::int64_t images = 0;
    std::vector<EpochRecord> epochs;
};

struct Checkpoint {
    RunState run;
    Parameters parameters;
    TrainedSteps steps;
    OptimizerState optimizer;
};

/// Names everything that decides the run's result; a checkpoint of another identity is refused.
[[nodiscard]] std::string identity_of(const TrainingJob& job);

/// Written whole or not at all.
void write_checkpoint(const Checkpoint& checkpoint, const std::string& identity, const std::filesystem::path& path);
/// Throws InputError for a damaged file or another run's.
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& path, const std::string& identity);

}  // namespace npusim
