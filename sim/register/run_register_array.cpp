#include <stdexcept>

#include "register_array.h"

namespace npusim {
namespace {

/// The thread process that gives the array its one command.
class OneCommand : public sc_core::sc_module {
public:
    OneCommand(const sc_core::sc_module_name& name, const ArchSpec& arch, const ArrayWork& work,
               const ArrayMatrices& matrices)
        : sc_module(name),
          work_(work),
          matrices_(matrices),
          array_(sim::make_register_array("array", arch, arch.array.dataflow)) {
        result_.sums.resize(static_cast<std::size_t>(work.groups * work.pixels * work.out_channels));
        SC_HAS_PROCESS(OneCommand);
        SC_THREAD(run);
    }

    ArrayRun take_result() { return std::move(result_); }

private:
    void run() {
        result_.timing = array_->run(work_, matrices_, result_.sums);
        result_.clock_cycles = array_->clock_cycles();
    }

    const ArrayWork& work_;
    const ArrayMatrices& matrices_;
    std::unique_ptr<sim::RegisterArray> array_;
    ArrayRun result_;
};

}  // namespace

ArrayRun run_register_array(const ArchSpec& arch, const ArrayWork& work, const ArrayMatrices& matrices) {
    if (sc_core::sc_get_status() != sc_core::SC_ELABORATION) {
        throw std::logic_error("this process has already run a simulation: SystemC elaborates once in a process");
    }
    OneCommand one("one", arch, work, matrices);
    sc_core::sc_start();
    return one.take_result();
}

}  // namespace npusim
