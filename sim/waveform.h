// The machine's states over time as a VCD file, through SystemC's own tracing.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <systemc>

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::sim {

/// Values of signals where there is no cause, no command or no layer.
constexpr unsigned kNoCause = 15;
constexpr unsigned kNoNumber = std::numeric_limits<unsigned>::max();

/// A trace file, which SystemC writes while the simulation runs, beside the one that is wanted.
class Waveform {
public:
    /// `program` and `arch` are named in the file's header. Throws InputError when the file cannot be written.
    Waveform(const std::filesystem::path& target, const Program& program, const ArchSpec& arch);
    Waveform(const Waveform&) = delete;
    Waveform& operator=(const Waveform&) = delete;
    /// Removes what has not become the wanted file.
    ~Waveform();

    [[nodiscard]] sc_core::sc_trace_file* file() const { return file_; }
    /// Closes the trace and makes it the wanted file, without the time of day that SystemC writes into it.
    /// `last_cycle` is the run's. Throws InputError when SystemC could not write everything.
    void finish(std::uint64_t last_cycle);

private:
    void close();

    std::filesystem::path target_;
    std::string part_;  ///< without the suffix that SystemC puts behind
    std::string header_;
    sc_core::sc_trace_file* file_ = nullptr;
};

}  // namespace npusim::sim
