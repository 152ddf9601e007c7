// Batches shared among ranks: the same bytes as one process.
#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "support/test_data.h"
#include "support/thread_ranks.h"
#include "training/equal_results.h"
#include "training/tiny_job.h"

using namespace npusim;
using npusim::test::check_equal;
using npusim::test::drawn_images;
using npusim::test::TemporaryFolder;
using npusim::test::ThreadRanks;
using npusim::test::tiny_job;

namespace {

std::vector<TrainingResult> on_ranks(const TrainingJob& job, int count, const TrainingObserver& observer = {}) {
    std::vector<TrainingResult> results(static_cast<std::size_t>(count));
    ThreadRanks(count).run([&](Ranks& ranks) {
        TrainingJob own = job;
        own.ranks = &ranks;
        TrainingObserver quiet;
        results[static_cast<std::size_t>(ranks.rank())] = run_training(own, ranks.rank() == 0 ? observer : quiet);
    });
    return results;
}

TrainingJob hard_job(const BatchSource& train, const BatchSource& held_out, StepRule rule) {
    TrainingJob job = tiny_job(train);
    job.recipe.epochs = 2;
    job.recipe.batch_images = 100;  // seven parts, the last one smaller
    job.recipe.step_rule = rule;
    job.recipe.precision.weight_bits = job.recipe.precision.activation_bits = 4;
    job.recipe.distillation_weight = 0.3;
    job.recipe.distillation_temperature = 2;
    job.held_out = &held_out;
    return job;
}

}  // namespace

TEST_CASE("Ranks that share each batch end with the bytes of one process, in fp32 and quantized") {
    const auto images = drawn_images(150);
    const auto held_out = memory_source(make_shapes_train(60, 8), Augmentation{}, 5);
    const StepRule rule = GENERATE(StepRule::none, StepRule::calibrated, StepRule::learned);
    const bool freezes = GENERATE(false, true);
    TrainingJob job = hard_job(*images, *held_out, rule);
    job.recipe.freeze_batch_norm = freezes;
    const TrainingResult alone = run_training(job);
    for (const int count : {2, 3, 9}) {  // nine: more ranks than parts
        INFO(count << " ranks");
        for (const TrainingResult& result : on_ranks(job, count)) check_equal(alone, result);
    }
}

TEST_CASE("A run that one rank is asked to stop goes on with another number of ranks to the same bytes") {
    const auto images = drawn_images(150);
    const auto held_out = memory_source(make_shapes_train(60, 8), Augmentation{}, 5);
    TrainingJob job = hard_job(*images, *held_out, StepRule::learned);
    const TrainingResult whole = run_training(job);
    const TemporaryFolder folder;
    job.checkpoint = folder / "checkpoint.safetensors";
    int done = 0;
    TrainingObserver observer;
    observer.stop = [&] { return ++done == 2; };
    for (const TrainingResult& result : on_ranks(job, 2, observer)) CHECK_FALSE(result.finished);
    for (const TrainingResult& result : on_ranks(job, 3)) check_equal(whole, result);
}

TEST_CASE("Ranks that were given different jobs refuse to begin") {
    const auto images = drawn_images(150);
    const auto other = drawn_images(140);
    CHECK_THROWS_AS(ThreadRanks(2).run([&](Ranks& ranks) {
        TrainingJob job = tiny_job(ranks.rank() == 0 ? *images : *other);
        job.ranks = &ranks;
        (void)run_training(job);
    }),
                    InputError);
}
