// The program npusim: options in, exit code out.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <new>
#include <sstream>
#include <thread>

#include "cli/analyze_command.h"
#include "cli/compare_command.h"
#include "cli/eval_command.h"
#include "cli/help.h"
#include "cli/import_command.h"
#include "cli/job.h"
#include "cli/options.h"
#include "cli/printers.h"
#include "cli/report_command.h"
#include "cli/roofline.h"
#include "cli/scaling_command.h"
#include "cli/schema_command.h"
#include "cli/sweep_command.h"
#include "cli/topology_job.h"
#include "cli/training_command.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/ranks/ranks.h"

namespace {

using namespace npusim::cli;

enum ExitCode { done = 0, failed = 1, bad_input = 2 };

/// Chips and tables lie beside the program, so that an installed tree can be moved.
std::filesystem::path find_preset_folder() {
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
    return (program.parent_path() / ".." / "share" / "npusim" / "arch").lexically_normal();
}

/// Where the user's programs keep what can be made again (XDG base directories).
std::filesystem::path find_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache == '/') return std::filesystem::path(cache) / "npusim";
    const char* home = std::getenv("HOME");
    if (home != nullptr && *home == '/') return std::filesystem::path(home) / ".cache" / "npusim";
    return {};
}

Environment read_environment() {
    Environment environment;
    environment.cache = find_cache();
    if (const char* data_root = std::getenv("NPUSIM_DATA")) environment.data_root = data_root;
    const char* no_colour = std::getenv("NO_COLOR");
    environment.colour = ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
    environment.progress = ::isatty(STDERR_FILENO) == 1;
    environment.preset_folder = find_preset_folder();
    return environment;
}

/// Whether mpirun (Open MPI, MPICH) or Slurm's srun has started this process as one of several.
bool is_started_with_ranks() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"}) {
        if (std::getenv(name) != nullptr) return true;
    }
    return false;
}

/// The stream that a rank prints to: the first one speaks for all.
std::ostream& output_of(const npusim::Ranks& ranks) {
    static std::ostream nowhere(nullptr);
    return ranks.rank() == 0 ? std::cout : nowhere;
}

void write_report(const Report& report, const Options& options, const Style& style) {
    if (!options.json.empty()) npusim::write_whole_file(options.json, json_report(report));
    if (!options.csv.empty()) npusim::write_whole_file(options.csv, csv_report(report));
    if (!options.sight.roofline.empty()) write_roofline(report.result, report.arch, options.sight.roofline);
    if (options.quiet) return;
    print_terminal(report, style, std::cout);
    if (!options.layers) return;
    std::cout << '\n';
    print_layers(report, style, std::cout);
}

/// Set by Ctrl-C, asked by long work at points where it can stop and lose nothing.
volatile std::sig_atomic_t interrupted = 0;

void note_interrupt(int) {
    interrupted = 1;
}

CommandHelp help_of(TrainingCommand kind) {
    if (kind == TrainingCommand::train) {
        return {"npusim train trains a network in fp32. A run that stopped goes on when the same command is given.",
                {{"From scratch, on images that are drawn and need no download:",
                  "npusim train --model resnet20 --dataset shapes --epochs 4 --out resnet20.safetensors"},
                 {"On CIFAR-10, 5,000 images kept apart to choose settings by:",
                  "npusim train --model resnet20 --dataset cifar10:FOLDER --held-out 5000 --out own.safetensors"}},
                &training_option_groups(kind)};
    }
    return {"npusim finetune turns a pretrained fp32 network into one of 8, 4, 3 or 2 bits (McKinstry et al. 2018).",
            {{"8 bits, one epoch:",
              "npusim finetune --model resnet20 --weights fp32.safetensors --dataset cifar10:FOLDER --bits 8 "
              "--out w8.safetensors"},
             {"4 bits with learned steps, 30 epochs:",
              "npusim finetune --model resnet20 --weights fp32.safetensors --dataset cifar10:FOLDER --bits 4 "
              "--method lsq --epochs 30 --out w4.safetensors"},
             {"Then its accuracy, cycles and energy on a chip:",
              "npusim --arch int4_array --model resnet20 --weights w4.safetensors --dataset cifar10:FOLDER"}},
            &training_option_groups(kind)};
}

