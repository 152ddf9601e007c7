// What a worker says to its parent over a pipe: how far it is, and in the end its result or its failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "npusim/sweeps/worker.h"

namespace npusim {

/// Does the job and writes what it says to `descriptor`; throws nothing. Ends the process when nobody reads.
void run_job(const WorkerJob& job, int descriptor);

/// Writes all bytes. Ends the process when nobody reads.
void write_all(int descriptor, std::string_view bytes);

/// How a process ended that gave no outcome, from its wait status.
[[nodiscard]] std::string reason_of(int wait_status);

/// Puts together what a worker says.
class WorkerVoice {
public:
    /// Reads what is there from a pipe that has something. False at its end.
    [[nodiscard]] bool listen(int descriptor);
    [[nodiscard]] double fraction_done() const { return fraction_done_; }
    [[nodiscard]] std::optional<WorkerOutcome>& outcome() { return outcome_; }

private:
    void take_frames();

    std::string received_;
    double fraction_done_ = 0;
    std::optional<WorkerOutcome> outcome_;
};

}  // namespace npusim
