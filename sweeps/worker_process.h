// One forked child and the pipe from it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

#include "npusim/sweeps/worker.h"
#include "worker_frames.h"

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
    [[nodiscard]] double fraction_done() const { return has_ended_ ? 1 : voice_.fraction_done(); }
    [[nodiscard]] std::optional<Clock::time_point> deadline() const { return deadline_; }
    /// Takes what the pipe holds; at its end, the outcome is there.
    void read_some();
    /// Kills the child if its time is over.
    void enforce_deadline(Clock::time_point now);
    [[nodiscard]] std::optional<WorkerOutcome>& outcome() { return voice_.outcome(); }

private:
    void end();
    void fail(FailureKind kind, const std::string& reason) { outcome() = WorkerFailure{kind, reason}; }
    /// Waits for the child; its wait status.
    int reap();

    pid_t pid_ = -1;
    int descriptor_ = -1;
    WorkerVoice voice_;
    bool has_ended_ = false;
    std::chrono::milliseconds time_limit_;
    std::optional<Clock::time_point> deadline_;
};

}  // namespace npusim