ExitCode run_training(TrainingCommand kind, const std::vector<std::string>& arguments, const Environment& environment,
                      npusim::Ranks& ranks) {
    const TrainingOptions options = parse_training_options(kind, arguments, environment);
    if (options.help) {
        print_command_help(help_of(kind), Style{environment.colour}, output_of(ranks));
        return done;
    }
    Progress progress(environment.progress && !options.quiet && ranks.rank() == 0);
    std::signal(SIGINT, note_interrupt);
    std::signal(SIGTERM, note_interrupt);
    return run_training_command(
               options, progress, [] { return interrupted != 0; }, output_of(ranks), &ranks)
               ? done
               : failed;
}

CommandHelp analyze_help() {
    return {
        "npusim analyze tells what low precision does to a network: how far the weights went, how noisy gradients "
        "are, what quantization costs each layer.",
        {{"Everything, before and after fine-tuning:",
          "npusim analyze --model resnet20 --weights fp32.safetensors --tuned w4.safetensors "
          "--dataset cifar10:FOLDER --bits 8,4,2 --json analysis.json --plot noise.svg"},
         {"Accumulator widths only, no data needed:", "npusim analyze --model resnet34 --bits 8,4,2 --layers"}},
        &analyze_option_groups()};
}

void run_analysis(const std::vector<std::string>& arguments, const Environment& environment) {
    const AnalyzeOptions options = parse_analyze_options(arguments, environment);
    const Style style{environment.colour};
    if (options.help) {
        print_command_help(analyze_help(), style, std::cout);
        return;
    }
    Progress progress(environment.progress && !options.quiet);
    run_analyze_command(options, style, progress, std::cout);
}

void run_evaluation(const std::vector<std::string>& arguments, const Environment& environment) {
    const EvalOptions options = parse_eval_options(arguments, environment);
    if (options.help) {
        print_command_help(
            {"npusim eval measures a network's accuracy at every level at which it can be computed.",
             {{"Plain weights, in fp32 and quantized to 4 bits after training:",
               "npusim eval --model resnet20 --weights fp32.safetensors --dataset cifar10:FOLDER --bits 4"},
              {"A fine-tuned network, down to the simulated machine, with its confusions:",
               "npusim eval --model resnet20 --weights w4.safetensors --dataset cifar10:FOLDER "
               "--levels fake,integers,machine --confusion"}},
             &eval_option_groups()},
            Style{environment.colour}, std::cout);
        return;
    }
    Progress progress(environment.progress && !options.base.quiet);
    const EvalReport report = run_eval(options, environment, progress);
    progress.finish();
    if (!options.base.json.empty()) npusim::write_whole_file(options.base.json, eval_json(report));
    if (!options.base.quiet) print_eval(report, options.confusion, std::cout);
}

CommandHelp sweep_help() {
    return {
        "npusim sweep FILE simulates a space of chips, each distinct layer once. A run that stopped goes on when the "
        "same command is given.",
        {{"A space that ships with npusim, its points as a spreadsheet:",
          "npusim sweep precision_resnet34.json --csv points.csv"},
         {"What it would take:", "npusim sweep space.json --dry-run"},
         {"The third of eight parts, for a cluster's job array; then together:",
          "npusim sweep space.json --shard 3/8 --store part3.sqlite && npusim merge all.sqlite part*.sqlite"}},
        &sweep_option_groups()};
}

ExitCode run_sweep(const std::vector<std::string>& arguments, const Environment& environment, npusim::Ranks& ranks) {
    const SweepOptions options = parse_sweep_options(arguments);
    const Style style{environment.colour};
    if (options.help) {
        print_command_help(sweep_help(), style, output_of(ranks));
        return done;
    }
    Progress progress(environment.progress && !options.quiet && ranks.rank() == 0);
    std::signal(SIGINT, note_interrupt);
    std::signal(SIGTERM, note_interrupt);
    const SweepSurroundings surroundings{environment, progress, [] { return interrupted != 0; }, &ranks};
    return run_sweep_command(options, surroundings, style, output_of(ranks)) ? done : failed;
}

