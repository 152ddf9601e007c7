// How work is laid on the array: cycles and accesses of one command, exactly. One interface, a file for each
// dataflow, and one table.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

/// What one array command takes. busy + fill_drain + bank_conflict = its cycles.
struct ArrayTiming {
    std::uint64_t busy_cycles = 0;  ///< a step, or one bit of it, enters the array
    std::uint64_t fill_drain_cycles = 0;
    /// An SRAM port is too narrow for one pixel, or one row of weights, a cycle.
    std::uint64_t bank_conflict_cycles = 0;
    std::uint64_t folds = 0;            ///< passes counted
    std::uint64_t pe_operations = 0;    ///< products
    std::uint64_t pe_steps = 0;         ///< PE·cycles with at least one product
    std::uint64_t pe_weight_loads = 0;  ///< of the operand that stays; of weights where sums stay
    std::uint64_t weight_reads = 0;     ///< port accesses
    std::uint64_t activation_reads = 0;
    std::uint64_t accumulator_reads = 0;
    std::uint64_t accumulator_writes = 0;
    [[nodiscard]] std::uint64_t total_cycles() const { return busy_cycles + fill_drain_cycles + bank_conflict_cycles; }
};

class DataflowPolicy {
public:
    virtual ~DataflowPolicy() = default;
    [[nodiscard]] virtual ArrayTiming time(const ArchSpec& arch, const ArrayWork& work) const = 0;
    /// About its cycles, without fill, drain and narrow ports, at once: for the choice of tiles.
    [[nodiscard]] virtual std::int64_t estimate_cycles(const ArraySpec& array, const ArrayWork& work) const = 0;
    /// A row of the accumulator buffer holds one output channel of C pixels, not C output channels of one pixel.
    [[nodiscard]] virtual bool sums_lie_by_channel() const { return false; }
};

/// The table of dataflows.
[[nodiscard]] const std::vector<std::pair<Dataflow, const DataflowPolicy*>>& dataflows();
[[nodiscard]] const DataflowPolicy& dataflow_policy(Dataflow dataflow);

/// Accesses of one vector command to the activation buffer, by what it reads and writes there.
struct VectorAccesses {
    std::uint64_t operand_reads = 0;
    std::uint64_t residual_reads = 0;
    std::vector<std::uint64_t> writes;  ///< one per destination
};
[[nodiscard]] VectorAccesses activation_accesses(const ArchSpec& arch, const VectorWork& work);

/// What one vector command takes. busy + fill_drain = its cycles.
struct VectorTiming {
    std::uint64_t busy_cycles = 0;
    std::uint64_t fill_drain_cycles = 0;  ///< depth of the pipeline less one
    std::uint64_t accumulator_reads = 0;
    std::uint64_t activation_reads = 0;
    std::uint64_t activation_writes = 0;
    std::uint64_t requantize_operations = 0;
    std::uint64_t alu_operations = 0;
    [[nodiscard]] std::uint64_t total_cycles() const { return busy_cycles + fill_drain_cycles; }
};
/// A lane makes one output element of one destination a cycle; a window takes a cycle for each of its elements.
[[nodiscard]] VectorTiming time_vector(const ArchSpec& arch, const VectorWork& work);

}  // namespace npusim
