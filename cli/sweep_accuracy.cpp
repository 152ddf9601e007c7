#include "cli/sweep_accuracy.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "cli/accuracy_measurement.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/finetune/recipe.h"

namespace npusim::cli {
namespace {

std::vector<std::string> networks_of(const SweepSpec& spec) {
    std::vector<std::string> names = spec.networks;
    for (const SweepAxis& axis : spec.axes) {
        for (std::size_t field = 0; field < axis.fields.size(); ++field) {
            if (axis.fields[field] != "network") continue;
            for (const auto& setting : axis.settings) names.push_back(setting[field].get<std::string>());
        }
    }
    return names;
}

/// The hash of what the files hold that decide accuracies.
std::string inputs_of(const SweepSpec& spec, AccuracyMeasurement& measurement) {
    std::string identity;
    for (const std::string& name : networks_of(spec)) identity += measurement.subject(name).identity + "\n";
    constexpr int kMostBits = 16;
    for (int bits = 1; bits <= kMostBits && !spec.accuracy.recipe.empty(); ++bits) {
        const std::filesystem::path file = measurement.recipe_file(bits);
        std::error_code ignored;
        if (std::filesystem::is_regular_file(file, ignored)) identity += to_json(read_recipe(file)).dump() + "\n";
    }
    return content_hash(identity);
}

}  // namespace

void check_objectives(const SweepSpec& spec, const std::string& source) {
    const bool measures = spec.accuracy.kind != AccuracyKind::none;
    const std::vector<std::string> metrics = metric_names();
    for (std::size_t i = 0; i < spec.objectives.size(); ++i) {
        const std::string& metric = spec.objectives[i].metric;
        if (std::find(metrics.begin(), metrics.end(), metric) != metrics.end()) continue;
        const std::string place = "/objectives/" + std::to_string(i) + "/metric";
        const bool is_accuracy =
            std::find(kAccuracyMetrics.begin(), kAccuracyMetrics.end(), metric) != kAccuracyMetrics.end();
        if (is_accuracy && measures) continue;
        if (is_accuracy) {
            throw InputError(source, place,
                             "\"" + metric +
                                 "\" is an accuracy, and this sweep measures none (accuracy \"none\"; "
                                 "\"calibrate\" and \"finetune\" do)");
        }
        const std::vector<std::string> nearest = nearest_names(metric, metrics);
        throw InputError(source, place,
                         "there is no metric \"" + metric + "\"; " +
                             (nearest.empty() ? "known are " + join(metrics) : "did you mean " + join(nearest) + "?"));
    }
}

void check_accuracy_inputs(const SweepSpec& spec, const std::vector<SweepPoint>& points, const SweepOptions& options,
                           const Environment& environment) {
    if (spec.accuracy.kind == AccuracyKind::none) return;
    Progress silent(false);
    const AccuracyMeasurement measurement(spec.accuracy, options, {environment, silent, {}, nullptr});
    for (const std::string& name : networks_of(spec)) measurement.check(name);
    if (spec.accuracy.recipe.empty()) return;
    std::set<int> bits;
    for (const SweepPoint& point : points) {
        const bool is_measured = point.arch && point.arch->number_format == NumberFormat::integer;
        if (is_measured) bits.insert(bits_of(point.arch->precision));
    }
    for (const int one : bits) (void)read_recipe(measurement.recipe_file(one));
}

namespace {

/// An accuracy that is to be measured: its key, and a point that has it.
struct Wanted {  // NOLINT(bugprone-exception-escape): moving JSON does not throw
    std::string key;
    AccuracyCase what;
    nlohmann::json point;  ///< for the other ranks
};

Wanted wanted_of(const nlohmann::json& message) {
    StoredPoint point;
    point.network = message.at("network");
    point.arch = message.at("arch");
    return {message.at("key"), accuracy_case_of(point).value(), message};
}

/// One for each accuracy that the store lacks, by key.
std::map<std::string, Wanted> missing_accuracies(const SweepSpec& spec, const SweepStore& store) {
    std::map<std::string, Wanted> missing;
    const auto points = store.points();
    for (const SweepEntry& entry : store.sweep_entries(spec.name)) {
        const auto point = points.find(entry.point_key);
        if (point == points.end()) continue;
        const auto what = accuracy_case_of(point->second);
        if (!what) continue;
        const std::string key = key_of(*what, spec.accuracy);
        if (missing.contains(key) || store.accuracy(key)) continue;
        const nlohmann::json message = {{"key", key}, {"network", point->second.network}, {"arch", point->second.arch}};
        missing.emplace(key, Wanted{key, *what, message});
    }
    return missing;
}

/// The ranks take turns at the list; the first one keeps what all find.
class SharedMeasurement {
public:
    SharedMeasurement(AccuracyMeasurement& measurement, const SweepSurroundings& surroundings)
        : measurement_(measurement), surroundings_(surroundings) {}

