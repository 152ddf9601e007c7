#include "cli/help.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "cli/format.h"
#include "cli/options.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"
#include "npusim/models/graph/zoo.h"

namespace npusim::cli {
namespace {

constexpr std::size_t name_width = 26;

void row(std::ostream& out, const std::string& name, const std::string& text) {
    std::string shown = "  " + name;
    for (const std::string& line : wrap_text(text, kReportWidth - name_width)) {
        out << pad_right(shown, name_width - 1) << ' ' << line << '\n';
        shown.clear();
    }
}

void example(std::ostream& out, const Style& style, const std::string& text, const std::string& command) {
    out << "  " << text << '\n' << "    " << style.bold(command) << '\n';
}

void print_groups(const std::vector<OptionGroup>& groups, const Style& style, std::ostream& out) {
    for (const OptionGroup& group : groups) {
        out << '\n' << style.bold(group.title) << '\n';
        for (const OptionRow& option : group.rows) {
            const std::string argument = option.argument == nullptr ? "" : std::string(" ") + option.argument;
            row(out, std::string("--") + option.name + argument, option.text);
        }
    }
}

std::string first_part(const std::string& text) {
    return text.substr(0, text.find(';'));
}

std::vector<std::filesystem::path> preset_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

void print_help(const Style& style, std::ostream& out) {
    out << "npusim tells what a neural network costs on an accelerator, and what accuracy is left at b bits.\n\n"
        << style.bold("Examples") << '\n';
    example(out, style,
            "Time, energy and area of a network on a 4-bit chip:", "npusim --arch int4_array.json --model resnet34");
    example(out, style, "The same with accuracy, measured on the whole test set:",
            "npusim --arch int4_array --model resnet20 --weights resnet20.safetensors --dataset cifar10:FOLDER");
    example(out, style, "6-bit weights and 4-bit activations on an 8-bit array:",
            "npusim --arch int8_array --model resnet50 --bits 6,4");
    example(out, style, "Where the time goes, layer by layer:", "npusim --model vgg16_bn --layers --no-ladder");
    example(out, style,
            "SCALE-Sim's layer lists as they are, timing only:", "npusim --arch int8_server --topology layers.csv");
    example(out, style, "All figures for other tools:", "npusim --model resnet18 --json run.json --csv layers.csv");
    example(out, style, "A larger weight buffer on the same chip:",
            "npusim --arch int4_array --set /weight_buffer/kib=64 --model resnet34");
    example(out, style,
            "All integers of one image, to compute them again:", "npusim --model resnet20 --seed 7 --dump integers");
    example(out, style, "A chip of your own: copy a preset (--list shows where they lie), change it, name it:",
            "npusim --arch my_chip.json --model resnet34");
    out << '\n' << style.bold("Other commands (each explains itself: npusim COMMAND --help)") << '\n';
    row(out, "train", "train a network in fp32, from scratch or from a checkpoint");
    row(out, "finetune", "fine-tune a pretrained network at 8 bits or fewer");
    row(out, "eval", "measure accuracy in fp32, quantized, as integers, and on the simulated machine");
    row(out, "analyze", "what low precision does: weights kept, gradient noise, quantization noise, accumulators");
    row(out, "sweep", "simulate a space of chips, networks and precisions; what was done is kept");
    row(out, "merge", "put the results of a sweep's parts together");
    row(out, "table", "read a sweep's results: the points that no other beats, CSV, JSON, Markdown, LaTeX");
    row(out, "report", "a sweep's results as a page with charts: one HTML file, no network needed");
    row(out, "compare", "two results side by side: cycles, energy and area by component, traffic, layers");
    row(out, "scaling", "energy and area of a chip from 16 to 2 bits: what breaks the square, what would help");
    row(out, "import", "a technology table of your own from Accelergy's CSV tables");
    row(out, "schema", "what chips, sweeps and recipes may hold, as JSON Schema for editors");
    print_groups(option_groups(), style, out);
    out << "\nExit code: 0 done, 1 failed, 2 bad input.\n";
}

void print_command_help(const CommandHelp& help, const Style& style, std::ostream& out) {
    for (const std::string& line : wrap_text(help.summary, kReportWidth)) out << line << '\n';
    out << '\n' << style.bold("Examples") << '\n';
    for (const auto& [text, command] : help.examples) example(out, style, text, command);
    print_groups(*help.groups, style, out);
    out << "\nExit code: 0 done, 1 failed or stopped, 2 bad input.\n";
}

void print_list(const std::filesystem::path& preset_folder, const Style& style, std::ostream& out) {
    out << style.bold("Networks (--model)") << '\n';
    for (const ZooEntry& entry : zoo()) {
        const Network network = make_network(entry.name);
        row(out, entry.name,
            entry.title + ", " + std::to_string(entry.image_size) + " px, " + std::to_string(entry.classes) +
                " classes, " + si(static_cast<double>(count_macs(network)), "MAC") + ", " +
                si(static_cast<double>(count_parameters(network)), " parameters"));
    }
    out << '\n' << style.bold("Chips (--arch), in " + preset_folder.string()) << '\n';
    for (const auto& file : preset_files(preset_folder)) {
        try {
            row(out, file.filename().string(), first_part(read_arch(file).description));
        } catch (const InputError& error) {
            row(out, file.filename().string(), std::string("cannot be read: ") + error.what());
        }
    }
}

}  // namespace npusim::cli
