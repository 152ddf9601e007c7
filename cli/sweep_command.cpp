#include "cli/sweep_command.h"

#include <chrono>
#include <ostream>

#include "cli/format.h"
#include "cli/inputs.h"
#include "cli/sweep_accuracy.h"
#include "cli/sweep_files.h"
#include "cli/sweep_printer.h"
#include "cli/sweep_progress.h"
#include "npusim/sweeps/sweep_runner.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {
namespace {

/// The file as it is, or one of those that ship with the program.
std::filesystem::path find_sweep(const std::filesystem::path& file, const std::filesystem::path& preset_folder) {
    std::error_code ignored;
    const std::filesystem::path shipped = preset_folder.parent_path() / "sweeps" / file;
    const bool is_there = std::filesystem::exists(file, ignored) || file.has_parent_path();
    return !is_there && std::filesystem::is_regular_file(shipped, ignored) ? shipped : file;
}

/// The sweep with the command line's accuracy. It goes through the reader again, which knows what fits together.
SweepSpec with_accuracy(const SweepSpec& spec, const nlohmann::json& accuracy, const std::filesystem::path& file) {
    if (accuracy.empty()) return spec;
    nlohmann::json json = to_json(spec);
    json["accuracy"].update(accuracy);
    return parse_sweep(json, file.string() + " with the options given");
}

/// A chip beside the sweep's file comes before a preset.
std::filesystem::path find_base(const SweepSpec& spec, const std::filesystem::path& sweep_file,
                                const std::filesystem::path& preset_folder) {
    std::filesystem::path beside = sweep_file.parent_path() / spec.arch;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(beside, ignored)) return beside;
    return find_arch(spec.arch, preset_folder);
}

std::vector<SweepPoint> shard_of(std::vector<SweepPoint> points, const Shard& shard) {
    std::vector<SweepPoint> own;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (static_cast<std::int64_t>(i) % shard.count == shard.index) own.push_back(std::move(points[i]));
    }
    return own;
}

bool measures_accuracies(const SweepSpec& spec) {
    return spec.accuracy.kind != AccuracyKind::none;
}

/// Under --dry-run: the store is read where there is one, and nothing is kept.
SweepForecast forecast_only(const std::vector<SweepPoint>& points, const SweepRunOptions& run,
                            const std::filesystem::path& store) {
    std::error_code ignored;
    if (!std::filesystem::exists(store, ignored)) return forecast_sweep(points, nullptr, run);
    const SweepStore found(store, SweepStore::Mode::read_only);
    return forecast_sweep(points, &found, run);
}

SweepRunOptions run_options(const SweepSpec& spec, const SweepOptions& options, const SweepSurroundings& surroundings) {
    SweepRunOptions run;
    run.workers = options.workers;
    run.time_limit = std::chrono::seconds(spec.time_limit_s);
    run.should_stop = surroundings.should_stop;
    run.ranks = surroundings.ranks;
    return run;
}

/// Simulates what is missing, and shows where that stands; and how long it took.
std::pair<SweepProgress, double> simulate(const SweepSpec& spec, const std::vector<SweepPoint>& points,
                                          SweepStore& store, SweepRunOptions run, SweepLine& line, std::ostream* out) {
    if (out != nullptr) {
        run.forecast = [&](const SweepForecast& forecast) {
            line.expect(forecast);
            print_forecast(forecast, measures_accuracies(spec), *out);
        };
    }
    run.result = [&](const SweepPoint& point, const Counters& total) { line.add(point, total); };
    run.progress = [&](const SweepProgress& at, const StoredPoint&) { line.show(at); };
    const SweepProgress reached = run_sweep(spec, points, store, run);
    return {reached, line.seconds()};
}

/// The sweep of the options with its points, and what prices them.
struct Space {  // NOLINT(bugprone-exception-escape): moving JSON does not throw
    SweepSpec spec;
    TechnologyOf technology_of;
    std::vector<SweepPoint> points;
};

Space read_space(const SweepOptions& options, const std::filesystem::path& presets) {
    const std::filesystem::path file = find_sweep(options.sweep, presets);
    Space space;
    space.spec = with_accuracy(read_sweep(file), options.accuracy, file);
    check_objectives(space.spec, file.string());
    const std::filesystem::path base_file = find_base(space.spec, file, presets);
    space.technology_of = technologies(options.tables.technology, base_file, presets);
    const AreaOf area_of = [&](const ArchSpec& arch) {
        return make_cost_model(arch, space.technology_of(arch)).area.total_mm2();
    };
    space.points = shard_of(points_of(space.spec, read_arch(base_file), area_of, file.string()), options.shard);
    return space;
}

}  // namespace

bool run_sweep_command(const SweepOptions& options, const SweepSurroundings& surroundings, const Style& style,
                       std::ostream& out) {
    Space space = read_space(options, surroundings.environment.preset_folder);
    SweepSpec& spec = space.spec;
    check_accuracy_inputs(spec, space.points, options, surroundings.environment);
    if (!options.quiet) print_sweep_head(spec, space.points, style, out);
    const SweepRunOptions run = run_options(spec, options, surroundings);
    const bool is_first = surroundings.ranks == nullptr || surroundings.ranks->rank() == 0;
    if (options.dry_run) {
        if (options.quiet || !is_first) return true;
        print_forecast(forecast_only(space.points, run, options.store), measures_accuracies(spec), out);
        return true;
    }
    if (!is_first) {
        serve_sweep(space.points, run);
        serve_accuracies(spec, options, surroundings);
        return true;
    }
    SweepStore store(options.store, SweepStore::Mode::create_or_extend);
    SweepLine line(surroundings.progress, spec.objectives, space.technology_of);
    const auto [reached, seconds] = simulate(spec, space.points, store, run, line, options.quiet ? nullptr : &out);
    const bool measured = measure_accuracies(spec, options, surroundings, store);
    surroundings.progress.finish();
    SweepTable table = make_table(store, spec.name, space.technology_of);
    add_accuracies(table, store, spec.accuracy);
    write_tables(table, options.tables);
    if (!options.quiet) {
        print_sweep_end(reached, seconds, options, style, out);
        print_front(table, spec.objectives, style, out);
    }
    return measured && reached.points_done == reached.points;
}

void run_merge_command(const MergeOptions& options, std::ostream& out) {
    SweepStore store(options.into, SweepStore::Mode::create_or_extend);
    for (const std::filesystem::path& other : options.from) store.merge(other);
    for (const std::string& sweep : store.sweeps()) {
        out << sweep << ": " << thousands(store.sweep_entries(sweep).size()) << " points\n";
    }
}

void run_table_command(const TableOptions& options, const Environment& environment, const Style& style,
                       std::ostream& out) {
    const SweepStore store(options.store, SweepStore::Mode::read_only);
    const std::string name = chosen_sweep(store, options.sweep, "option --sweep", options.store);
    const SweepSpec spec = parse_sweep(store.sweep_spec(name), name);
    SweepTable table = make_table(store, name, technologies(options.tables.technology, {}, environment.preset_folder));
    add_accuracies(table, store, spec.accuracy);
    write_tables(table, options.tables);
    if (!options.quiet) print_front(table, spec.objectives, style, out);
}

}  // namespace npusim::cli
