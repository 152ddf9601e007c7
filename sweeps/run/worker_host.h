// A small process that forks a worker for each piece of work. The sweep's own process grows with what it remembers,
// and a fork copies the page tables of all that.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>

#include "../worker_frames.h"
#include "point_crew.h"

namespace npusim {

class WorkerHost {
public:
    using Clock = std::chrono::steady_clock;
    /// Runs in the host, before the fork: what it remembers serves later work too. Throws what the job may throw.
    using Prepare = std::function<WorkerJob(const PointWork&)>;

    /// Forks the host. A time limit of 0 means none.
    WorkerHost(Prepare prepare, std::chrono::milliseconds time_limit);
    ~WorkerHost();  ///< kills it, and its worker with it
    WorkerHost(const WorkerHost&) = delete;
    WorkerHost& operator=(const WorkerHost&) = delete;

    /// Begins some work; nothing else may be under way.
    void start(const PointWork& work);
    /// To poll for reading while work is under way; negative where it could not begin.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] std::optional<Clock::time_point> deadline() const { return deadline_; }
    /// Takes what the worker says.
    void read_some();
    /// Kills the worker if its time is over.
    void enforce_deadline(Clock::time_point now);
    /// Once, when the work has ended.
    [[nodiscard]] std::optional<WorkerOutcome> take_outcome();

private:
    void spawn();
    [[nodiscard]] bool send(const PointWork& work);
    /// Ends the host; its wait status.
    int end();
    void fail(FailureKind kind, const std::string& reason) { voice_.outcome() = WorkerFailure{kind, reason}; }

    Prepare prepare_;
    std::chrono::milliseconds time_limit_;
    pid_t pid_ = -1;
    int descriptor_ = -1;
    WorkerVoice voice_;
    std::optional<Clock::time_point> deadline_;
};

}  // namespace npusim
