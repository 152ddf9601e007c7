// Random valid architectures: from one PE to 20 × 20, buffers that only just hold a tile, ports that stall, and chips
// for a given network.
#pragma once

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/workloads/lowering/lower.h"

namespace npusim::test {

class RandomArchMaker {
public:
    explicit RandomArchMaker(std::uint64_t seed) : generator_(seed) {}

    [[nodiscard]] ArchSpec make(int accumulator_bits) {
        ArchSpec spec;
        spec.name = "random";
        spec.technology = "none";
        spec.clock_mhz = static_cast<int>(between(1, 2000));
        spec.array.rows = static_cast<int>(between(1, 20));
        spec.array.columns = static_cast<int>(between(1, 20));
        spec.array.pe.weight_bits = pick({1, 2, 3, 4, 5, 6, 7, 8, 16});
        spec.array.pe.activation_bits = pick({1, 2, 3, 4, 5, 6, 7, 8, 16});
        spec.array.accumulator_bits = std::max(4, accumulator_bits);
        spec.array.overlap_weight_load = chance(50);
        spec.double_buffering = chance(50);
        spec.vector_unit.lanes = static_cast<int>(between(1, 32));
        spec.vector_unit.pipeline_cycles = static_cast<int>(between(1, 8));
        spec.dram.bandwidth_mb_s = between(100, 20000);
        spec.dram.latency_ns = static_cast<int>(between(0, 300));
        spec.dram.burst_bytes = pick({8, 16, 32, 64, 128, 256});
        spec.dram.ideal = chance(25);
        for (BufferSpec* buffer : {&spec.weight_buffer, &spec.activation_buffer, &spec.accumulator_buffer}) {
            *buffer = draw_buffer(spec.double_buffering);
        }
        const Dataflow dataflows[] = {Dataflow::weight_stationary, Dataflow::output_stationary,
                                      Dataflow::input_stationary};
        spec.array.dataflow = dataflows[between(0, 2)];
        if (chance(60)) draw_pe_kind(spec.array.pe);
        if (chance(25)) spec.array.auto_dataflow = chance(50) ? DataflowGoal::fastest : DataflowGoal::frugal;
        return checked(spec);
    }

    /// Doubles the buffers of `spec`, each in its turn, until the network can be lowered; nothing when it never can.
    [[nodiscard]] static std::optional<ArchSpec> made_to_fit(ArchSpec spec, const QuantizedNetwork& network) {
        for (int step = 0; step < 45; ++step) {
            try {
                (void)lower(network, spec);
                return checked(spec);
            } catch (const InputError&) {
                BufferSpec* const buffers[] = {&spec.weight_buffer, &spec.activation_buffer, &spec.accumulator_buffer};
                buffers[step % 3]->bytes *= 2;
            }
        }
        return std::nullopt;
    }

private:
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(generator_() % static_cast<std::uint64_t>(high - low + 1));
    }
    bool chance(int percent) { return between(1, 100) <= percent; }
    int pick(const std::vector<int>& choices) {
        return choices[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(choices.size()) - 1))];
    }

    void draw_pe_kind(PeSpec& pe) {
        const PeKind kinds[] = {PeKind::dot, PeKind::composable, PeKind::bit_serial};
        pe.kind = kinds[between(0, 2)];
        if (pe.kind == PeKind::composable) {
            pe.weight_bits = pick({4, 8});
            pe.activation_bits = pick({4, 8});
        } else {
            pe.lanes = pick({1, 2, 3, 4, 7, 16});
        }
    }

    BufferSpec draw_buffer(bool double_buffering) {
        BufferSpec buffer;
        buffer.banks = pick(double_buffering ? std::vector<int>{2, 4, 8} : std::vector<int>{1, 2, 3, 4});
        buffer.width_bits = pick({8, 12, 16, 32, 64, 100, 256});
        const std::int64_t least = std::max<std::int64_t>(64, (buffer.banks * buffer.width_bits + 7) / 8);
        buffer.bytes = chance(60) ? least : std::max(least, between(64, 1 << between(7, 16)));
        return buffer;
    }

    /// Architectures are valid by construction: the reader takes what was drawn.
    static ArchSpec checked(const ArchSpec& spec) { return parse_arch(to_json(spec), spec.name); }

    std::mt19937_64 generator_;
};

}  // namespace npusim::test
