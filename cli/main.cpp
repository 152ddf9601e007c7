// The program npusim: options in, exit code out.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <new>
#include <sstream>

#include "cli/help.h"
#include "cli/job.h"
#include "cli/options.h"
#include "cli/printers.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace {

using namespace npusim::cli;

enum ExitCode { done = 0, failed = 1, bad_input = 2 };

/// Chips and tables lie beside the program, so that an installed tree can be moved.
std::filesystem::path find_preset_folder() {
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
    return (program.parent_path() / ".." / "share" / "npusim" / "arch").lexically_normal();
}

Environment read_environment() {
    Environment environment;
    if (const char* data_root = std::getenv("NPUSIM_DATA")) environment.data_root = data_root;
    const char* no_colour = std::getenv("NO_COLOR");
    environment.colour = ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
    environment.progress = ::isatty(STDERR_FILENO) == 1;
    environment.preset_folder = find_preset_folder();
    return environment;
}

void write_report(const Report& report, const Options& options, const Style& style) {
    if (!options.json.empty()) npusim::write_whole_file(options.json, json_report(report));
    if (!options.csv.empty()) npusim::write_whole_file(options.csv, csv_report(report));
    if (options.quiet) return;
    print_terminal(report, style, std::cout);
    if (!options.layers) return;
    std::cout << '\n';
    print_layers(report, style, std::cout);
}

void run(const std::vector<std::string>& arguments) {
    const Environment environment = read_environment();
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
            const Report report = run_job(options, environment, progress);
            progress.finish();
            write_report(report, options, style);
            break;
        }
    }
    std::cout.flush();
    if (!std::cout) throw std::runtime_error("standard output cannot be written");
}

/// One problem a line.
int complain(const std::string& message, ExitCode code) {
    std::istringstream lines(message);
    for (std::string line; std::getline(lines, line);) std::cerr << "npusim: error: " << line << '\n';
    return code;
}

}  // namespace

int main(int count, char** values) {
    try {
        run({values, values + count});
        return done;
    } catch (const npusim::InputError& error) {
        return complain(error.what(), bad_input);
    } catch (const std::bad_alloc&) {
        return complain("out of memory", failed);
    } catch (const std::exception& error) {
        return complain(error.what(), failed);
    }
}