void run_merge(const std::vector<std::string>& arguments, const Environment& environment) {
    const MergeOptions options = parse_merge_options(arguments);
    if (!options.help) return run_merge_command(options, std::cout);
    print_command_help({"npusim merge STORE OTHER... puts the results of other stores into one.",
                        {{"The shards of a sweep:", "npusim merge all.sqlite part1.sqlite part2.sqlite"}},
                        &merge_option_groups()},
                       Style{environment.colour}, std::cout);
}

void run_table(const std::vector<std::string>& arguments, const Environment& environment) {
    const TableOptions options = parse_table_options(arguments);
    const Style style{environment.colour};
    if (!options.help) return run_table_command(options, environment, style, std::cout);
    print_command_help({"npusim table STORE prints the points of a sweep that no other beats, and writes all of them.",
                        {{"As a spreadsheet:", "npusim table precision_resnet34.sqlite --csv points.csv"},
                         {"With other prices, nothing simulated again:",
                          "npusim table precision_resnet34.sqlite --technology own.json --json points.json"}},
                        &table_option_groups()},
                       style, std::cout);
}

void run_comparison(const std::vector<std::string>& arguments, const Environment& environment) {
    const CompareOptions options = parse_compare_options(arguments);
    const Style style{environment.colour};
    if (!options.help) return run_compare_command(options, environment, style, std::cout);
    print_command_help(
        {"npusim compare A B puts two results side by side: time, energy, area, traffic, layers. Each is "
         "a file that --json wrote, or a point of a sweep's store: STORE:INDEX or STORE:SWEEP:INDEX.",
         {{"The same network on two chips:", "npusim compare int8.json int4.json"},
          {"Two points of a sweep, as a table for a paper:",
           "npusim compare points.sqlite:0 points.sqlite:17 --markdown points.md"}},
         &compare_option_groups()},
        style, std::cout);
}

void run_report(const std::vector<std::string>& arguments, const Environment& environment) {
    const ReportOptions options = parse_report_options(arguments);
    const Style style{environment.colour};
    if (!options.table.help) return run_report_command(options, environment, style, std::cout);
    print_command_help(
        {"npusim report STORE writes a page that shows a sweep: one HTML file, which needs no network.",
         {{"Accuracy, energy, area and layers, to look at in a browser:", "npusim report accuracy_resnet20.sqlite"},
          {"The same charts as pictures for a paper, the points as LaTeX:",
           "npusim report accuracy_resnet20.sqlite --pictures . --latex points.tex"}},
         &report_option_groups()},
        style, std::cout);
}

void run_scaling(const std::vector<std::string>& arguments, const Environment& environment) {
    const ScalingOptions options = parse_scaling_options(arguments, environment);
    const Style style{environment.colour};
    Progress progress(environment.progress && !options.base.quiet);
    if (!options.help) return run_scaling_command(options, environment, style, progress, std::cout);
    print_command_help(
        {"npusim scaling tells how the energy and the area of a chip follow its precision: which component breaks the "
         "square of the bits, and which change to the chip would help most.",
         {{"Every component from 16 to 2 bits, with a picture:",
           "npusim scaling --arch int4_array --model resnet34 --plot scaling.svg"},
          {"With the accuracy that is left at each precision:",
           "npusim scaling --model resnet20 --weights fp32.safetensors --dataset cifar10:FOLDER"},
          {"In another technology:",
           "npusim scaling --model resnet18 --set /technology=technology/7nm.json --bits 8,4,2"}},
         &scaling_option_groups()},
        style, std::cout);
}

void run_import(const std::vector<std::string>& arguments, const Environment& environment) {
    const ImportOptions options = parse_import_options(arguments);
    const Style style{environment.colour};
    if (!options.help) return run_import_command(options, environment, style, std::cout);
    print_command_help(
        {"npusim import accelergy PATH makes a technology table of the CSV files of Accelergy's table-based plug-in "
         "(intmac, intmultiplier, intadder, fpmac, fpadder, SRAM, DRAM, wire), and tells what became of each row. PATH "
         "is their folder, or one of them.",
         {{"Your energies, all else as in the 45 nm table:",
           "npusim import accelergy tables --based-on 45nm --out own.json"},
          {"Then a network at these prices:", "npusim --arch int8_array --set /technology=own.json --model resnet34"}},
         &import_option_groups()},
        style, std::cout);
}

