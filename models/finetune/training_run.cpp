#include "npusim/models/finetune/training_run.h"

#include <algorithm>
#include <chrono>

#include "checkpoint.h"
#include "npusim/base/error.h"
#include "npusim/workloads/datasets/shuffle.h"
#include "read_batch.h"

namespace npusim {
namespace {

using Clock = std::chrono::steady_clock;

void check_labels(const TrainingJob& job, const BatchSource& source, std::vector<std::string>& problems) {
    const std::int64_t classes = job.network.classes();
    const auto labels = source.labels();
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] >= 0 && labels[i] < classes) continue;
        problems.push_back(source.name() + ": image " + std::to_string(i) + " has label " + std::to_string(labels[i]) +
                           ", allowed are 0 to " + std::to_string(classes - 1));
        return;
    }
}

void check_classes(const TrainingJob& job, std::vector<std::string>& problems) {
    if (job.recipe.empty_classes) return;
    std::vector<std::int64_t> images(static_cast<std::size_t>(job.network.classes()));
    for (const std::int32_t label : job.train->labels()) ++images[static_cast<std::size_t>(label)];
    for (std::size_t k = 0; k < images.size(); ++k) {
        if (images[k] > 0) continue;
        const auto& names = job.train->class_names();
        problems.push_back(job.train->name() + ": class " + std::to_string(k) +
                           (k < names.size() ? " (" + names[k] + ")" : "") +
                           " has no image to train on; more images are needed, or \"empty_classes\": true");
        return;
    }
}

TrainingSetup setup_of(const Recipe& recipe, Ranks* ranks) {
    TrainingSetup setup;
    setup.ranks = ranks;
    setup.step_rule = recipe.step_rule;
    setup.precision = recipe.precision;
    setup.freeze_batch_norm = recipe.freeze_batch_norm;
    setup.batch_norm_momentum = recipe.batch_norm_momentum;
    setup.loss = {recipe.label_smoothing, recipe.distillation_weight, recipe.distillation_temperature};
    setup.dropout_seed = recipe.seed + 1;
    return setup;
}

class Run {
public:
    Run(const TrainingJob& job, const TrainingObserver& observer)
        : job_(job),
          observer_(observer),
          identity_(identity_of(job)),
          schedule_(schedule_of(job.recipe, job.train->size())),
          total_(total_iterations(job.recipe, job.train->size())) {
        if (job.recipe.distillation_weight > 0) {
            TrainingSetup teacher;
            teacher.ranks = job.ranks;
            teacher_.emplace(job.network, job.start, teacher);
        }
        resume_or_start();
    }

    TrainingResult train() {
        while (state_.epoch < job_.recipe.epochs) {
            if (!run_epoch()) return result(false);
            end_epoch();
        }
        return result(true);
    }

private:
    void resume_or_start() {
        std::error_code ignored;
        if (!job_.checkpoint.empty() && std::filesystem::exists(job_.checkpoint, ignored)) {
            const Checkpoint checkpoint = read_checkpoint(job_.checkpoint, identity_);
            graph_.emplace(job_.network, checkpoint.parameters, setup_of(job_.recipe, job_.ranks), checkpoint.steps);
            graph_->set_optimizer_state(checkpoint.optimizer);
            state_ = checkpoint.run;
            begin_together();
            if (observer_.resumed) observer_.resumed(state_.iteration, state_.epochs);
            return;
        }
        TrainedSteps steps;
        if (quantizes()) {
            steps = calibrated_steps(job_.network, job_.start, job_.recipe.precision, *job_.train,
                                     job_.recipe.calibration_images);
        }
        graph_.emplace(job_.network, job_.start, setup_of(job_.recipe, job_.ranks), steps);
        begin_together();
        save();
    }

    /// The first checkpoint is written when all ranks have looked for one.
    void begin_together() const {
        if (job_.ranks == nullptr) return;
        for (const std::string& other : job_.ranks->all_gather(identity_ + std::to_string(state_.iteration))) {
            if (other == identity_ + std::to_string(state_.iteration)) continue;
            throw InputError(job_.checkpoint.string(), "",
                             "not all ranks see the same files: network, data, recipe or checkpoint differ");
        }
    }

    /// All ranks stop when one is asked to.
    [[nodiscard]] bool is_stopped() const {
        const bool own = observer_.stop && observer_.stop();
        if (job_.ranks == nullptr) return own;
        const std::vector<std::string> all = job_.ranks->all_gather(own ? "s" : "");
        return std::any_of(all.begin(), all.end(), [](const std::string& one) { return !one.empty(); });
    }

    [[nodiscard]] bool quantizes() const { return job_.recipe.step_rule != StepRule::none; }

    /// False when the observer stopped it.
    bool run_epoch() {
        const auto epoch = static_cast<std::uint64_t>(state_.epoch);
        const std::vector<std::int64_t> order = shuffled_indices(job_.train->size(), job_.recipe.seed, epoch);
        const auto batch = static_cast<std::size_t>(batch_of_epoch(job_.recipe, state_.epoch));
        const std::int64_t iterations = iterations_of_epoch(job_.recipe, job_.train->size(), state_.epoch);
        while (state_.epoch_iteration < iterations) {
            const std::size_t begin = static_cast<std::size_t>(state_.epoch_iteration) * batch;
            const auto indices = std::span(order).subspan(begin, std::min(batch, order.size() - begin));
            run_batch(indices);
            ++state_.iteration;
            ++state_.epoch_iteration;
            const bool last = state_.epoch_iteration == iterations;
            if (is_stopped()) {
                if (last) end_epoch();
                save();
                return false;
            }
            if (!last) save_now_and_then();
        }
        return true;
    }

