#include "cli/report.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {
namespace {

double real(std::uint64_t value) {
    return static_cast<double>(value);
}

double nanoseconds(std::uint64_t cycles, const ArchSpec& arch) {
    return real(cycles) * 1000 / arch.clock_mhz;
}

void find_peaks(const CostModel& cost, const RunResult& result, const std::vector<LayerFacts>& layers,
                Figures& figures) {
    for (std::size_t i = 0; i < result.layers.size(); ++i) {
        const LayerResult& layer = result.layers[i];
        if (layer.counters.total_cycles == 0) continue;
        const double layer_ns = nanoseconds(layer.counters.total_cycles, cost.arch);
        const double power_mw = layers[i].energy.total_pj() / layer_ns;  // 1 pJ/ns = 1 mW
        const double bandwidth_gb_s = real(layer.counters.dram.moved_bytes()) / layer_ns;
        if (power_mw > figures.peak_mw) {
            figures.peak_mw = power_mw;
            figures.peak_mw_layer = layer.name;
        }
        if (bandwidth_gb_s > figures.peak_dram_gb_s) {
            figures.peak_dram_gb_s = bandwidth_gb_s;
            figures.peak_dram_layer = layer.name;
        }
    }
}

}  // namespace

std::optional<double> zero_share_of(const std::optional<Proof>& proof) {
    if (!proof || proof->macs == 0) return std::nullopt;
    return real(proof->zero_activation_macs) / real(proof->macs);
}

Figures make_figures(const CostModel& cost, const RunResult& result, const std::vector<LayerFacts>& layers,
                     const EnergyBreakdown& energy) {
    constexpr double ns_per_ms = 1e6;
    Figures figures;
    if (result.total.total_cycles == 0) return figures;
    const double ns = nanoseconds(result.total.total_cycles, cost.arch);
    const double operations = 2 * real(result.total.macs);
    const RunFigures common = run_figures(cost, result.total, result.batch);
    figures.milliseconds = common.latency_ms;
    figures.frames_per_second = common.inferences_per_s;
    figures.image_energy_pj = energy.total_pj() / static_cast<double>(result.batch);
    figures.first_batch_milliseconds = nanoseconds(result.first_total.total_cycles, cost.arch) / ns_per_ms;
    figures.utilization = common.utilization;
    figures.tops = operations / ns / 1000;
    figures.tops_per_watt_on_chip = operations / energy.on_chip_pj();
    figures.tops_per_watt = operations / energy.total_pj();
    figures.average_mw = energy.total_pj() / ns;
    figures.average_on_chip_mw = energy.on_chip_pj() / ns;
    figures.energy_delay_mj_ms = common.edp_mj_ms;
    find_peaks(cost, result, layers, figures);
    return figures;
}

}  // namespace npusim::cli
