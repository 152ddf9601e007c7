// A whole training or fine-tuning run: epochs of batches, checkpoints, records.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "npusim/models/finetune/recipe.h"
#include "npusim/workloads/datasets/batch_source.h"

namespace npusim {

struct EpochRecord {
    std::int64_t epoch = 0;    ///< from 0
    double learning_rate = 0;  ///< of its first iteration
    double train_loss = 0;     ///< mean over the epoch's images, as they were seen
    double train_top1 = 0;
    std::optional<double> held_out_loss;
    std::optional<double> held_out_top1;
};

/// What a run is made from. The sources must outlive it.
struct TrainingJob {
    Network network;
    Parameters start;
    const BatchSource* train = nullptr;
    const BatchSource* held_out = nullptr;  ///< measured after each epoch; may be null
    Recipe recipe;
    /// Where the run's state is kept; empty: nowhere. A file that is there and belongs to the same job is continued.
    std::filesystem::path checkpoint;
    double seconds_between_checkpoints = 60;
    /// Processes that share each batch's parts, to the same bytes as one process; all run the same job, the first one
    /// writes the checkpoint, all read it. Null: this one works alone.
    Ranks* ranks = nullptr;
};

/// Where a run stands, after each iteration.
struct TrainingProgress {
    std::int64_t iteration = 0;  ///< done, of the whole run
    std::int64_t iterations = 0;
    std::int64_t epoch = 0;
    double learning_rate = 0;
    double loss = 0;  ///< mean of the epoch so far
    double top1 = 0;
    std::int64_t images = 0;  ///< of the iteration
};

struct TrainingObserver {
    std::function<void(const TrainingProgress&)> iteration;  ///< may be empty
    std::function<void(const EpochRecord&)> epoch;           ///< may be empty
    /// The epochs that were done before.
    std::function<void(std::int64_t iteration, const std::vector<EpochRecord>& epochs)> resumed;  ///< may be empty
    std::function<bool()> stop;  ///< asked after each iteration; may be empty
};

struct TrainingResult {
    Parameters parameters;
    std::optional<TrainedSteps> steps;  ///< absent in fp32
    std::vector<EpochRecord> epochs;
    bool finished = true;  ///< false when `stop` ended the run; its checkpoint has it all
};

/// Throws InputError with everything that keeps a job from running: data that does not fit the network, a batch larger
/// than the data set, a class without images, a label out of range. run_training begins with it.
void check_training_job(const TrainingJob& job);

/// Trains. Same job, same bytes, whatever the number of threads and however often the run was interrupted (on
/// processors of one instruction set) or ranks. Throws InputError for a checkpoint of another job, a loss that is not
/// finite, or a checkpoint that cannot be written (the one before stays).
[[nodiscard]] TrainingResult run_training(const TrainingJob& job, const TrainingObserver& observer = {});

/// Where training from scratch begins: convolutions normal with variance 2 / fan-in (He et al. 2015), linear layers
/// with 1 / (3 · fan-in), batch norm as the identity, biases 0. Same seed, same bytes on one C library.
[[nodiscard]] Parameters initial_parameters(const Network& network, std::uint64_t seed);

/// Activation steps from images of `source` in evaluation form, by percentiles of the fp32 network's activations
/// (McKinstry et al. 2018), and weight steps of least squared error.
[[nodiscard]] TrainedSteps calibrated_steps(const Network& network, const Parameters& parameters,
                                            const PrecisionSpec& precision, const BatchSource& source,
                                            std::int64_t images);

struct Evaluation {
    double loss = 0;
    double top1 = 0;
    double top5 = 0;
};
/// Of the graph in evaluation mode over a whole source.
[[nodiscard]] Evaluation evaluate(TrainingGraph& graph, const Network& network, const BatchSource& source,
                                  const std::function<void(double done)>& progress = {});

}  // namespace npusim
