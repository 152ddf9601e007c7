#include "cli/priced_results.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include "cli/sweep_accuracy.h"
#include "cli/sweep_files.h"
#include "npusim/base/error.h"
#include "npusim/models/graph/zoo.h"

namespace npusim::cli {
namespace {

struct PointName {
    std::filesystem::path store;
    std::string sweep;  ///< empty: the only one
    std::int64_t index = 0;
};

bool is_file(const std::string& name) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(name, ignored);
}

/// The store is what stands before a colon and is there; sweeps and files may have colons in their names.
std::optional<PointName> point_named(const std::string& word) {
    for (std::size_t colon = word.find(':'); colon != std::string::npos; colon = word.find(':', colon + 1)) {
        if (!is_file(word.substr(0, colon))) continue;
        const std::string rest = word.substr(colon + 1);
        const std::size_t last = rest.rfind(':');
        const std::string number = last == std::string::npos ? rest : rest.substr(last + 1);
        PointName point{word.substr(0, colon), last == std::string::npos ? "" : rest.substr(0, last), 0};
        const char* end = number.data() + number.size();
        const auto [stop, error] = std::from_chars(number.data(), end, point.index);
        if (error != std::errc() || stop != end || point.index < 0) {
            throw InputError(word + ": \"" + number + "\" is no point's index; STORE:INDEX or STORE:SWEEP:INDEX");
        }
        return point;
    }
    return std::nullopt;
}

const SweepEntry& entry_of(const std::vector<SweepEntry>& entries, const PointName& name, const std::string& sweep) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const SweepEntry& entry) { return entry.index == name.index; });
    if (found != entries.end()) return *found;
    const std::string range = entries.empty() ? "it has none"
                                              : "it has " + std::to_string(entries.size()) + " with indices from " +
                                                    std::to_string(entries.front().index) + " to " +
                                                    std::to_string(entries.back().index);
    throw InputError(name.store.string(), "sweep " + sweep,
                     "has no point " + std::to_string(name.index) + "; " + range);
}

StoredPoint finished_point(const SweepStore& store, const SweepEntry& entry, const PointName& name) {
    std::map<std::string, StoredPoint> points = store.points();
    const auto found = points.find(entry.point_key);
    const std::string place = "point " + std::to_string(name.index);
    if (found == points.end()) throw InputError(name.store.string(), place, "has no result yet; run its sweep");
    if (found->second.status != PointStatus::done) {
        throw InputError(name.store.string(), place,
                         "has no result: " + std::string(name_of(found->second.status)) + ", " + found->second.reason);
    }
    return std::move(found->second);
}

void add_layers(PricedResult& result, const StoredPoint& point, const std::map<std::string, StoredLayer>& layers,
                const CostModel& cost) {
    for (const auto& [name, key] : point.layers) {
        const auto layer = layers.find(key);
        if (layer == layers.end()) throw InputError(result.source, "layer " + name, "is not in the store");
        const Counters& counters = layer->second.counters;
        result.layers.push_back({name, layer->second.op, counters, cost.energy(counters).total_pj()});
        result.total += counters;
    }
}

std::map<std::string, double> accuracies_of(const SweepStore& store, const SweepSpec& spec,
                                            const std::string& point_key) {
    SweepTable table;
    table.sweep = spec.name;
    table.rows.emplace_back().point_key = point_key;
    add_accuracies(table, store, spec.accuracy);
    std::map<std::string, double> found;
    for (std::size_t i = 0; i < table.metrics.size(); ++i) {
        if (table.rows.front().metrics[i]) found[table.metrics[i]] = *table.rows.front().metrics[i];
    }
    const auto top1 = found.find("top1");
    if (spec.accuracy.kind == AccuracyKind::calibrate && top1 != found.end()) found["quantized_top1"] = top1->second;
    return found;
}

PricedResult read_point(const PointName& name, const std::string& source, const std::filesystem::path& technology,
                        const std::filesystem::path& preset_folder) {
    const SweepStore store(name.store, SweepStore::Mode::read_only);
    const std::string sweep = chosen_sweep(store, name.sweep, source, name.store);
    const std::vector<SweepEntry> entries = store.sweep_entries(sweep);
    const SweepEntry entry = entry_of(entries, name, sweep);
    const StoredPoint point = finished_point(store, entry, name);
    PricedResult result;
    for (const nlohmann::json& setting : entry.settings) {
        if (setting.at(0) == "batch") result.batch = setting.at(1).get<std::int64_t>();
    }
    result.source = source;
    const TensorShape shape = make_network(point.network).input_shape();
    result.network = point.network + " " + std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" +
                     std::to_string(shape.width);
    result.arch = parse_arch(point.arch, source);
    const Technology table = technologies(technology, {}, preset_folder)(result.arch);
    const CostModel cost = make_cost_model(result.arch, table);
    result.technology = table.content_hash;
    add_layers(result, point, store.layers(), cost);
    result.energy_pj = cost.energy(result.total).parts();
    result.area_mm2 = cost.area.parts();
    const CostModel low = make_cost_model(result.arch, table, CostEnd::low);
    const CostModel high = make_cost_model(result.arch, table, CostEnd::high);
    result.energy_range_pj = {low.energy(result.total).total_pj(), high.energy(result.total).total_pj()};
    result.area_range_mm2 = {low.area.total_mm2(), high.area.total_mm2()};
    result.accuracies = accuracies_of(store, parse_sweep(store.sweep_spec(sweep), sweep), point.key);
    return result;
}

bool is_store(const std::string& file) {
    constexpr std::string_view mark = "SQLite format 3";
    std::string begin(mark.size(), ' ');
    std::ifstream(file, std::ios::binary).read(begin.data(), static_cast<std::streamsize>(begin.size()));
    return begin == mark;
}

}  // namespace

PricedResult read_result(const std::string& word, const std::filesystem::path& technology,
                         const std::filesystem::path& preset_folder) {
    if (is_file(word)) {
        if (is_store(word)) throw InputError(word, "", "is a store; name a point of it: " + word + ":INDEX");
        return read_result_file(word);
    }
    if (const auto point = point_named(word)) return read_point(*point, word, technology, preset_folder);
    throw InputError(word, "", "there is no such file, nor a store before a colon (STORE:INDEX, STORE:SWEEP:INDEX)");
}

}  // namespace npusim::cli
