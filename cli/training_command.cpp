#include "cli/training_command.h"

#include <tbb/global_control.h>

#include <chrono>
#include <ostream>

#include "cli/format.h"
#include "cli/sources.h"
#include "cli/training_log.h"
#include "npusim/base/error.h"
#include "npusim/models/exchange/saved_network.h"
#include "npusim/models/graph/zoo.h"

namespace npusim::cli {
namespace {

using Clock = std::chrono::steady_clock;

class TrainingProgressLine {
public:
    explicit TrainingProgressLine(Progress& progress) : progress_(progress) {}

    void show(const TrainingProgress& at, std::int64_t epochs) {
        if (!began_) {
            began_ = Clock::now();
            first_iteration_ = at.iteration;
            return;
        }
        images_ += at.images;
        last_ = Clock::now();
        const double elapsed_s = std::chrono::duration<double>(Clock::now() - *began_).count();
        const auto done = static_cast<double>(at.iteration - first_iteration_);
        const double left_s = elapsed_s / done * static_cast<double>(at.iterations - at.iteration);
        progress_.show("epoch " + std::to_string(at.epoch + 1) + "/" + std::to_string(epochs) + ", " +
                       percent(static_cast<double>(at.iteration), static_cast<double>(at.iterations)) + " %, loss " +
                       with_digits(at.loss) + ", top-1 " + with_digits(100 * at.top1) + " %, " +
                       with_digits(static_cast<double>(images_) / elapsed_s, 3) + " images/s, " + duration(left_s) +
                       " left");
    }

    /// Without the first iteration, which makes room; 0 before the second.
    [[nodiscard]] double seconds_per_image() const {
        if (images_ == 0) return 0;
        return std::chrono::duration<double>(last_ - *began_).count() / static_cast<double>(images_);
    }

private:
    Progress& progress_;
    std::optional<Clock::time_point> began_;
    Clock::time_point last_;
    std::int64_t first_iteration_ = 0;
    std::int64_t images_ = 0;
};

class TrainingCommandRun {
public:
    TrainingCommandRun(const TrainingOptions& options, Progress& progress, std::ostream& out, Ranks* ranks)
        : options_(options),
          progress_(progress),
          out_(out),
          is_first_(ranks == nullptr || ranks->rank() == 0),
          line_(progress) {
        job_.ranks = ranks;
    }

    bool run(const std::function<bool()>& stopped) {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads());
        prepare();
        TrainingObserver observer;
        observer.iteration = [&](const TrainingProgress& at) { line_.show(at, options_.recipe.epochs); };
        observer.epoch = [&](const EpochRecord& record) { note_epoch(record); };
        observer.resumed = [&](std::int64_t iteration, const std::vector<EpochRecord>& epochs) {
            note_resumed(iteration, epochs);
        };
        observer.stop = stopped;
        const TrainingResult result = run_training(job_, observer);
        progress_.finish();
        if (!is_first_) return result.finished;
        write_training_log(result.epochs, options_.run_folder / "log.csv");
        if (!result.finished) {
            say("stopped; the same command goes on from " + options_.run_folder.string());
            return false;
        }
        write_network(result);
        predict_imagenet();
        if (draw_training_curves(result.epochs, job_.network.name + ", " + precision_text(),
                                 options_.run_folder / "curves.svg")) {
            say("curves in " + (options_.run_folder / "curves.svg").string());
        }
        return true;
    }

private:
    [[nodiscard]] std::size_t threads() const {
        return options_.threads != 0 ? options_.threads : own_processors(job_.ranks);
    }

    void say(const std::string& text) {
        if (prints()) out_ << text << '\n';
    }

    [[nodiscard]] bool prints() const { return is_first_ && !options_.quiet; }

