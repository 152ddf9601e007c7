#include "npusim/sweeps/sweep_runner.h"

#include <algorithm>
#include <list>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "forecaster.h"
#include "npusim/base/error.h"
#include "point_crew.h"
#include "point_plan.h"

namespace npusim {
namespace {

PointStatus status_of(FailureKind kind) {
    switch (kind) {
        case FailureKind::bad_input:
            return PointStatus::impossible;
        case FailureKind::error:
            return PointStatus::failed;
        case FailureKind::crashed:
            return PointStatus::crashed;
        case FailureKind::timed_out:
            return PointStatus::timed_out;
    }
    return PointStatus::failed;
}

/// A point that is being worked on: it waits for a worker of its own, or for layers that other points' workers
/// simulate.
struct OpenPoint {          // NOLINT(bugprone-exception-escape): moving JSON does not throw
    std::size_t place = 0;  ///< in the sweep's list
    PointPlan plan;
    std::vector<std::size_t> simulated;  ///< layers that its own worker simulates; empty: none works
    int kills = 0;
};

constexpr std::chrono::milliseconds kUntilSomethingHappens{-1};

std::unique_ptr<PointCrew> crew_of(const std::vector<SweepPoint>& points, const SweepRunOptions& options) {
    const unsigned workers = options.workers != 0 ? options.workers : own_processors(options.ranks);
    auto own = make_local_crew(points, workers, options.time_limit);
    if (options.ranks == nullptr || options.ranks->count() == 1) return own;
    return make_rank_crew(std::move(own), *options.ranks);
}

class SweepRun {
public:
    SweepRun(const SweepSpec& spec, const std::vector<SweepPoint>& points, SweepStore& store,
             const SweepRunOptions& options)
        : spec_(spec), points_(points), store_(store), options_(options), crew_(crew_of(points, options)) {
        progress_.points = std::ssize(points);
    }

    SweepProgress run() {
        remember_store();
        list_sweep();
        if (options_.forecast) foresee();
        while (!is_stopped() && (next_ < points_.size() || !open_.empty())) {
            while (crew_->has_room() && next_ < points_.size() && !is_stopped()) open_next();
            if (!crew_->is_busy()) continue;
            for (auto& [number, outcome] : crew_->wait(kUntilSomethingHappens)) end_work(number, outcome);
        }
        crew_->dismiss();
        return progress_;
    }

private:
    [[nodiscard]] bool is_stopped() const { return options_.should_stop && options_.should_stop(); }

    void remember_store() {
        for (auto& [key, layer] : store_.layers()) {
            stored_.insert(key);
            known_.emplace(key, std::move(layer));
        }
        for (auto& [key, point] : store_.points()) {
            if (point.status == PointStatus::done || point.status == PointStatus::impossible) {
                found_.emplace(key, std::move(point));
            }
        }
    }

    void list_sweep() {
        std::vector<SweepEntry> entries;
        entries.reserve(points_.size());
        for (const SweepPoint& point : points_) {
            entries.push_back({point.index, settings_json(point), keys_.emplace_back(key_of(point))});
        }
        store_.set_sweep(spec_.name, to_json(spec_), entries);
    }

    /// What it simulates to know how long that takes is not simulated again.
    void foresee() {
        std::vector<MissingPoint> missing;
        for (std::size_t place = 0; place < points_.size(); ++place) {
            if (!found_.contains(keys_[place])) missing.push_back({place, keys_[place]});
        }
        Forecaster forecaster(points_, networks_, options_);
        forecaster.plan(missing, [&](const std::string& key) { return known_.contains(key); });
        for (StoredLayer& layer : forecaster.time_some()) {
            const std::string key = layer.key;
            if (known_.emplace(key, std::move(layer)).second) ++progress_.layers_simulated;
        }
        options_.forecast(forecaster.forecast());
    }

    void open_next() {
        const std::size_t at = next_++;
        open(at, keys_[at]);
    }

    void open(std::size_t place, const std::string& key) {
        const SweepPoint& point = points_[place];
        const auto found = found_.find(key);
        if (found != found_.end()) {
            ++progress_.points_found;
            tell(point, found->second);
            note(found->second);
            return;
        }
        if (!point.arch) {
            StoredPoint refused{key, point.network, nullptr, PointStatus::impossible, point.impossible, {}};
            commit(refused);
            return;
        }
        OpenPoint opened;
        opened.place = place;
        try {
            opened.plan = plan_point(networks_, point, key);
        } catch (const InputError& error) {
            commit({key, point.network, to_json(*point.arch), PointStatus::impossible, error.what(), {}});
            return;
        }
        const std::size_t number = next_number_++;
        open_.emplace(number, std::move(opened));
        go_on(number);
    }

