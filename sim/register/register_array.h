// The array PE by PE: slow, and what the fast model is held against. No cycle is computed here: work ends when the last
// valid sum has left, and ports are arbitrated access by access.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/sim/register_array.h"

namespace npusim::sim {

/// A grid of PEs with its sequencer. Built at elaboration; run() is called by a thread process.
class RegisterArray : public sc_core::sc_module {
public:
    explicit RegisterArray(const sc_core::sc_module_name& name) : sc_module(name) {}

    /// Takes the command through, and adds its products to
    /// sums[group][pixel][output channel].
    virtual ArrayTiming run(const ArrayWork& work, const ArrayMatrices& matrices, std::vector<std::int64_t>& sums) = 0;
    /// Edges of the clock in all commands so far.
    [[nodiscard]] std::uint64_t clock_cycles() const { return clock_cycles_; }

protected:
    /// A cycle: inputs that were written settle as the clock rises, all registers take them, outputs settle. No time
    /// passes; the machine passes it when it plays the command's cycles.
    void clock_once();

    sc_core::sc_signal<bool> clock_;

private:
    std::uint64_t clock_cycles_ = 0;
};

[[nodiscard]] std::unique_ptr<RegisterArray> make_register_array(const char* name, const ArchSpec& arch,
                                                                 Dataflow dataflow);

}  // namespace npusim::sim
