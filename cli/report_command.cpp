#include "cli/report_command.h"

#include <ostream>

#include "cli/format.h"
#include "cli/plot.h"
#include "cli/report_pictures.h"
#include "cli/sweep_accuracy.h"
#include "cli/sweep_files.h"
#include "cli/sweep_printer.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/report/page.h"

namespace npusim::cli {
namespace {

/// The chip that the sweep names. The sweep's own file may lie elsewhere now, and the chip's beside it.
std::optional<ArchSpec> base_of(const SweepSpec& spec, const std::filesystem::path& preset_folder) {
    try {
        return read_arch(find_arch(spec.arch, preset_folder));
    } catch (const InputError&) {
        return std::nullopt;
    }
}

}  // namespace

void run_report_command(const ReportOptions& options, const Environment& environment, const Style& style,
                        std::ostream& out) {
    const TableOptions& table = options.table;
    if (!options.pictures.empty()) check_plot("any.svg");
    const SweepStore store(table.store, SweepStore::Mode::read_only);
    const std::string name = chosen_sweep(store, table.sweep, "option --sweep", table.store);
    const TechnologyOf technology_of = technologies(table.tables.technology, {}, environment.preset_folder);
    ReportInput input;
    input.spec = parse_sweep(store.sweep_spec(name), name);
    input.table = make_table(store, name, technology_of);
    add_accuracies(input.table, store, input.spec.accuracy);
    input.objectives = objectives_or_default(input.spec.objectives);
    input.base = base_of(input.spec, environment.preset_folder);
    const auto points = store.points();
    input.options_of = [&points, &table, accuracy = input.spec.accuracy](const SweepRow& row) {
        const auto point = points.find(row.point_key);
        if (point == points.end()) return std::vector<std::string>{};
        return accuracy_options(point->second, accuracy, table.store);
    };
    const ReportData data = make_report_data(std::move(input), store, technology_of);
    write_tables(data.table, table.tables);
    if (!options.pictures.empty()) write_report_pictures(data, options.pictures);
    const std::string page = report_page(data, NPUSIM_VERSION);
    write_whole_file(options.out, page);
    if (table.quiet) return;
    print_front(data.table, data.objectives, style, out);
    out << '\n'
        << options.out.string() << ": " << binary_bytes(static_cast<double>(page.size()))
        << ", opens in a browser without a network\n";
}

}  // namespace npusim::cli
