// Runs simulations in forked processes: SystemC elaborates once in a process, and a simulation that crashes must not
// take the program with it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "npusim/sim/run_result.h"

namespace npusim {

enum class FailureKind {
    bad_input,  ///< the job threw InputError
    error,      ///< it threw anything else
    crashed,    ///< a signal or an exit ended the process before it gave a result
    timed_out,
};

struct WorkerFailure {
    FailureKind kind = FailureKind::error;
    std::string reason;
    friend bool operator==(const WorkerFailure&, const WorkerFailure&) = default;
};

using WorkerOutcome = std::variant<RunResult, WorkerFailure>;

/// Told how much of a job is done, 0 to 1.
using FractionSink = std::function<void(double fraction_done)>;
using WorkerJob = std::function<RunResult(const FractionSink& progress)>;

struct WorkerOptions {
    unsigned workers = 0;                     ///< processes at once; 0: as many as the machine has processors
    std::chrono::milliseconds time_limit{0};  ///< for each job; 0: none
    FractionSink progress;                    ///< called in this process with the mean over all jobs; may be empty
};

/// The outcome of each job, in the order of the jobs. The process must have no other thread: a forked child has
/// only the thread that forked, and locks that others hold stay locked in it.
[[nodiscard]] std::vector<WorkerOutcome> run_in_workers(const std::vector<WorkerJob>& jobs,
                                                        const WorkerOptions& options = {});

/// The result, or the failure thrown: InputError for bad input, std::runtime_error otherwise.
[[nodiscard]] const RunResult& result_or_throw(const WorkerOutcome& outcome);

}  // namespace npusim
