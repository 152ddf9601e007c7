#include "cli/eval_options.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include "cli/set_option.h"

namespace npusim::cli {
namespace {

constexpr std::array kLevels{Level::fp32, Level::fake, Level::integers, Level::machine};

void read_levels(OptionReader& reader, EvalOptions& options) {
    if (!reader.has("levels")) return;
    options.levels.clear();
    std::istringstream text(reader.text("levels"));
    for (std::string name; std::getline(text, name, ',');) {
        const auto* found = std::find_if(kLevels.begin(), kLevels.end(), [&](Level l) { return name_of(l) == name; });
        if (found == kLevels.end()) {
            reader.problem("levels", name + " is not known, allowed: fp32, fake, integers, machine");
        } else if (std::find(options.levels.begin(), options.levels.end(), *found) == options.levels.end()) {
            options.levels.push_back(*found);
        }
    }
    std::sort(options.levels.begin(), options.levels.end());
}

}  // namespace

std::string_view name_of(Level level) {
    switch (level) {
        case Level::fp32:
            return "fp32";
        case Level::fake:
            return "fake";
        case Level::integers:
            return "integers";
        case Level::machine:
            return "machine";
    }
    return "";
}

const std::vector<OptionGroup>& eval_option_groups() {
    static const std::vector<OptionGroup> groups{
        {"What is measured",
         {{"model", "NAME", "the network; npusim --list names them"},
          {"image-size", "PX", "height and width of the input (default: the published size)"},
          {"weights", "FILE", "trained weights; a fine-tuned file brings its precision and steps along"},
          {"dataset", "KIND:FOLDER", "labelled images; KIND is cifar10, mnist or images, or just shapes"},
          {"data-root", "FOLDER", "where relative data set folders lie (default: $NPUSIM_DATA)"},
          {"test-images", "N", "the first so many test images (default: all)"},
          {"calibration-images", "N", "training images that set the ranges of plain fp32 weights (default: 500)"},
          {"levels", "LIST", "some of fp32, fake, integers, machine (default: fp32,integers)"},
          {"machine-images", "N", "images that the machine computes (default: 10)"},
          {"arch", "CHIP", "the machine: a preset or a JSON file (default: int8_array.json)"},
          set_option()}},
        precision_options("Precision of plain fp32 weights (overrides the chip's file)"),
        {"Output",
         {{"confusion", nullptr, "also print which classes are taken for which (at most 20 classes)"},
          {"json", "FILE", "write everything that was found, every prediction included"},
          {"threads", "N", "threads (default: all processors)"},
          {"quiet", nullptr, "print nothing but errors"},
          {"help", nullptr, "this text"}}},
    };
    return groups;
}

EvalOptions parse_eval_options(const std::vector<std::string>& arguments, const Environment& environment) {
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    OptionReader reader(eval_option_groups(), {arguments.begin() + 2, arguments.end()});
    EvalOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (!reader.words().empty()) {
        throw InputError("unexpected word \"" + reader.words().front() + "\": npusim eval --help");
    }
    Options& base = options.base;
    base.command = arguments;
    for (const char* name : {"model", "weights", "dataset"}) {
        if (!reader.has(name)) reader.problem(name, "is needed");
    }
    base.model = reader.text("model");
    base.arch = reader.text("arch", base.arch);
    base.settings = read_settings(reader);
    base.image_size = reader.integer("image-size", 1, 65'536);
    base.weights = reader.text("weights");
    base.dataset = reader.text("dataset");
    base.data_root = reader.has("data-root") ? std::filesystem::path(reader.text("data-root")) : environment.data_root;
    base.test_images = reader.integer("test-images", 1, any);
    base.calibration_images = reader.integer("calibration-images", 1, 50'000).value_or(base.calibration_images);
    base.threads = static_cast<unsigned>(reader.integer("threads", 1, 4096).value_or(0));
    base.json = reader.text("json");
    base.quiet = reader.has("quiet");
    reader.check_output_file("json", base.json.string());
    options.machine_images = reader.integer("machine-images", 1, any).value_or(options.machine_images);
    options.confusion = reader.has("confusion");
    read_levels(reader, options);
    read_precision(reader, base.precision);
    reader.finish();
    return options;
}

}  // namespace npusim::cli
