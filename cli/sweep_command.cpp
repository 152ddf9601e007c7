#include "cli/sweep_command.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>

#include "cli/format.h"
#include "cli/inputs.h"
#include "cli/sweep_accuracy.h"
#include "cli/sweep_printer.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/sweeps/sweep_runner.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {
namespace {

/// Each table is read once.
TechnologyOf technologies(const std::filesystem::path& given, const std::filesystem::path& arch_file,
                          const std::filesystem::path& preset_folder) {
    auto known = std::make_shared<std::map<std::string, Technology>>();
    return [=](const ArchSpec& arch) -> const Technology& {
        const auto found = known->find(arch.technology);
        if (found != known->end()) return found->second;
        Technology technology =
            given.empty() ? find_technology(arch, arch_file, preset_folder) : read_technology(given);
        return known->emplace(arch.technology, std::move(technology)).first->second;
    };
}

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

void write_tables(const SweepTable& table, const TableFiles& files) {
    const auto write = [&](const std::filesystem::path& file,
                           void (*print)(const SweepTable&, std::ostream&, const ColumnNames&)) {
        if (file.empty()) return;
        std::ostringstream text;
        print(table, text, {});
        write_whole_file(file, text.str());
    };
    write(files.csv, write_csv);
    write(files.json, write_json);
    write(files.markdown, write_markdown);
    write(files.latex, write_latex);
}

std::vector<SweepPoint> shard_of(std::vector<SweepPoint> points, const Shard& shard) {
    std::vector<SweepPoint> own;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (static_cast<std::int64_t>(i) % shard.count == shard.index) own.push_back(std::move(points[i]));
    }
    return own;
}

/// The progress line: points, rate, time left.
class SweepLine {
public:
    explicit SweepLine(Progress& progress) : progress_(progress) {}

    void show(const SweepProgress& at) {
        const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
        const auto fresh = static_cast<double>(at.points_done - at.points_found);
        std::string line = thousands(static_cast<std::uint64_t>(at.points_done)) + " of " +
                           thousands(static_cast<std::uint64_t>(at.points)) + " points";
        if (fresh > 0 && seconds > 1) {
            const double rate = fresh / seconds;
            line += ", " + with_digits(rate, 3) + "/s, " +
                    duration(static_cast<double>(at.points - at.points_done) / rate) + " left";
        }
        if (at.points_failed > 0) line += ", " + std::to_string(at.points_failed) + " without a result";
        progress_.show(line);
    }

    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

private:
    using Clock = std::chrono::steady_clock;
    Progress& progress_;
    Clock::time_point began_ = Clock::now();
};

}  // namespace

bool run_sweep_command(const SweepOptions& options, const SweepSurroundings& surroundings, const Style& style,
                       std::ostream& out) {
    const std::filesystem::path& presets = surroundings.environment.preset_folder;
    const std::filesystem::path file = find_sweep(options.sweep, presets);
    SweepSpec spec = with_accuracy(read_sweep(file), options.accuracy, file);
    const std::filesystem::path base_file = find_base(spec, file, presets);
    const TechnologyOf technology_of = technologies(options.tables.technology, base_file, presets);
    const AreaOf area_of = [&](const ArchSpec& arch) {
        return make_cost_model(arch, technology_of(arch)).area.total_mm2();
    };
    const std::vector<SweepPoint> points =
        shard_of(points_of(spec, read_arch(base_file), area_of, file.string()), options.shard);
    if (!options.quiet) print_sweep_head(spec, points, style, out);
    check_accuracy_inputs(spec, options, surroundings.environment);
    if (options.dry_run) return true;
    SweepStore store(options.store, SweepStore::Mode::create_or_extend);
    SweepLine line(surroundings.progress);
    SweepRunOptions run;
    run.workers = options.workers;
    run.time_limit = std::chrono::seconds(spec.time_limit_s);
    run.progress = [&](const SweepProgress& at, const StoredPoint&) { line.show(at); };
    run.should_stop = surroundings.should_stop;
    const SweepProgress reached = run_sweep(spec, points, store, run);
    const double seconds = line.seconds();
    const bool measured = measure_accuracies(spec, options, surroundings, store);
    surroundings.progress.finish();
    SweepTable table = make_table(store, spec.name, technology_of);
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
    const std::vector<std::string> names = store.sweeps();
    std::string name = options.sweep;
    if (name.empty() && names.size() == 1) name = names.front();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        std::string known;
        for (const std::string& one : names) known += (known.empty() ? "" : ", ") + one;
        throw InputError("option --sweep: " + (name.empty() ? "is needed" : "\"" + name + "\" is not in the store") +
                         "; " + options.store.string() + " has " + (known.empty() ? "none" : known));
    }
    const SweepSpec spec = parse_sweep(store.sweep_spec(name), name);
    SweepTable table = make_table(store, name, technologies(options.tables.technology, {}, environment.preset_folder));
    add_accuracies(table, store, spec.accuracy);
    write_tables(table, options.tables);
    if (!options.quiet) print_front(table, spec.objectives, style, out);
}

}  // namespace npusim::cli
