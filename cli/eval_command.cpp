#include "cli/eval_command.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "cli/accuracy.h"
#include "cli/inputs.h"
#include "cli/pixel_integers.h"
#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"
#include "npusim/models/engine/float_executor.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/finetune/training_graph.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/layers/loss.h"
#include "npusim/sim/simulate.h"
#include "npusim/sweeps/worker.h"
#include "npusim/workloads/lowering/lower.h"

namespace npusim::cli {
namespace {

using LogitsOf = std::function<std::vector<double>(std::int64_t)>;

template <typename Value>
std::vector<double> widened(const std::vector<Value>& values) {
    return {values.begin(), values.end()};
}

/// A forked child has the calling thread alone, so that there should be no other. oneTBB starts them again.
void end_threads() {
    tbb::task_scheduler_handle handle{tbb::attach{}};
    (void)tbb::finalize(handle, std::nothrow);
}

class Evaluator {
public:
    Evaluator(const EvalOptions& options, const Environment& environment, Progress& progress)
        : options_(options),
          progress_(progress),
          network_(make_network(options.base.model, options.base.image_size)),
          trained_(read_trained(options.base, network_)),
          chip_(read_chip(options.base, trained_, environment.preset_folder)),
          images_(std::min(options.base.test_images.value_or(test().size()), test().size())) {
        if (needs_integers() && chip_.arch.number_format != NumberFormat::integer) {
            throw InputError(options.base.arch, "", "a floating-point chip has no integers; ask for --levels fp32");
        }
    }

    EvalReport run() {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads());
        EvalReport report{network_.name,
                          test().name,
                          chip_.arch.precision,
                          trained_.quantization.has_value(),
                          test().class_names,
                          {},
                          {}};
        report.labels.assign(test().labels.begin(), test().labels.begin() + images_);
        if (needs_integers()) quantize_network();
        for (const Level level : options_.levels) report.levels.push_back(measure(level));
        compare(report);
        return report;
    }

private:
    [[nodiscard]] const Dataset& test() const { return trained_.images->test; }
    [[nodiscard]] unsigned threads() const {
        const unsigned asked = options_.base.threads;
        return asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
    }
    [[nodiscard]] bool needs_integers() const {
        return std::any_of(options_.levels.begin(), options_.levels.end(), [](Level l) { return l != Level::fp32; });
    }

    void quantize_network() {
        const PrecisionSpec& precision = chip_.arch.precision;
        const int accumulator_bits = chip_.arch.array.accumulator_bits;
        if (trained_.quantization) {
            integers_ =
                quantize(network_, *trained_.parameters, precision, accumulator_bits, trained_.quantization->steps);
            return;
        }
        const Dataset& calibration = trained_.images->calibration;
        integers_ = calibrate_and_quantize(
            network_, *trained_.parameters, precision, accumulator_bits, calibration.size(),
            [&](std::int64_t index) { return network_input(calibration, index); }, progress_);
    }

    LevelResult measure(Level level) {
        progress_.begin(std::string(name_of(level)));
        switch (level) {
            case Level::fp32: {
                const FloatExecutor executor(network_, *trained_.parameters);
                return each(level, [&](std::int64_t i) { return widened(executor.run(network_input(test(), i))); });
            }
            case Level::fake:
                return fake();
            case Level::integers:
                return integers();
            case Level::machine:
                break;
        }
        return machine();
    }

    LevelResult integers() {
        const IntegerEngine engine(*integers_);
        const PixelIntegers images(*integers_, test());
        std::vector<std::vector<double>> logits(static_cast<std::size_t>(images_));
        std::atomic<std::int64_t> done{0};
        engine.run_each(
            images_, [&](std::int64_t i, std::span<std::int32_t> image) { images.write(i, image); },
            [&](std::int64_t i, std::span<const std::int32_t> own) {
                logits[static_cast<std::size_t>(i)].assign(own.begin(), own.end());
                progress_.update(static_cast<double>(++done) / static_cast<double>(images_));
            });
        return scored(Level::integers, std::move(logits));
    }

    LevelResult each(Level level, const LogitsOf& logits_of) {
        std::vector<std::vector<double>> logits(static_cast<std::size_t>(images_));
        std::atomic<std::int64_t> done{0};
        tbb::parallel_for(std::int64_t{0}, images_, [&](std::int64_t i) {
            logits[static_cast<std::size_t>(i)] = logits_of(i);
            progress_.update(static_cast<double>(++done) / static_cast<double>(images_));
        });
        return scored(level, std::move(logits));
    }

    LevelResult scored(Level level, std::vector<std::vector<double>> logits) const {
        constexpr std::int64_t kTop = 5;
        LevelResult result{level, 0, 0, {}, std::move(logits)};
        std::int64_t first = 0;
        std::int64_t among_five = 0;
        for (std::size_t i = 0; i < result.logits.size(); ++i) {
            const std::vector<double>& own = result.logits[i];
            result.predictions.push_back(
                static_cast<std::int32_t>(std::max_element(own.begin(), own.end()) - own.begin()));
            const std::int64_t rank = rank_of<double>(own, test().labels[i]);
            first += rank < 1 ? 1 : 0;
            among_five += rank < kTop ? 1 : 0;
        }
        const auto count = static_cast<double>(result.logits.size());
        result.top1 = static_cast<double>(first) / count;
        result.top5 = static_cast<double>(among_five) / count;
        return result;
    }

