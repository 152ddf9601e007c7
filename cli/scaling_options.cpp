#include "cli/scaling_options.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include "cli/plot.h"
#include "cli/set_option.h"

namespace npusim::cli {
namespace {

constexpr const char* kDefaultBits = "16,8,6,5,4,3,2";

bool is_uniform_bits(int bits) {
    return (bits >= 1 && bits <= 8) || bits == 16;
}

std::vector<int> read_bits(OptionReader& reader) {
    constexpr std::size_t fewest = 2;
    std::vector<int> list;
    std::istringstream text(reader.text("bits", kDefaultBits));
    for (std::string word; std::getline(text, word, ',');) {
        int bits = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), bits);
        if (error != std::errc() || end != word.data() + word.size() || !is_uniform_bits(bits)) {
            reader.problem("bits", "\"" + word + "\" is not allowed, allowed are 1..8, 16, separated by commas");
            return {};
        }
        list.push_back(bits);
    }
    std::sort(list.begin(), list.end(), std::greater<>());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    if (list.size() < fewest) reader.problem("bits", "two or more precisions are needed");
    return list;
}

void read_base(OptionReader& reader, Options& base, const Environment& environment) {
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    base.arch = reader.text("arch", base.arch);
    base.settings = read_settings(reader);
    base.model = reader.text("model");
    base.topology = reader.text("topology");
    base.image_size = reader.integer("image-size", 1, 65'536);
    base.weights = reader.text("weights");
    base.dataset = reader.text("dataset");
    base.data_root = reader.has("data-root") ? std::filesystem::path(reader.text("data-root")) : environment.data_root;
    base.calibration_images = reader.integer("calibration-images", 1, 50'000).value_or(base.calibration_images);
    base.test_images = reader.integer("test-images", 1, any);
    base.threads = static_cast<unsigned>(reader.integer("threads", 1, 4096).value_or(0));
    base.json = reader.text("json");
    base.quiet = reader.has("quiet");
    if (base.model.empty() == base.topology.empty()) {
        reader.problem("model", "a network (--model) or a layer list (--topology) is needed");
    }
    if (base.weights.empty() != base.dataset.empty()) {
        reader.problem("weights", "accuracies need both --weights and --dataset");
    }
    if (!base.topology.empty() && !base.weights.empty()) {
        reader.problem("weights", "does not go with --topology: there is no accuracy to measure");
    }
    reader.check_output_file("json", base.json.string());
}

}  // namespace

const std::vector<OptionGroup>& scaling_option_groups() {
    static const std::vector<OptionGroup> groups{
        {"What is scaled",
         {{"arch", "CHIP", "a preset or a JSON file (default: int8_array.json)"},
          set_option(),
          {"model", "NAME", "the network; npusim --list names them"},
          {"topology", "FILE", "SCALE-Sim's layer list (CSV) instead of a network"},
          {"image-size", "PX", "height and width of the input (default: the published size)"},
          {"bits", "LIST", "precisions, each for all operands (default: 16,8,6,5,4,3,2)"},
          {"technology", "FILE", "a technology table instead of the chip's own"},
          {"changes-at", "BITS", "the precision at which changes to the chip are tried (default: 4)"},
          {"no-changes", nullptr, "try no changes"},
          {"no-equal-area", nullptr, "leave out the chips that fill the widest one's area"}}},
        {"Accuracy (needs both of the first two)",
         {{"weights", "FILE", "trained weights; quantized at each precision, or fine-tuned at one of them"},
          {"dataset", "KIND:FOLDER", "labelled images; KIND is cifar10, mnist or images, or just shapes"},
          {"data-root", "FOLDER", "where relative data set folders lie (default: $NPUSIM_DATA)"},
          {"calibration-images", "N", "training images that set the activation ranges (default: 500)"},
          {"test-images", "N", "test images to measure on (default: all)"}}},
        {"Output",
         {{"json", "FILE", "write everything that was found"},
          {"plot", "FILE", "draw energy and area over the bits (.svg, .png)"},
          {"threads", "N", "threads and worker processes (default: all processors)"},
          {"quiet", nullptr, "print nothing but errors"},
          {"help", nullptr, "this text"}}},
    };
    return groups;
}

ScalingOptions parse_scaling_options(const std::vector<std::string>& arguments, const Environment& environment) {
    OptionReader reader(scaling_option_groups(), {arguments.begin() + 2, arguments.end()});
    ScalingOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (!reader.words().empty()) {
        throw InputError("unexpected word \"" + reader.words().front() + "\": npusim scaling --help");
    }
    options.base.command = arguments;
    read_base(reader, options.base, environment);
    options.bits = read_bits(reader);
    options.changes = !reader.has("no-changes");
    options.equal_area = !reader.has("no-equal-area");
    options.changes_at = static_cast<int>(reader.integer("changes-at", 1, 16).value_or(options.changes_at));
    if (!is_uniform_bits(options.changes_at)) reader.problem("changes-at", "allowed are 1..8, 16");
    options.technology = reader.text("technology");
    options.plot = reader.text("plot");
    reader.check_output_file("plot", options.plot.string());
    reader.finish();
    if (!options.plot.empty()) check_plot(options.plot);
    return options;
}

}  // namespace npusim::cli
