#include "forecaster.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <unordered_set>

#include "npusim/base/error.h"
#include "npusim/sweeps/precision_ladder.h"

namespace npusim {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::int64_t scaled(std::size_t count, double factor) {
    return std::llround(static_cast<double>(count) * factor);
}

}  // namespace

void Forecaster::plan(const std::vector<MissingPoint>& missing,
                      const std::function<bool(const std::string&)>& is_known) {
    constexpr double most_seconds = 1;
    const auto begin = Clock::now();
    // Hashes of hashes: two that fell together would be one layer too few in an estimate.
    std::unordered_set<std::size_t> seen;
    std::size_t looked_at = 0;
    for (; looked_at < missing.size() && seconds_since(begin) < most_seconds; ++looked_at) {
        const SweepPoint& point = points_[missing[looked_at].place];
        if (!point.arch) continue;
        Work work{&missing[looked_at], {}};
        try {
            const PointPlan plan = plan_point(networks_, point, missing[looked_at].key);
            for (std::size_t layer = 0; layer < plan.point.layers.size(); ++layer) {
                const std::string& key = plan.point.layers[layer].second;
                if (is_known(key) || !seen.insert(std::hash<std::string>()(key)).second) continue;
                work.layers.push_back(layer);
            }
        } catch (const InputError&) {
            continue;  // the run says why
        }
        if (!work.layers.empty()) work_.push_back(std::move(work));
    }
    is_taken_.assign(work_.size(), false);
    const double factor = looked_at == 0 ? 0 : static_cast<double>(missing.size()) / static_cast<double>(looked_at);
    forecast_.points = std::ssize(points_);
    forecast_.points_found = std::ssize(points_) - std::ssize(missing);
    forecast_.is_counted = looked_at == missing.size();
    forecast_.points_to_simulate = scaled(work_.size(), factor);
    forecast_.points_free = std::ssize(missing) - forecast_.points_to_simulate;
    forecast_.layers = scaled(seen.size(), factor);
}

/// Points from everywhere in the list, since neighbours have much in common.
std::vector<const Forecaster::Work*> Forecaster::next_round(std::size_t most) {
    constexpr double golden_section = 0.6180339887498949;
    std::vector<const Work*> round;
    const std::size_t most_tries = 4 * most;
    for (std::size_t tries = 0; round.size() < std::min(most, work_.size()) && tries < most_tries; ++tries) {
        double whole = 0;
        const double fraction = std::modf(static_cast<double>(++rounds_taken_) * golden_section, &whole);
        const auto at = static_cast<std::size_t>(fraction * static_cast<double>(work_.size()));
        if (is_taken_[at]) continue;
        is_taken_[at] = true;
        round.push_back(&work_[at]);
    }
    return round;
}

WorkerJob Forecaster::job_of(const Work& work) {
    const SweepPoint& point = points_[work.point->place];
    const Network& network = networks_.get(point.network);
    return [&](const FractionSink&) { return run_timing(network, *point.arch, work.layers, {}, point.batch); };
}

void Forecaster::learn(const Work& work, const RunResult& result, std::vector<StoredLayer>& found) {
    const SweepPoint& point = points_[work.point->place];
    const PointPlan plan = plan_point(networks_, point, work.point->key);
    for (std::size_t i = 0; i < work.layers.size(); ++i) {
        const LayerResult& layer = result.layers.at(i);
        found.push_back({plan.point.layers.at(work.layers[i]).second, layer.op, layer.counters});
    }
}

std::vector<StoredLayer> Forecaster::time_some() {
    constexpr double most_seconds = 1;
    constexpr double largest_part = 0.05;
    constexpr std::chrono::milliseconds longest_job{10'000};
    WorkerOptions workers;
    workers.workers = options_.workers != 0 ? options_.workers : own_processors(options_.ranks);
    workers.time_limit = options_.time_limit.count() == 0 ? longest_job : std::min(longest_job, options_.time_limit);
    const double ranks = options_.ranks == nullptr ? 1 : options_.ranks->count();
    std::vector<StoredLayer> found;
    double spent_s = 0;
    while (spent_s < most_seconds && spent_s <= largest_part * forecast_.seconds.value_or(most_seconds)) {
        const std::vector<const Work*> round = next_round(workers.workers);
        if (round.empty()) break;
        std::vector<WorkerJob> jobs;
        jobs.reserve(round.size());
        for (const Work* work : round) jobs.push_back(job_of(*work));
        const auto begin = Clock::now();
        const std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, workers);
        spent_s += seconds_since(begin);
        for (std::size_t i = 0; i < round.size(); ++i) {
            if (const auto* result = std::get_if<RunResult>(&outcomes[i])) learn(*round[i], *result, found);
        }
        if (found.empty()) break;
        const double layers_left = static_cast<double>(forecast_.layers) / static_cast<double>(found.size());
        forecast_.seconds = spent_s * layers_left / ranks;
    }
    return found;
}

SweepForecast forecast_sweep(const std::vector<SweepPoint>& points, const SweepStore* store,
                             const SweepRunOptions& options) {
    std::set<std::string> layers;
    std::set<std::string> finished;
    if (store != nullptr) {
        for (const auto& [key, layer] : store->layers()) layers.insert(key);
        for (const auto& [key, point] : store->points()) {
            if (point.status == PointStatus::done || point.status == PointStatus::impossible) finished.insert(key);
        }
    }
    std::vector<MissingPoint> missing;
    for (std::size_t place = 0; place < points.size(); ++place) {
        std::string key = key_of(points[place]);
        if (!finished.contains(key)) missing.push_back({place, std::move(key)});
    }
    Networks networks;
    Forecaster forecaster(points, networks, options);
    forecaster.plan(missing, [&](const std::string& key) { return layers.contains(key); });
    (void)forecaster.time_some();
    return forecaster.forecast();
}

}  // namespace npusim