    /// The steps of fine-tuning come with the weights. Those of post-training quantization are the integers' own; the
    /// weights' follow from the weights.
    [[nodiscard]] BasicTrainingGraph<double> fake_graph() const {
        TrainingSetup setup;
        setup.precision = integers_->precision;
        TrainedSteps steps;
        if (trained_.quantization) {
            const bool is_free = setup.precision.scales != ScaleKind::power_of_two;
            setup.step_rule = is_free ? StepRule::learned : StepRule::calibrated;
            steps = trained_.quantization->steps;
        } else {
            setup.step_rule = StepRule::calibrated;
            for (const QuantizedTensor& tensor : integers_->tensors) steps.activation_steps.push_back(tensor.step);
        }
        return {network_, *trained_.parameters, setup, steps};
    }

    LevelResult fake() {
        BasicTrainingGraph<double> graph = fake_graph();
        const TensorShape shape = network_.input_shape();
        const double step = integers_->tensors[integers_->output].step;
        std::vector<std::vector<double>> logits;
        constexpr std::int64_t kBatch = 64;
        for (std::int64_t begin = 0; begin < images_; begin += kBatch) {
            const std::int64_t count = std::min(kBatch, images_ - begin);
            std::vector<double> batch;
            for (std::int64_t i = begin; i < begin + count; ++i) append_pixels(network_input(test(), i), shape, batch);
            const auto found = graph.logits(batch, count, *integers_);
            const auto classes = static_cast<std::size_t>(network_.classes());
            for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
                std::vector<double>& own = logits.emplace_back();
                for (std::size_t k = 0; k < classes; ++k) own.push_back(std::round(found[i * classes + k] / step));
            }
            progress_.update(static_cast<double>(begin + count) / static_cast<double>(images_));
        }
        return scored(Level::fake, std::move(logits));
    }

    /// (C, H, W) → (H, W, C)
    static void append_pixels(const std::vector<float>& planes, const TensorShape& shape, std::vector<double>& pixels) {
        const std::int64_t area = shape.height * shape.width;
        for (std::int64_t p = 0; p < area; ++p) {
            for (std::int64_t c = 0; c < shape.channels; ++c) {
                pixels.push_back(static_cast<double>(planes[static_cast<std::size_t>(c * area + p)]));
            }
        }
    }

    LevelResult machine() {
        const Program program = lower(*integers_, chip_.arch);
        const PixelIntegers images(*integers_, test());
        const std::int64_t count = std::min(options_.machine_images, images_);
        // Whole batches, one process for each thread that was asked for.
        const std::int64_t batches = ceil_div(count, program.batch);
        const std::int64_t workers = std::min<std::int64_t>(threads(), batches);
        std::vector<WorkerJob> jobs;
        for (std::int64_t worker = 0; worker < workers; ++worker) {
            const std::int64_t begin = batches * worker / workers * program.batch;
            const std::int64_t end = std::min(batches * (worker + 1) / workers * program.batch, count);
            jobs.emplace_back([this, &program, &images, begin, end](const FractionSink& progress) {
                return simulate_images(program, images, begin, end, progress);
            });
        }
        WorkerOptions options;
        options.workers = threads();
        options.progress = [this](double fraction) { progress_.update(fraction); };
        end_threads();
        std::vector<std::vector<double>> logits;
        for (const WorkerOutcome& outcome : run_in_workers(jobs, options)) {
            for (const auto& own : result_or_throw(outcome).logits) logits.push_back(widened(own));
        }
        return scored(Level::machine, std::move(logits));
    }

    RunResult simulate_images(const Program& program, const PixelIntegers& images, std::int64_t begin, std::int64_t end,
                              const FractionSink& progress) const {
        std::vector<std::vector<std::int32_t>> inputs;
        inputs.reserve(static_cast<std::size_t>(end - begin));
        for (std::int64_t i = begin; i < end; ++i) inputs.push_back(images.image(i));
        SimulationInput input{*integers_, chip_.arch, program, inputs, {}, {}};
        const std::int64_t batches = ceil_div(end - begin, program.batch);
        const auto steps = static_cast<double>(std::ssize(program.layers) * batches);
        // A pass that only warms the machine up is not among the steps.
        input.progress = [&](std::size_t done) { progress(std::min(1.0, static_cast<double>(done) / steps)); };
        return simulate(input);
    }

    /// All integer levels must have the same logits on the images that they share.
    static void compare(const EvalReport& report) {
        const LevelResult* first = nullptr;
        for (const LevelResult& level : report.levels) {
            if (level.level == Level::fp32) continue;
            if (first == nullptr) {
                first = &level;
                continue;
            }
            const std::size_t count = std::min(first->logits.size(), level.logits.size());
            for (std::size_t i = 0; i < count; ++i) {
                if (first->logits[i] == level.logits[i]) continue;
                throw std::runtime_error("the levels " + std::string(name_of(first->level)) + " and " +
                                         std::string(name_of(level.level)) + " differ on image " + std::to_string(i));
            }
        }
    }

    const EvalOptions& options_;
    Progress& progress_;
    Network network_;
    TrainedInputs trained_;
    ChipFiles chip_;
    std::int64_t images_;
    std::optional<QuantizedNetwork> integers_;
};

}  // namespace

EvalReport run_eval(const EvalOptions& options, const Environment& environment, Progress& progress) {
    return Evaluator(options, environment, progress).run();
}

}  // namespace npusim::cli