    /// Commits the point if all its layers are known, else starts a worker for those that nobody simulates yet.
    void go_on(std::size_t number) {
        OpenPoint& opened = open_.at(number);
        if (!opened.simulated.empty()) return;
        std::set<std::string> wanted;
        bool waits = false;
        for (std::size_t layer = 0; layer < opened.plan.point.layers.size(); ++layer) {
            const std::string& key = opened.plan.point.layers[layer].second;
            if (known_.contains(key) || wanted.contains(key)) continue;
            waits = true;
            if (in_flight_.contains(key)) continue;
            wanted.insert(key);
            opened.simulated.push_back(layer);
        }
        if (!waits) return finish(number);
        if (wanted.empty()) return;
        in_flight_.insert(wanted.begin(), wanted.end());
        start(number);
    }

    void start(std::size_t number) {
        const OpenPoint& opened = open_.at(number);
        crew_->start(number, {opened.place, opened.simulated});
    }

    void end_work(std::size_t number, const WorkerOutcome& outcome) {
        OpenPoint& opened = open_.at(number);
        constexpr int kMostKills = 3;
        const auto* failure = std::get_if<WorkerFailure>(&outcome);
        if (failure != nullptr && failure->kind == FailureKind::crashed && ++opened.kills < kMostKills) {
            start(number);
            return;
        }
        const std::vector<std::size_t> simulated = std::exchange(opened.simulated, {});
        for (const std::size_t layer : simulated) in_flight_.erase(opened.plan.point.layers[layer].second);
        if (failure != nullptr) {
            give_up(number, *failure);
        } else {
            learn(opened, simulated, std::get<RunResult>(outcome));
        }
        // Layers have become known, or their worker failed and others have to try.
        std::vector<std::size_t> waiting;
        for (const auto& [other, point] : open_) waiting.push_back(other);
        for (const std::size_t other : waiting) go_on(other);
    }

    void learn(const OpenPoint& opened, const std::vector<std::size_t>& simulated, const RunResult& result) {
        for (std::size_t i = 0; i < simulated.size(); ++i) {
            const std::string& key = opened.plan.point.layers[simulated[i]].second;
            known_.emplace(key, StoredLayer{key, result.layers.at(i).op, result.layers.at(i).counters});
            ++progress_.layers_simulated;
        }
    }

    void give_up(std::size_t number, const WorkerFailure& failure) {
        StoredPoint point = std::move(open_.at(number).plan.point);
        open_.erase(number);
        point.status = status_of(failure.kind);
        point.reason = failure.reason;
        point.layers.clear();
        commit(point);
    }

    void finish(std::size_t number) {
        StoredPoint point = std::move(open_.at(number).plan.point);
        const SweepPoint& asked = points_[open_.at(number).place];
        open_.erase(number);
        layers_of_points_ += std::ssize(point.layers);
        progress_.layers_remembered = std::max<std::int64_t>(0, layers_of_points_ - progress_.layers_simulated);
        tell(asked, point);
        commit(point);
    }

    void commit(const StoredPoint& point) {
        std::vector<StoredLayer> fresh;
        for (const auto& [name, key] : point.layers) {
            if (stored_.insert(key).second) fresh.push_back(known_.at(key));
        }
        store_.add(fresh, point);
        found_.emplace(point.key, point);
        note(point);
    }

    void tell(const SweepPoint& asked, const StoredPoint& point) const {
        if (!options_.result || point.status != PointStatus::done) return;
        Counters total;
        for (const auto& [name, key] : point.layers) total += known_.at(key).counters;
        options_.result(asked, total);
    }

    void note(const StoredPoint& point) {
        ++progress_.points_done;
        if (point.status != PointStatus::done) ++progress_.points_failed;
        if (options_.progress) options_.progress(progress_, point);
    }

    const SweepSpec& spec_;
    const std::vector<SweepPoint>& points_;
    std::vector<std::string> keys_;  ///< of the points
    SweepStore& store_;
    const SweepRunOptions& options_;
    std::unique_ptr<PointCrew> crew_;
    std::size_t next_ = 0;         ///< of the points
    std::size_t next_number_ = 0;  ///< of the jobs
    Networks networks_;
    std::map<std::size_t, OpenPoint> open_;
    std::unordered_map<std::string, StoredLayer> known_;
    std::unordered_set<std::string> stored_;
    std::unordered_set<std::string> in_flight_;
    std::unordered_map<std::string, StoredPoint> found_;
    std::int64_t layers_of_points_ = 0;
    SweepProgress progress_;
};

}  // namespace

SweepProgress run_sweep(const SweepSpec& spec, const std::vector<SweepPoint>& points, SweepStore& store,
                        const SweepRunOptions& options) {
    return SweepRun(spec, points, store, options).run();
}

void serve_sweep(const std::vector<SweepPoint>& points, const SweepRunOptions& options) {
    const unsigned workers = options.workers != 0 ? options.workers : own_processors(options.ranks);
    const auto own = make_local_crew(points, workers, options.time_limit);
    serve_points(*own, *options.ranks, workers);
}

}  // namespace npusim
