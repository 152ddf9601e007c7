#include "cli/compare_command.h"

#include <ostream>

#include "cli/compare_printer.h"
#include "cli/priced_results.h"
#include "npusim/base/files.h"

namespace npusim::cli {

void run_compare_command(const CompareOptions& options, const Environment& environment, const Style& style,
                         std::ostream& out) {
    const auto read = [&](const std::string& word) {
        return read_result(word, options.technology, environment.preset_folder);
    };
    const Comparison comparison = compare_results(read(options.results[0]), read(options.results[1]));
    if (!options.json.empty()) write_whole_file(options.json, comparison_json(comparison));
    if (!options.markdown.empty()) write_whole_file(options.markdown, comparison_markdown(comparison));
    if (!options.quiet) print_comparison(comparison, options.layers, style, out);
}

}  // namespace npusim::cli