    /// Of the first rank: false when it or another was stopped.
    bool measure(const std::map<std::string, Wanted>& missing, SweepStore& store) {
        nlohmann::json list = nlohmann::json::array();
        for (const auto& [key, wanted] : missing) list.push_back(wanted.point);
        if (is_shared()) (void)surroundings_.ranks->all_gather(list.dump());
        std::int64_t place = 0;
        std::int64_t expected = std::ssize(list);
        bool stopped = false;
        const auto keep = [&](const std::string& key, const nlohmann::json& figures) {
            --expected;
            if (figures.is_null()) stopped = true;
            if (!figures.is_null()) store.add(StoredAccuracy{key, figures});
        };
        for (const auto& [key, wanted] : missing) {
            if (!is_own(place++)) continue;
            keep(key, figures_of(wanted));
            take_messages(keep);
        }
        while (expected > 0) {
            constexpr std::chrono::milliseconds kBetweenLooks{20};
            std::this_thread::sleep_for(kBetweenLooks);
            take_messages(keep);
        }
        return !stopped;
    }

    /// Of the other ranks.
    void serve() {
        const auto list = nlohmann::json::parse(surroundings_.ranks->all_gather("").front());
        std::int64_t place = 0;
        for (const auto& one : list) {
            if (!is_own(place++)) continue;
            const Wanted wanted = wanted_of(one);
            const nlohmann::json message = {{"accuracy", wanted.key}, {"figures", figures_of(wanted)}};
            std::string bytes;
            nlohmann::json::to_cbor(message, bytes);
            surroundings_.ranks->send(0, bytes);
        }
    }

private:
    [[nodiscard]] bool is_shared() const { return surroundings_.ranks != nullptr && surroundings_.ranks->count() > 1; }
    [[nodiscard]] bool is_own(std::int64_t place) const {
        return !is_shared() || place % surroundings_.ranks->count() == surroundings_.ranks->rank();
    }

    /// Null when stopped.
    nlohmann::json figures_of(const Wanted& wanted) {
        if (surroundings_.should_stop && surroundings_.should_stop()) return nullptr;
        const auto figures = measurement_.measure(wanted.what, wanted.key, surroundings_.should_stop);
        return figures ? *figures : nlohmann::json();
    }

    template <typename Keep>
    void take_messages(const Keep& keep) {
        while (is_shared()) {
            const auto message = surroundings_.ranks->receive();
            if (!message) return;
            const auto content = nlohmann::json::from_cbor(message->second);
            // A simulation that ended when the sweep had been stopped may still be on its way.
            if (content.is_object()) keep(content.at("accuracy").get<std::string>(), content.at("figures"));
        }
    }

    AccuracyMeasurement& measurement_;
    const SweepSurroundings& surroundings_;
};

}  // namespace

bool measure_accuracies(SweepSpec& spec, const SweepOptions& options, const SweepSurroundings& surroundings,
                        SweepStore& store) {
    if (spec.accuracy.kind == AccuracyKind::none) return true;
    AccuracyMeasurement measurement(spec.accuracy, options, surroundings);
    spec.accuracy.inputs = inputs_of(spec, measurement);
    store.set_sweep(spec.name, to_json(spec), store.sweep_entries(spec.name));
    return SharedMeasurement(measurement, surroundings).measure(missing_accuracies(spec, store), store);
}

void serve_accuracies(const SweepSpec& spec, const SweepOptions& options, const SweepSurroundings& surroundings) {
    if (spec.accuracy.kind == AccuracyKind::none) return;
    AccuracyMeasurement measurement(spec.accuracy, options, surroundings);
    SharedMeasurement(measurement, surroundings).serve();
}

std::vector<std::string> accuracy_options(const StoredPoint& point, const AccuracySpec& accuracy,
                                          const std::filesystem::path& store_file) {
    const auto wanted = accuracy_case_of(point);
    if (!wanted || accuracy.kind == AccuracyKind::none) return {"--no-train"};
    if (accuracy.weights.empty()) return {};  // the main job trains the same drawn networks
    std::string weights = with_network(accuracy.weights, point.network);
    if (accuracy.kind == AccuracyKind::finetune) weights = tuned_file(store_file, key_of(*wanted, accuracy)).string();
    return {"--weights", weights, "--dataset", accuracy.dataset};
}

void add_accuracies(SweepTable& table, const SweepStore& store, const AccuracySpec& accuracy) {
    if (accuracy.kind == AccuracyKind::none) return;
    std::map<std::string, nlohmann::json> figures_of_point;
    for (const auto& [point_key, point] : store.points()) {
        const auto wanted = accuracy_case_of(point);
        if (!wanted) continue;
        if (const auto stored = store.accuracy(key_of(*wanted, accuracy)))
            figures_of_point[point_key] = stored->figures;
    }
    for (const std::string_view metric : kAccuracyMetrics) {
        const std::string name(metric);
        add_metric(table, name, [&](const SweepRow& row) -> std::optional<double> {
            const auto found = figures_of_point.find(row.point_key);
            if (found == figures_of_point.end() || !found->second.contains(name)) return std::nullopt;
            return found->second.at(name).get<double>();
        });
    }
}

}  // namespace npusim::cli
