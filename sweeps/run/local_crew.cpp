#include "npusim/sim/simulate.h"
#include "npusim/sweeps/precision_ladder.h"
#include "point_crew.h"
#include "point_plan.h"

namespace npusim {
namespace {

class LocalCrew final : public PointCrew {
public:
    LocalCrew(const std::vector<SweepPoint>& points, unsigned workers, std::chrono::milliseconds time_limit)
        : points_(points), workers_(workers), crew_(time_limit) {}

    [[nodiscard]] bool has_room() const override { return crew_.active() < workers_; }
    [[nodiscard]] bool is_busy() const override { return crew_.active() > 0; }

    void start(std::size_t number, const PointWork& work) override {
        const SweepPoint& point = points_.at(work.place);
        const Network& network = networks_.get(point.network);
        crew_.start(number, [&](const FractionSink&) { return run_timing(network, *point.arch, work.layers, {}); });
    }

    std::vector<NumberedOutcome> wait(std::chrono::milliseconds most) override { return crew_.wait(most); }
    void dismiss() override {}

private:
    const std::vector<SweepPoint>& points_;
    std::size_t workers_;
    Networks networks_;
    WorkerCrew crew_;
};

}  // namespace

std::unique_ptr<PointCrew> make_local_crew(const std::vector<SweepPoint>& points, unsigned workers,
                                           std::chrono::milliseconds time_limit) {
    return std::make_unique<LocalCrew>(points, workers, time_limit);
}

}  // namespace npusim
