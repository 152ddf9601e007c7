#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>

#include "npusim/sim/simulate.h"
#include "npusim/sweeps/precision_ladder.h"
#include "point_crew.h"
#include "point_plan.h"
#include "worker_host.h"

namespace npusim {
namespace {

class LocalCrew final : public PointCrew {
public:
    LocalCrew(const std::vector<SweepPoint>& points, unsigned workers, std::chrono::milliseconds time_limit)
        : points_(points) {
        const auto prepare = [this](const PointWork& work) { return job_of(work); };
        places_.reserve(workers);
        for (unsigned i = 0; i < workers; ++i) places_.emplace_back(prepare, time_limit);
    }

    [[nodiscard]] bool has_room() const override { return waiting_.empty() && free_place() < places_.size(); }
    [[nodiscard]] bool is_busy() const override {
        return std::any_of(places_.begin(), places_.end(), [](const Place& place) { return place.number.has_value(); });
    }

    void start(std::size_t number, const PointWork& work) override {
        waiting_.emplace_back(number, work);
        start_waiting();
    }

    std::vector<NumberedOutcome> wait(std::chrono::milliseconds most) override {
        listen(most);
        std::vector<NumberedOutcome> ended;
        for (Place& place : places_) {
            if (!place.number) continue;
            place.host->enforce_deadline(WorkerHost::Clock::now());
            auto outcome = place.host->take_outcome();
            if (!outcome) continue;
            ended.emplace_back(*place.number, std::move(*outcome));
            place.number.reset();
        }
        start_waiting();
        return ended;
    }

    void dismiss() override {}

private:
    struct Place {
        Place(const WorkerHost::Prepare& prepare, std::chrono::milliseconds time_limit)
            : host(std::make_unique<WorkerHost>(prepare, time_limit)) {}
        std::unique_ptr<WorkerHost> host;
        std::optional<std::size_t> number;  ///< of the work under way
    };

    /// Called in the hosts; each remembers the networks that it has met.
    WorkerJob job_of(const PointWork& work) {
        const SweepPoint& point = points_.at(work.place);
        const QuantizedNetwork& structure = networks_.structure(point.network, *point.arch);
        return [&structure, &point, work](const FractionSink&) {
            return run_timing(structure, *point.arch, work.layers, {}, point.batch);
        };
    }

    [[nodiscard]] std::size_t free_place() const {
        const auto found =
            std::find_if(places_.begin(), places_.end(), [](const Place& place) { return !place.number.has_value(); });
        return static_cast<std::size_t>(found - places_.begin());
    }

    void start_waiting() {
        for (auto place = free_place(); place < places_.size() && !waiting_.empty(); place = free_place()) {
            places_[place].number = waiting_.front().first;
            places_[place].host->start(waiting_.front().second);
            waiting_.pop_front();
        }
    }

    /// Until a worker says something, its time is over, a signal arrives or `most` has passed.
    void listen(std::chrono::milliseconds most) {
        std::vector<pollfd> polled;
        std::vector<WorkerHost*> hosts;
        std::optional<WorkerHost::Clock::time_point> deadline;
        for (const Place& place : places_) {
            if (!place.number) continue;
            if (place.host->descriptor() < 0) return;  // it has failed already
            polled.push_back({place.host->descriptor(), POLLIN, 0});
            hosts.push_back(place.host.get());
            if (const auto own = place.host->deadline()) deadline = deadline ? std::min(*deadline, *own) : own;
        }
        if (polled.empty()) return;
        int timeout_ms = static_cast<int>(most.count());
        if (deadline) {
            constexpr std::int64_t longest_wait_ms = 60'000;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - WorkerHost::Clock::now());
            const auto until_deadline = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest_wait_ms));
            timeout_ms = timeout_ms < 0 ? until_deadline : std::min(timeout_ms, until_deadline);
        }
        const int ready = ::poll(polled.data(), polled.size(), timeout_ms);
        if (ready < 0 && errno != EINTR) {
            throw std::runtime_error(std::string("waiting for workers: ") + std::strerror(errno));
        }
        for (std::size_t i = 0; ready > 0 && i < polled.size(); ++i) {
            if (polled[i].revents != 0) hosts[i]->read_some();
        }
    }

    const std::vector<SweepPoint>& points_;
    Networks networks_;
    std::vector<Place> places_;
    std::deque<std::pair<std::size_t, PointWork>> waiting_;
};

}  // namespace

std::unique_ptr<PointCrew> make_local_crew(const std::vector<SweepPoint>& points, unsigned workers,
                                           std::chrono::milliseconds time_limit) {
    return std::make_unique<LocalCrew>(points, workers, time_limit);
}

}  // namespace npusim
