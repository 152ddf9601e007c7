#include <tbb/global_control.h>

#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "support/test_data.h"
#include "training/equal_results.h"
#include "training/tiny_job.h"

using namespace npusim;
using npusim::test::check_equal;
using npusim::test::drawn_images;
using npusim::test::TemporaryFolder;
using npusim::test::tiny_job;

namespace {

TrainingJob quantized(TrainingJob job, StepRule rule, int bits) {
    job.recipe.step_rule = rule;
    job.recipe.precision.weight_bits = job.recipe.precision.activation_bits = bits;
    return job;
}

}  // namespace

TEST_CASE("Training lowers the loss, and the same job gives the same bytes on one thread and on two") {
    const auto images = drawn_images(150);
    const TrainingJob job = tiny_job(*images);
    TrainingResult results[2];
    for (std::size_t threads = 1; threads <= 2; ++threads) {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
        results[threads - 1] = run_training(job);
    }
    check_equal(results[0], results[1]);
    CHECK(results[0].epochs.back().train_loss < results[0].epochs.front().train_loss);
}

TEST_CASE("A run that is stopped after any iteration goes on to the same bytes") {
    const auto images = drawn_images(150);
    const auto held_out = memory_source(make_shapes_train(60, 8), Augmentation{}, 5);
    const StepRule rule = GENERATE(StepRule::none, StepRule::calibrated, StepRule::learned);
    TrainingJob job = quantized(tiny_job(*images), rule, 4);
    job.held_out = held_out.get();
    job.recipe.batch_growth = {{2, 64}};
    job.recipe.distillation_weight = 0.3;
    job.recipe.distillation_temperature = 2;
    const TrainingResult whole = run_training(job);
    for (const int stop_after : {1, 5, 7}) {  // within an epoch, at its end, in the second
        const TemporaryFolder folder;
        job.checkpoint = folder / "checkpoint.safetensors";
        int done = 0;
        TrainingObserver observer;
        observer.stop = [&] { return ++done == stop_after; };
        CHECK_FALSE(run_training(job, observer).finished);
        std::int64_t resumed = -1;
        TrainingObserver second;
        second.resumed = [&](std::int64_t iteration, const std::vector<EpochRecord>&) { resumed = iteration; };
        const TrainingResult rest = run_training(job, second);
        CHECK(resumed == stop_after);
        CHECK(rest.finished);
        check_equal(whole, rest);
    }
}

TEST_CASE("Pieces of a batch give nearly the batch's gradients when batch norm is frozen") {
    const auto images = drawn_images(96);
    TrainingJob job = tiny_job(*images);
    job.recipe.freeze_batch_norm = true;
    job.recipe.epochs = 1;
    job.recipe.batch_images = 48;
    const TrainingResult whole = run_training(job);
    job.recipe.piece_images = 16;
    const TrainingResult pieces = run_training(job);
    for (const auto& [name, tensor] : whole.parameters) {
        for (std::size_t i = 0; i < tensor.values.size(); ++i) {
            REQUIRE(pieces.parameters.at(name).values[i] == Approx(tensor.values[i]).epsilon(1e-3).margin(1e-5));
        }
    }
}

TEST_CASE("A checkpoint of another run is refused and left as it is") {
    const auto images = drawn_images(100);
    const TemporaryFolder folder;
    TrainingJob job = tiny_job(*images);
    job.recipe.epochs = 1;
    job.checkpoint = folder / "checkpoint.safetensors";
    (void)run_training(job);
    const std::string before = read_text_file(job.checkpoint);
    job.recipe.seed = 9;
    CHECK_THROWS_WITH(run_training(job), Catch::Contains("another run") && Catch::Contains("checkpoint.safetensors"));
    write_whole_file(job.checkpoint, before.substr(0, before.size() / 2));
    CHECK_THROWS_AS(run_training(job), InputError);
}

TEST_CASE("Data that a network cannot be trained on is refused before anything runs") {
    const auto images = drawn_images(100);
    TrainingJob job = tiny_job(*images);
    SECTION("a batch larger than the data set") {
        job.recipe.batch_images = 101;
        CHECK_THROWS_WITH(run_training(job), Catch::Contains("101") && Catch::Contains("100 images"));
    }
    SECTION("a class without an image") {
        const auto few = drawn_images(9);
        job.train = few.get();
        job.recipe.batch_images = 4;
        CHECK_THROWS_WITH(run_training(job), Catch::Contains("class 9") && Catch::Contains("no image"));
        job.recipe.empty_classes = true;
        CHECK(run_training(job).finished);
    }
    SECTION("a label that the network does not know") {
        Dataset dataset = make_shapes_train(100, 3);
        dataset.labels[17] = 10;
        const auto wrong = memory_source(std::move(dataset), Augmentation{}, 5);
        job.train = wrong.get();
        CHECK_THROWS_WITH(run_training(job), Catch::Contains("image 17") && Catch::Contains("0 to 9"));
    }
    SECTION("a learning rate that ends in no number") {
        job.recipe.learning_rate.first = job.recipe.learning_rate.last = 1000;
        job.recipe.epochs = 20;
        job.recipe.weight_decay = 1;
        CHECK_THROWS_WITH(run_training(job), Catch::Contains("not finite"));
    }
}

TEST_CASE("A checkpoint that cannot be written ends the run with its name") {
    const auto images = drawn_images(64);
    TrainingJob job = tiny_job(*images);
    job.checkpoint = "/dev/full/checkpoint.safetensors";
    CHECK_THROWS_WITH(run_training(job), Catch::Contains("/dev/full"));
}

TEST_CASE("Fine-tuning at 2 bits beats quantization after training") {
    const auto images = drawn_images(300);
    TrainingJob job = tiny_job(*images);
    job.recipe.epochs = 8;
    job.start = run_training(job).parameters;
    job = quantized(job, GENERATE(StepRule::calibrated, StepRule::learned), 2);
    TrainingSetup setup;
    setup.step_rule = StepRule::learned;
    setup.precision = job.recipe.precision;
    TrainingGraph before(job.network, job.start, setup,
                         calibrated_steps(job.network, job.start, setup.precision, *images, 40));
    const TrainingResult tuned = run_training(job);
    REQUIRE(tuned.steps);
    for (const double step : tuned.steps->activation_steps) CHECK(step > 0);
    TrainingGraph after(job.network, tuned.parameters, setup, *tuned.steps);
    CHECK(evaluate(after, job.network, *images).loss < evaluate(before, job.network, *images).loss);
}
