// Everything that one run of the program found, as plain values; the printers read it and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "npusim/arch/cost.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/sim/run_result.h"
#include "npusim/sweeps/precision_ladder.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::cli {

/// What the inputs were, so that a result can be made again.
struct Provenance {
    std::string version;
    std::vector<std::string> command;
    std::string arch_file, arch_hash;
    std::string technology;                        ///< node and voltage
    std::string technology_file, technology_hash;  ///< the cost table
    std::string weights_file, weights_hash;        ///< empty without weights
    std::string dataset, dataset_hash;             ///< empty without a data set
    std::string topology_file, topology_hash;      ///< a layer list; empty with a network
    std::string calibration_hash;                  ///< of the training files that calibrated
    std::uint64_t seed = 0;                        ///< of random weights and images
};

struct NetworkFacts {
    std::string name;
    std::string title;
    TensorShape input_shape;
    std::int64_t classes = 0;
    std::int64_t macs = 0;
    std::int64_t parameters = 0;
    bool shapes_only = false;  ///< a layer list: the layers do not feed each other, the input shape is the first one's
};

/// Shape and cut of a layer, beside its counters in RunResult::layers (same order).
struct LayerFacts {
    TensorShape input_shape;
    TensorShape output_shape;
    Window window;
    std::int64_t groups = 1;
    int weight_bits = 0;
    int input_bits = 0;
    Tiling tiling;
    EnergyBreakdown energy;
    std::optional<Dataflow> dataflow{};  ///< where the chip lets layers differ in it
    std::string dataflow_reason{};       ///< where the layer had a choice
    std::vector<DataflowForecast> dataflow_forecasts{};
};

/// Derived from counters and costs. Averages are over one inference.
struct Figures {
    double milliseconds = 0;              ///< of a batch
    double first_batch_milliseconds = 0;  ///< that loads what then stays on chip
    double frames_per_second = 0;
    double image_energy_pj = 0;  ///< of one image of a batch
    double utilization = 0;      ///< PE·cycles with a product / (PEs · cycles)
    double tops = 0;             ///< 2 · MACs a second, 10^12
    double tops_per_watt_on_chip = 0;
    double tops_per_watt = 0;  ///< DRAM included
    double average_mw = 0;
    double average_on_chip_mw = 0;
    double peak_mw = 0;  ///< largest average of a layer
    std::string peak_mw_layer;
    double peak_dram_gb_s = 0;
    std::string peak_dram_layer;
    double energy_delay_mj_ms = 0;
};

struct Accuracy {
    std::optional<double> fp32_top1;
    std::optional<double> quantized_top1;  ///< post-training
    std::optional<double> tuned_top1;      ///< after fine-tuning
    std::int64_t test_images = 0;          ///< measured
    std::int64_t test_images_of = 0;       ///< there are
    std::int64_t calibration_images = 0;
    std::string origin;  ///< of networks that npusim trained itself; empty for given ones
    /// Top-1 that the paper reports for this network, in percent, where nothing was measured: never ours.
    std::string published;
    std::string missing;  ///< why nothing was measured, and what would give it; empty when measured
};

/// The machine ran with data and gave the engine's integers.
struct Proof {
    std::int64_t images = 0;
    bool random_weights = false;
    bool random_images = false;
    std::uint64_t accumulator_overflows = 0;
    std::uint64_t zero_activation_macs = 0;
    std::uint64_t macs = 0;  ///< over all proved images
};

/// The chip priced where the model's known errors end: every figure too low, or too high, at once.
struct CostBounds {
    CostModel low;
    CostModel high;
};

struct Report {
    Provenance provenance;
    NetworkFacts network;
    ArchSpec arch;
    CostModel cost;
    std::optional<CostBounds> bounds;
    RunResult result;
    std::vector<LayerFacts> layers;
    EnergyBreakdown energy;
    Figures figures;
    Accuracy accuracy;
    std::optional<Proof> proof;
    std::optional<PrecisionLadder> ladder;
    int safe_accumulator_bits = 0;  ///< the narrowest that no layer can overflow; 0 for fp32
    std::string safe_accumulator_layer;
};

/// The share of MACs whose activation was zero in the images that the machine computed.
[[nodiscard]] std::optional<double> zero_share_of(const std::optional<Proof>& proof);

[[nodiscard]] Figures make_figures(const CostModel& cost, const RunResult& result,
                                   const std::vector<LayerFacts>& layers, const EnergyBreakdown& energy);

}  // namespace npusim::cli
