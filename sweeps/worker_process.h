// One forked child and the pipe from it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

#include "npusim/sweeps/worker.h"

namespace npusim {

class WorkerProcess {
public:
    using Clock = std::chrono::steady_clock;

    /// Forks. A failure to fork is an outcome, so that other jobs go on. A time limit of 0 means none.
    WorkerProcess(const WorkerJob& job, std::chrono::milliseconds time_limit);
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    /// To poll for reading; negative when there is nothing more to come.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] double fraction_done() const { return fraction_done_; }
    [[nodiscard]] std::optional<Clock::time_point> deadline() const { return deadline_; }
    /// Takes what the pipe holds; at its end, the outcome is there.
    void read_some();
    /// Kills the child if its time is over.
    void enforce_deadline(Clock::time_point now);
    [[nodiscard]] std::optional<WorkerOutcome>& outcome() { return outcome_; }

private:
    void take_frames();
    void take_result(const std::string& cbor);
    void end();
    void fail(FailureKind kind, const std::string& reason) { outcome_ = WorkerFailure{kind, reason}; }
    /// Waits for the child; its wait status.
    int reap();

    pid_t pid_ = -1;
    int descriptor_ = -1;
    std::string received_;
    double fraction_done_ = 0;
    std::chrono::milliseconds time_limit_;
    std::optional<Clock::time_point> deadline_;
    std::optional<WorkerOutcome> outcome_;
};

}  // namespace npusim
