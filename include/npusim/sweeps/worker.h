// Runs simulations in forked processes: SystemC elaborates once in a process, and a simulation that crashes must not
// take the program with it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
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

/// Workers that are given jobs one at a time. A forked child has only the thread that forked, and locks that others
/// hold stay locked in it: the process must have no other thread that takes locks which a job needs (MPI's own threads
/// take their own; malloc's are made safe for fork by the C library).
class WorkerCrew {
public:
    /// No job may take longer than the limit; 0: none.
    explicit WorkerCrew(std::chrono::milliseconds time_limit);
    ~WorkerCrew();  ///< kills those that still work
    WorkerCrew(const WorkerCrew&) = delete;
    WorkerCrew& operator=(const WorkerCrew&) = delete;

    /// `number` names the job in what wait() gives; `job` is copied by the fork.
    void start(std::size_t number, const WorkerJob& job);
    [[nodiscard]] std::size_t active() const;
    /// Waits until some worker says something, a signal arrives, or so much time has passed (negative: however long it
    /// takes); the outcomes of those that have ended.
    std::vector<std::pair<std::size_t, WorkerOutcome>> wait(
        std::chrono::milliseconds most = std::chrono::milliseconds(-1));
    /// The sum of what the running jobs have done, each 0 to 1.
    [[nodiscard]] double fractions_done() const;

private:
    struct Running;
    std::chrono::milliseconds time_limit_;
    std::vector<std::unique_ptr<Running>> running_;
};

struct WorkerOptions {
    unsigned workers = 0;                     ///< processes at once; 0: as many as the machine has processors
    std::chrono::milliseconds time_limit{0};  ///< for each job; 0: none
    FractionSink progress;                    ///< called in this process with the mean over all jobs; may be empty
};

/// The outcome of each job, in the order of the jobs. The process must have no other thread, as above.
[[nodiscard]] std::vector<WorkerOutcome> run_in_workers(const std::vector<WorkerJob>& jobs,
                                                        const WorkerOptions& options = {});

/// The result, or the failure thrown: InputError for bad input, std::runtime_error otherwise.
[[nodiscard]] const RunResult& result_or_throw(const WorkerOutcome& outcome);

}  // namespace npusim