void run_schema(const std::vector<std::string>& arguments, const Environment& environment) {
    const SchemaOptions options = parse_schema_options(arguments);
    if (!options.help) return run_schema_command(options, std::cout);
    print_command_help(
        {"npusim schema KIND prints what a file may hold, as JSON Schema (draft 2020-12), for editors that "
         "check and complete. KIND is arch, sweep or recipe.",
         {{"Of chips, beside a chip of your own, which may name it: \"$schema\": \"arch.schema.json\":",
           "npusim schema arch > arch.schema.json"}},
         &schema_option_groups()},
        Style{environment.colour}, std::cout);
}

void run_simulation(const std::vector<std::string>& arguments, const Environment& environment) {
    const Options options = parse_options(arguments, environment);
    const Style style{environment.colour};
    switch (options.action) {
        case Action::help:
            print_help(style, std::cout);
            break;
        case Action::version:
            std::cout << "npusim " << NPUSIM_VERSION << '\n';
            break;
        case Action::list:
            print_list(environment.preset_folder, style, std::cout);
            break;
        case Action::simulate: {
            Progress progress(environment.progress && !options.quiet);
            const Report report = options.topology.empty() ? run_job(options, environment, progress)
                                                           : run_topology_job(options, environment, progress);
            progress.finish();
            write_report(report, options, style);
            break;
        }
    }
}

/// Training and sweeps are what ranks share; all else is the first one's.
ExitCode run(const std::vector<std::string>& arguments, npusim::Ranks& ranks) {
    const Environment environment = read_environment();
    const std::string word = arguments.size() > 1 ? arguments[1] : "";
    ExitCode code = done;
    if (word == "train") {
        code = run_training(TrainingCommand::train, arguments, environment, ranks);
    } else if (word == "finetune") {
        code = run_training(TrainingCommand::finetune, arguments, environment, ranks);
    } else if (word == "eval") {
        run_evaluation(arguments, environment);
    } else if (word == "analyze") {
        run_analysis(arguments, environment);
    } else if (word == "sweep") {
        code = run_sweep(arguments, environment, ranks);
    } else if (ranks.rank() != 0) {
        return done;
    } else if (word == "merge") {
        run_merge(arguments, environment);
    } else if (word == "table") {
        run_table(arguments, environment);
    } else if (word == "report") {
        run_report(arguments, environment);
    } else if (word == "compare") {
        run_comparison(arguments, environment);
    } else if (word == "scaling") {
        run_scaling(arguments, environment);
    } else if (word == "import") {
        run_import(arguments, environment);
    } else if (word == "schema") {
        run_schema(arguments, environment);
    } else {
        run_simulation(arguments, environment);
    }
    std::cout.flush();
    if (!std::cout) throw std::runtime_error("standard output cannot be written");
    return code;
}

/// One problem a line. Ends the other ranks, which would wait for this one.
int complain(const std::string& message, ExitCode code, npusim::Ranks* ranks) {
    const bool is_first = ranks == nullptr || ranks->rank() == 0;
    // Most problems are seen by all ranks at once; then it is the first one that says so and ends all.
    constexpr std::chrono::seconds kTimeForTheFirst{2};
    if (!is_first) std::this_thread::sleep_for(kTimeForTheFirst);
    const std::string who = is_first ? "" : "rank " + std::to_string(ranks->rank()) + ": ";
    std::istringstream lines(message);
    for (std::string line; std::getline(lines, line);) std::cerr << "npusim: error: " << who << line << '\n';
    if (ranks != nullptr && ranks->count() > 1) ranks->abort(code);
    return code;
}

ExitCode run_with_ranks(const std::vector<std::string>& arguments, std::unique_ptr<npusim::Ranks>& ranks) {
    ranks = is_started_with_ranks() ? npusim::make_mpi_ranks() : npusim::make_single_rank();
    return run(arguments, *ranks);
}

}  // namespace

int main(int count, char** values) {
    std::unique_ptr<npusim::Ranks> ranks;
    try {
        return run_with_ranks({values, values + count}, ranks);
    } catch (const npusim::InputError& error) {
        return complain(error.what(), bad_input, ranks.get());
    } catch (const std::bad_alloc&) {
        return complain("out of memory", failed, ranks.get());
    } catch (const std::exception& error) {
        return complain(error.what(), failed, ranks.get());
    }
}
