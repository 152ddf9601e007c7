// The door between plain C++ and SystemC.
#include "npusim/sim/simulate.h"

#include <optional>
#include <stdexcept>

#include "cycles.h"
#include "npu.h"
#include "npusim/systemc/memory.h"

namespace npusim {

RunResult simulate(const SimulationInput& input) {
    return simulate_with_memory(input, {});
}

RunResult simulate_with_memory(const SimulationInput& input, const MemoryMaker& make_memory) {
    if (sc_core::sc_get_status() != sc_core::SC_ELABORATION) {
        throw std::logic_error("this process has already run a simulation: SystemC elaborates once in a process");
    }
    if (make_memory && input.detail == Detail::register_level) {
        throw std::logic_error(
            "a memory from outside answers at transaction level: at register level DRAM is the chip's");
    }
    sc_core::sc_report_handler::set_actions("/IEEE_Std_1666/deprecated", sc_core::SC_DO_NOTHING);
    sim::Npu npu("npu", input, make_memory);
    std::optional<sim::Waveform> waveform;
    if (!input.waveform.empty()) {
        waveform.emplace(input.waveform, input.program, input.arch);
        npu.trace(waveform->file());
    }
    sc_core::sc_start();
    if (!npu.is_finished()) throw std::logic_error("the machine stands still: " + npu.where());
    if (waveform) waveform->finish(sim::now_cycles());
    return npu.take_result();
}

}  // namespace npusim

// libsystemc refers to this entry point, which a program with its own main never calls.
int sc_main(int /*argc*/, char** /*argv*/) {
    return 0;
}