    void prepare() {
        job_.network = make_network(options_.model, options_.image_size);
        job_.recipe = options_.recipe;
        read_start();
        const SourceRequest request{options_.dataset, options_.data_root, options_.train_images, options_.recipe.seed};
        whole_ = open_train_source(request, job_.network);
        job_.train = whole_.get();
        if (options_.held_out > 0) {
            constexpr std::uint64_t kSplitSeed = 0;  // the same parts for every seed of a run
            split_ = split_source(whole_, options_.held_out, kSplitSeed);
            job_.train = split_.train.get();
            job_.held_out = split_.held_out.get();
        }
        check_training_job(job_);
        std::error_code error;
        std::filesystem::create_directories(options_.run_folder, error);
        if (error) throw InputError(options_.run_folder.string(), "", "cannot be made: " + error.message());
        job_.checkpoint = options_.run_folder / "checkpoint.safetensors";
        if (options_.restart && is_first_) std::filesystem::remove(job_.checkpoint, error);
        if (job_.ranks != nullptr) (void)job_.ranks->all_gather("");  // nobody looks before it is removed
        say(job_.network.name + " on " + std::to_string(job_.train->size()) + " images of " + whole_->name() + ", " +
            std::to_string(options_.recipe.epochs) + " epochs, batch " + std::to_string(options_.recipe.batch_images) +
            ", " + precision_text());
        if (prints()) print_epoch_header(job_.held_out != nullptr, out_);
    }

    [[nodiscard]] std::string precision_text() const {
        if (options_.recipe.step_rule == StepRule::none) return "fp32";
        const PrecisionSpec& precision = options_.recipe.precision;
        return "W" + std::to_string(precision.weight_bits) + "A" + std::to_string(precision.activation_bits) + " (" +
               std::string(name_of(options_.recipe.step_rule)) + ", residual_bits " +
               std::to_string(precision.residual_bits) + ")";
    }

    void read_start() {
        if (options_.weights.empty()) {
            job_.start = initial_parameters(job_.network, options_.recipe.seed);
            return;
        }
        SavedNetwork saved = read_saved_network(options_.weights, job_.network);
        job_.start = std::move(saved.parameters);
        start_hash_ = saved.content_hash;
    }

    void note_epoch(const EpochRecord& record) {
        progress_.finish();
        epochs_.push_back(record);
        if (!is_first_) return;
        if (prints()) print_epoch(record, out_);
        write_training_log(epochs_, options_.run_folder / "log.csv");
    }

    void note_resumed(std::int64_t iteration, const std::vector<EpochRecord>& epochs) {
        say("goes on after iteration " + std::to_string(iteration) + ", from " + job_.checkpoint.string());
        epochs_ = epochs;
    }

    /// A rehearsal on a few images says what the whole would take.
    void predict_imagenet() {
        constexpr double kImageNetImages = 1'281'167;
        constexpr std::int64_t kImageNetClasses = 1000;
        if (job_.network.classes() != kImageNetClasses || line_.seconds_per_image() <= 0) return;
        const double epoch_s = kImageNetImages * line_.seconds_per_image();
        say("at this rate an epoch of ImageNet's 1,281,167 training images takes " + duration(epoch_s) + ", " +
            std::to_string(options_.recipe.epochs) + " epochs " +
            duration(epoch_s * static_cast<double>(options_.recipe.epochs)));
    }

    void write_network(const TrainingResult& result) {
        SavedNetwork saved;
        saved.parameters = result.parameters;
        if (result.steps) saved.quantization = SavedQuantization{options_.recipe.precision, *result.steps};
        saved.metadata["npusim.network"] = job_.network.name;
        saved.metadata["npusim.recipe"] = to_json(options_.recipe).dump();
        saved.metadata["npusim.trained_on"] = job_.train->name() + ", " + job_.train->content_hash();
        if (!start_hash_.empty()) saved.metadata["npusim.started_from"] = start_hash_;
        write_saved_network(saved, options_.out);
        say("written " + options_.out.string() + "; measure it: npusim eval --model " + options_.model + " --weights " +
            options_.out.string() + " --dataset " + options_.dataset);
    }

    const TrainingOptions& options_;
    Progress& progress_;
    std::ostream& out_;
    bool is_first_;  ///< of the ranks: the one that writes
    TrainingProgressLine line_;
    TrainingJob job_;
    std::shared_ptr<const BatchSource> whole_;
    SplitSources split_;
    std::string start_hash_;
    std::vector<EpochRecord> epochs_;
};

}  // namespace

bool run_training_command(const TrainingOptions& options, Progress& progress, const std::function<bool()>& stopped,
                          std::ostream& out, Ranks* ranks) {
    return TrainingCommandRun(options, progress, out, ranks).run(stopped);
}

}  // namespace npusim::cli
