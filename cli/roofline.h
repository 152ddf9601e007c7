// A chip's roofs (Williams, Waterman and Patterson, "Roofline", 2009) and where the layers of a network lie below them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/plot.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"
#include "npusim/sim/run_result.h"

namespace npusim::cli {

struct RooflineLayer {
    std::string name;
    std::string op;
    std::uint64_t cycles = 0;
    double operations = 0;  ///< of PEs: MACs × slice passes
    double dram_bytes = 0;  ///< all that DRAM moves, whole bursts included
    double operations_per_second = 0;
    /// The lower of the two roofs above it.
    double roof_operations_per_second = 0;
    bool bandwidth_bound = false;  ///< it is DRAM's roof
    [[nodiscard]] double operations_per_byte() const { return dram_bytes > 0 ? operations / dram_bytes : 0; }
};

struct Roofline {
    double peak_operations_per_second = 0;          ///< every PE, every cycle
    std::optional<double> dram_bytes_per_second{};  ///< none where DRAM is ideal
    std::vector<RooflineLayer> layers;
};

[[nodiscard]] Roofline roofs_of(const ArchSpec& arch);
void add_layer(Roofline& roofline, const ArchSpec& arch, const std::string& name, const std::string& op,
               const Counters& counters);

/// Layers with array work, in a colour for each kind, and the roof.
[[nodiscard]] Plot roofline_plot(const std::string& title, const Roofline& roofline);

/// Throws InputError unless the file's name ends in .svg, .png, .csv or .json, and for pictures unless gnuplot runs.
void check_roofline_file(const std::filesystem::path& file);
/// A picture, a row for each layer, or everything, as the file's name says.
void write_roofline(const RunResult& result, const ArchSpec& arch, const std::filesystem::path& file);

}  // namespace npusim::cli
