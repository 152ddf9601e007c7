#include "cli/options.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "cli/option_reader.h"
#include "cli/set_option.h"
#include "npusim/base/error.h"
#include "npusim/models/quantization/precision.h"

namespace npusim::cli {
namespace {

void read_numbers(OptionReader& reader, Options& options) {
    constexpr std::int64_t most_calibration_images = 50'000;
    constexpr std::int64_t most_pixels = 65'536;
    constexpr std::int64_t most_threads = 4096;
    constexpr std::int64_t most_batch = 1024;
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    options.image_size = reader.integer("image-size", 1, most_pixels);
    options.batch = reader.integer("batch", 1, most_batch).value_or(options.batch);
    options.calibration_images =
        reader.integer("calibration-images", 1, most_calibration_images).value_or(options.calibration_images);
    options.test_images = reader.integer("test-images", 1, any);
    options.prove_images = reader.integer("prove-images", 0, any);
    options.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, any).value_or(1));
    options.threads = static_cast<unsigned>(reader.integer("threads", 1, most_threads).value_or(0));
}

/// What would fail only after minutes of work is refused before.
void check_outputs(OptionReader& reader, const Options& options) {
    reader.check_output_file("json", options.json.string());
    reader.check_output_file("csv", options.csv.string());
    if (options.dump.empty()) return;
    std::error_code ignored;
    const std::filesystem::path folder = options.dump.has_parent_path() ? options.dump.parent_path() : ".";
    if (!std::filesystem::is_directory(folder, ignored)) {
        reader.problem("dump", options.dump.string() + ": there is no folder " + folder.string());
    }
    if (std::filesystem::exists(options.dump, ignored) &&
        !(std::filesystem::is_directory(options.dump, ignored) && std::filesystem::is_empty(options.dump, ignored))) {
        reader.problem("dump", options.dump.string() + " exists already; name a new folder or an empty one");
    }
}

/// A layer list is shapes only; what has no effect on it is refused, so that nobody thinks that it had one.
void check_network(OptionReader& reader) {
    if (!reader.has("topology")) {
        if (reader.has("model")) return;
        reader.problem("model",
                       "is needed: npusim --model resnet34; --list names the networks, --help explains (or --topology "
                       "with a layer list)");
        return;
    }
    constexpr std::pair<const char*, const char*> refused[] = {
        {"model", "the file has the layers"},
        {"image-size", "the file has the sizes"},
        {"weights", "there is no accuracy to measure"},
        {"dataset", "there is no accuracy to measure"},
        {"calibration-images", "there is no accuracy to measure"},
        {"test-images", "there is no accuracy to measure"},
        {"prove-images", "there are no integers"},
        {"dump", "there are no integers"},
        {"residual-bits", "every layer has the bits of --bits"},
        {"first-last-bits", "every layer has the bits of --bits"},
        {"layer-bits", "every layer has the bits of --bits"}};
    for (const auto& [name, why] : refused) {
        if (reader.has(name)) reader.problem(name, std::string("does not go with --topology: ") + why);
    }
}

Action action_of(const OptionReader& reader) {
    const std::vector<std::string>& words = reader.words();
    if (!words.empty()) {
        if (words == std::vector<std::string>{"help"}) return Action::help;
        throw InputError("unexpected word \"" + words.front() + "\": npusim takes options only; npusim --help");
    }
    if (reader.has("help")) return Action::help;
    if (reader.has("version")) return Action::version;
    return reader.has("list") ? Action::list : Action::simulate;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments, const Environment& environment) {
    OptionReader reader(option_groups(), {arguments.begin() + 1, arguments.end()});
    Options options;
    options.command = arguments;
    options.action = action_of(reader);
    options.arch = reader.text("arch", options.arch);
    options.settings = read_settings(reader);
    options.model = reader.text("model");
    options.topology = reader.text("topology");
    options.weights = reader.text("weights");
    options.dataset = reader.text("dataset");
    options.data_root =
        reader.has("data-root") ? std::filesystem::path(reader.text("data-root")) : environment.data_root;
    options.json = reader.text("json");
    options.csv = reader.text("csv");
    options.dump = std::filesystem::path(reader.text("dump"));
    if (!options.dump.has_filename()) options.dump = options.dump.parent_path();  // a trailing slash
    options.train = !reader.has("no-train");
    options.layers = reader.has("layers");
    options.ladder = !reader.has("no-ladder");
    options.quiet = reader.has("quiet");
    options.sight = read_sight(reader);
    read_numbers(reader, options);
    read_precision(reader, options.precision);
    check_outputs(reader, options);
    if (options.action == Action::simulate) check_network(reader);
    reader.finish();
    return options;
}

}  // namespace npusim::cli
