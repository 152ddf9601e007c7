// Stores of invented results: real chips, made-up counters.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "npusim/report/report_data.h"
#include "npusim/sweeps/chip_fields.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim::test {

inline const ArchSpec& base_chip() {
    static const ArchSpec arch = read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int4_array.json");
    return arch;
}

inline const Technology& table_of_45nm(const ArchSpec&) {
    static const Technology table =
        read_technology(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "technology" / "45nm.json");
    return table;
}

/// Array columns, clocks and so on for a wanted number of points: five precisions times `shapes` chips.
inline nlohmann::json space_of(int shapes, const std::string& name) {
    nlohmann::json clocks = nlohmann::json::array();
    for (int i = 0; i < shapes; ++i) clocks.push_back(100 + i);
    return {{"name", name},
            {"description", "points of <chips> & more"},
            {"arch", "int4_array.json"},
            {"networks", {"resnet20"}},
            {"axes", {{{"field", "bits"}, {"values", {8, 6, 4, 3, 2}}}, {{"field", "/clock_mhz"}, {"values", clocks}}}},
            {"objectives", {{{"metric", "energy_pj"}}, {{"metric", "latency_ms"}}}}};
}

/// Five precisions, ten array heights, ten bandwidths and twenty clocks: 10,000 points.
inline nlohmann::json large_space(const std::string& name) {
    nlohmann::json space = space_of(20, name);
    nlohmann::json rows = nlohmann::json::array();
    nlohmann::json bandwidths = nlohmann::json::array();
    for (int i = 0; i < 10; ++i) {
        rows.push_back(4 + 2 * i);
        bandwidths.push_back(1.6 * (i + 1));
    }
    space["axes"].push_back({{"field", "/array/rows"}, {"values", rows}});
    space["axes"].push_back({{"field", "/dram/bandwidth_gb_s"}, {"values", bandwidths}});
    return space;
}

/// Cycles and accesses fall with the bits and differ from layer to layer and from chip to chip, but for the bandwidth.
inline StoredLayer invented_layer(const ArchSpec& arch, int number) {
    const int bits = arch.precision.weight_bits;
    StoredLayer layer{"", "convolution", {}};
    for (const int part : {bits, arch.clock_mhz, arch.array.rows, number}) layer.key += std::to_string(part) + "_";
    std::seed_seq seed{bits, arch.clock_mhz, arch.array.rows, number};
    std::mt19937_64 generator(seed);
    Counters& counters = layer.counters;
    counters.total_cycles = 50'000 + generator() % 50'000 + static_cast<std::uint64_t>(bits) * 1000;
    counters.macs = 5'000'000 + static_cast<std::uint64_t>(number) * 1000;
    counters.pe_operations = counters.pe_steps = counters.macs;
    counters.array.busy_cycles = counters.total_cycles / 2;
    counters.array.idle_cycles[static_cast<std::size_t>(IdleCause::weights)] =
        counters.total_cycles - counters.array.busy_cycles;
    counters.weight_buffer.reads = 10'000 * static_cast<std::uint64_t>(bits) + generator() % 1000;
    counters.dram.weight_read_bytes = 4'000 * static_cast<std::uint64_t>(bits) + generator() % 1000;
    return layer;
}

constexpr int kInventedLayers = 12;

/// The points of a space with invented layers; every `impossible_every`-th is impossible (0: none).
inline void fill_store(SweepStore& store, const nlohmann::json& space, int impossible_every) {
    const SweepSpec spec = parse_sweep(space, "space");
    std::vector<SweepEntry> entries;
    for (const SweepPoint& made : points_of(spec, base_chip(), {}, "space")) {
        const std::string key = "point" + std::to_string(made.index);
        nlohmann::json settings = nlohmann::json::array();
        for (const auto& [field, value] : made.settings) settings.push_back(nlohmann::json::array({field, value}));
        entries.push_back({made.index, settings, key});
        StoredPoint point{key, made.network, to_json(made.arch.value()), PointStatus::done, "", {}};
        std::vector<StoredLayer> layers;
        if (impossible_every > 0 && made.index % impossible_every == impossible_every - 1) {
            point.status = PointStatus::impossible;
            point.reason = "layer </script><script>alert(1)</script> needs " + std::to_string(made.index) + " bytes";
        } else {
            for (int i = 0; i < kInventedLayers; ++i) {
                layers.push_back(invented_layer(*made.arch, i));
                point.layers.emplace_back("conv" + std::to_string(i), layers.back().key);
            }
        }
        store.add(layers, point);
    }
    store.set_sweep(spec.name, to_json(spec), entries);
}

inline ReportData data_of(const SweepStore& store, const std::string& sweep) {
    ReportInput input;
    input.spec = parse_sweep(store.sweep_spec(sweep), sweep);
    input.table = make_table(store, sweep, table_of_45nm);
    input.objectives = input.spec.objectives;
    input.base = base_chip();
    return make_report_data(std::move(input), store, table_of_45nm);
}

}  // namespace npusim::test
