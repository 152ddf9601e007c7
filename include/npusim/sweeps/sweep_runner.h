// Simulates the points of a design space in worker processes, each distinct layer once, into a store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "npusim/models/graph/network.h"
#include "npusim/ranks/ranks.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim {

struct SweepForecast;

struct SweepProgress {
    std::int64_t points = 0;             ///< of the sweep
    std::int64_t points_done = 0;        ///< with a result or a reason
    std::int64_t points_found = 0;       ///< of these, those that the store had before
    std::int64_t points_failed = 0;      ///< of these, those with a reason
    std::int64_t layers_simulated = 0;   ///< by this run
    std::int64_t layers_remembered = 0;  ///< taken from earlier ones, of this run or of the store
};

struct SweepRunOptions {
    unsigned workers = 0;                     ///< processes at once; 0: as many as there are processors for this rank
    std::chrono::milliseconds time_limit{0};  ///< for the simulation of one point; 0: none
    /// Called after each point. May be empty.
    std::function<void(const SweepProgress&, const StoredPoint&)> progress;
    /// Called once before the first point, with what is to be done; that costs a few hundredths of it. May be empty.
    std::function<void(const SweepForecast&)> forecast;
    /// Called for each point that has a result, found in the store or new, with the sum of its layers. May be empty.
    std::function<void(const SweepPoint&, const Counters& total)> result;
    /// Asked between points: true ends the run, with what is done kept. May be empty.
    std::function<bool()> should_stop;
    /// Processes that simulate points too (serve_sweep); this is the first of them. Null: there are none.
    Ranks* ranks = nullptr;
};

/// The hash of everything that determines the result of a chip with a network and a batch; names and descriptions do
/// not. The technology is in it by its file's name, because the point is priced by it, but not by what the file says.
[[nodiscard]] std::string point_key(const std::string& network, const ArchSpec& arch, std::int64_t batch = 1);

/// Runs what the store does not have; points that crashed, failed or took too long before are tried again. A worker
/// that is killed is started anew twice before its point counts as crashed. Writes the sweep's list first, then point
/// by point. The store's content does not depend on the number of workers or ranks. The process must have no other
/// thread but MPI's.
SweepProgress run_sweep(const SweepSpec& spec, const std::vector<SweepPoint>& points, SweepStore& store,
                        const SweepRunOptions& options);

/// What the other ranks do meanwhile, with the same points.
void serve_sweep(const std::vector<SweepPoint>& points, const SweepRunOptions& options);

}  // namespace npusim
