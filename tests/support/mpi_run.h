// Runs the program under mpirun.
#pragma once

#include <iostream>

#include "support/program_run.h"

namespace npusim::test {

inline ProgramRun run_with_ranks(int ranks, const std::string& options) {
    return run_program(
        options, "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 200 mpirun --oversubscribe -n " +
                     std::to_string(ranks) + " env");
}

/// Says so where there is no mpirun or the program was built without MPI.
inline bool can_run_with_ranks() {
    const ProgramRun asked = run_with_ranks(1, "sweep --help");
    if (asked.code == 0) return true;
    std::cout << "SKIPPED: no mpirun, or a program without MPI\n";
    return false;
}

}  // namespace npusim::test