    void run_batch(std::span<const std::int64_t> indices) {
        const double rate = learning_rate(schedule_, state_.iteration, total_);
        const auto total = static_cast<std::int64_t>(indices.size());
        const auto piece = static_cast<std::size_t>(job_.recipe.piece_images);
        for (std::size_t begin = 0; begin < indices.size(); begin += piece) {
            run_piece(indices.subspan(begin, std::min(piece, indices.size() - begin)), total, begin > 0);
        }
        graph_->step({rate, job_.recipe.momentum, job_.recipe.weight_decay, job_.recipe.nesterov});
        if (!observer_.iteration) return;
        const auto seen = static_cast<double>(state_.images);
        observer_.iteration({state_.iteration + 1, total_, state_.epoch, rate, state_.loss_sum / seen,
                             static_cast<double>(state_.correct) / seen, total});
    }

    void run_piece(std::span<const std::int64_t> indices, std::int64_t total, bool accumulate) {
        const auto epoch = static_cast<std::uint64_t>(state_.epoch);
        const auto [first, end] = graph_->own_images(static_cast<std::int64_t>(indices.size()));
        read_batch(*job_.train, indices, job_.recipe.augment ? std::optional(epoch) : std::nullopt, images_, first,
                   end);
        labels_.clear();
        for (const std::int64_t index : indices)
            labels_.push_back(job_.train->labels()[static_cast<std::size_t>(index)]);
        std::span<const float> teacher;
        if (teacher_) teacher = teacher_->logits(images_, static_cast<std::int64_t>(indices.size()));
        const BatchLoss loss = graph_->forward_backward(images_, labels_, total, accumulate, teacher);
        state_.loss_sum += loss.loss_sum;
        state_.correct += loss.correct;
        state_.images += loss.images;
    }

    void end_epoch() {
        const auto seen = static_cast<double>(state_.images);
        const double first_rate = learning_rate(schedule_, state_.iteration - state_.epoch_iteration, total_);
        EpochRecord record{state_.epoch, first_rate, state_.loss_sum / seen, static_cast<double>(state_.correct) / seen,
                           {},           {}};
        if (job_.held_out != nullptr) {
            const Evaluation measured = evaluate(*graph_, job_.network, *job_.held_out);
            record.held_out_loss = measured.loss;
            record.held_out_top1 = measured.top1;
        }
        state_.epochs.push_back(record);
        ++state_.epoch;
        state_.epoch_iteration = 0;
        state_.loss_sum = 0;
        state_.correct = state_.images = 0;
        if (observer_.epoch) observer_.epoch(record);
        save();
    }

    void save_now_and_then() {
        if (job_.checkpoint.empty()) return;
        if (std::chrono::duration<double>(Clock::now() - saved_at_).count() < job_.seconds_between_checkpoints) return;
        save();
    }

    void save() {
        if (job_.checkpoint.empty() || (job_.ranks != nullptr && job_.ranks->rank() != 0)) return;
        Checkpoint checkpoint{state_, graph_->parameters(), {}, graph_->optimizer_state()};
        if (quantizes()) checkpoint.steps = graph_->steps();
        write_checkpoint(checkpoint, identity_, job_.checkpoint);
        saved_at_ = Clock::now();
    }

    [[nodiscard]] TrainingResult result(bool finished) const {
        TrainingResult made{graph_->parameters(), {}, state_.epochs, finished};
        if (quantizes()) made.steps = graph_->steps();
        return made;
    }

    const TrainingJob& job_;
    const TrainingObserver& observer_;
    std::string identity_;
    Schedule schedule_;
    std::int64_t total_;
    std::optional<TrainingGraph> teacher_;
    std::optional<TrainingGraph> graph_;
    RunState state_;
    Clock::time_point saved_at_ = Clock::now();
    std::vector<float> images_;
    std::vector<std::int32_t> labels_;
};

}  // namespace

void check_training_job(const TrainingJob& job) {
    std::vector<std::string> problems;
    if (job.train->image_shape() != job.network.input_shape()) {
        problems.push_back(job.train->name() + ": its images have another size than " + job.network.name + " takes");
    }
    check_labels(job, *job.train, problems);
    if (job.held_out != nullptr) check_labels(job, *job.held_out, problems);
    if (problems.empty()) check_classes(job, problems);
    for (std::int64_t epoch = 0; epoch < job.recipe.epochs; ++epoch) {
        if (batch_of_epoch(job.recipe, epoch) <= job.train->size()) continue;
        problems.push_back("batch_images: " + std::to_string(batch_of_epoch(job.recipe, epoch)) + " is more than the " +
                           std::to_string(job.train->size()) + " images of " + job.train->name());
        break;
    }
    if (!problems.empty()) throw InputError(problems);
}

TrainingResult run_training(const TrainingJob& job, const TrainingObserver& observer) {
    check_training_job(job);
    return Run(job, observer).train();
}

}  // namespace npusim
