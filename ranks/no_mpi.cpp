#include <stdexcept>

#include "npusim/ranks/ranks.h"

#ifndef NPUSIM_WITH_MPI

namespace npusim {

std::unique_ptr<Ranks> make_mpi_ranks() {
    throw std::runtime_error(
        "this npusim was built without MPI and cannot share its work with other ranks; install libopenmpi-dev and "
        "build again, or run it without mpirun (sweeps: --shard I/N and npusim merge)");
}

}  // namespace npusim

#endif
