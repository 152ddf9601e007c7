// The same program on a better chip: what is never slower, and what never moves more bytes.
//
// Loads and stores share the bus in the order in which they are asked for, so what becomes faster may let a store go
// before the load that a unit waits for. Smallest examples found: three tiles of a grouped convolution, 339 cycles;
// with twice the accumulator banks the first tile's results are stored 8 cycles earlier, ahead of the third tile's
// inputs, which come 9 cycles later than before: 340 cycles. Nine tiles of a layer of the vector unit with a residual
// and two destinations: 580 cycles, 582 with twice the bandwidth. Where DRAM takes no time there is no such order, and
// nothing may be slower.
#include <algorithm>
#include <catch2/catch.hpp>

#include "npusim/base/integer_math.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"
#include "support/time_pairs.h"

namespace npusim {

namespace {

using Change = std::function<void(ArchSpec&)>;

/// No layer takes longer after the change, but for so many percent. Tiles stay: programs are those of the chip that was
/// drawn.
void check_not_slower(const std::string& what, const std::vector<test::RandomPair>& pairs, const Change& base,
                      const Change& better, std::uint64_t percent = 0) {
    const auto before = test::time_all(pairs, base);
    const auto after = test::time_all(pairs, [&](ArchSpec& arch) {
        base(arch);
        better(arch);
    });
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        for (std::size_t l = 0; l < before[i].layers.size(); ++l) {
            INFO(what << ", seed " << pairs[i].seed << ", layer " << before[i].layers[l].name);
            const std::uint64_t cycles = before[i].layers[l].counters.total_cycles;
            CHECK(after[i].layers[l].counters.total_cycles <= cycles + cycles * percent / 100);
        }
    }
}

void make_flat(ArchSpec& arch) {
    arch.dram.ideal = false;
    arch.dram.channels = 1;
    arch.dram.timing.reset();
}

void for_buffers(ArchSpec& arch, const std::function<void(BufferSpec&)>& change) {
    for (BufferSpec* buffer : {&arch.weight_buffer, &arch.activation_buffer, &arch.accumulator_buffer}) change(*buffer);
}

int halved(int bits) {
    return ceil_div(bits, 2);
}

/// The same tiles of tensors and weights of half the bits.
Program with_half_the_bits(const test::RandomPair& pair) {
    Program program = pair.program;
    for (auto& layout : program.layouts) layout.bits = halved(layout.bits);
    std::map<std::uint64_t, const WeightTile*> tiles;
    for (const auto& tile : pair.program.weight_tiles) tiles[tile.address] = &tile;
    for (auto& layer : program.layers) {
        const QuantizedNode& node = pair.network.nodes[layer.node];
        const std::int64_t area = node.window.kernel_height * node.window.kernel_width;
        for (auto& command : layer.commands) {
            auto* load = std::get_if<LoadCommand>(&command.work);
            if (load == nullptr || load->weight_bytes == 0) continue;
            const WeightTile& tile = *tiles.at(load->dram_address);
            const std::int64_t weights =
                (tile.out_channel_end - tile.out_channel_begin) * (tile.in_channel_end - tile.in_channel_begin) * area;
            load->weight_bytes = ceil_div<std::int64_t>(weights * halved(node.weight_bits), 8);
        }
    }
    return program;
}

}  // namespace

TEST_CASE("On plain DRAM more bandwidth, banks and ports are not slower, but for a little by the order on the bus") {
    constexpr std::uint64_t percent = 5;
    const auto pairs = test::random_pairs(450'000, 100);
    for (const int times : {2, 3, 16}) {
        check_not_slower(
            std::to_string(times) + " times the bandwidth", pairs, make_flat,
            [&](ArchSpec& arch) { arch.dram.bandwidth_mb_s *= times; }, percent);
    }
    const Change banks = [](ArchSpec& arch) { for_buffers(arch, [](BufferSpec& buffer) { buffer.banks *= 2; }); };
    check_not_slower("banks", pairs, make_flat, banks, percent);
    const Change ports = [](ArchSpec& arch) { for_buffers(arch, [](BufferSpec& buffer) { buffer.ports = 2; }); };
    check_not_slower("ports", pairs, make_flat, ports, percent);
}

TEST_CASE("With ideal DRAM no better unit and no better buffer is ever slower") {
    const auto pairs = test::random_pairs(460'000, 100);
    const Change ideal = [](ArchSpec& arch) { arch.dram.ideal = true; };
    check_not_slower("banks", pairs, ideal,
                     [](ArchSpec& arch) { for_buffers(arch, [](BufferSpec& buffer) { buffer.banks *= 2; }); });
    check_not_slower("ports", pairs, ideal,
                     [](ArchSpec& arch) { for_buffers(arch, [](BufferSpec& buffer) { buffer.ports = 2; }); });
    check_not_slower("width", pairs, ideal,
                     [](ArchSpec& arch) { for_buffers(arch, [](BufferSpec& buffer) { buffer.width_bits *= 2; }); });
    check_not_slower("lanes", pairs, ideal, [](ArchSpec& arch) { arch.vector_unit.lanes *= 2; });
    check_not_slower("pipeline", pairs, ideal, [](ArchSpec& arch) { arch.vector_unit.pipeline_cycles = 1; });
    check_not_slower("overlap", pairs, ideal, [](ArchSpec& arch) { arch.array.overlap_weight_load = true; });
}

TEST_CASE("With ideal DRAM an arbitrated buffer with more banks, more ports or wider ones is never slower") {
    const auto pairs = test::random_pairs(490'000, 150);
    const Change ideal = [](ArchSpec& arch) {
        arch.dram.ideal = true;
        arch.activation_buffer.arbitrated = true;
    };
    check_not_slower("banks", pairs, ideal, [](ArchSpec& arch) { arch.activation_buffer.banks *= 2; });
    check_not_slower("ports", pairs, ideal, [](ArchSpec& arch) { arch.activation_buffer.ports = 2; });
    check_not_slower("width", pairs, ideal, [](ArchSpec& arch) { arch.activation_buffer.width_bits *= 2; });
}

// Bytes that somebody needs: what whole bursts move beyond them may grow, because shorter rows lie otherwise.
TEST_CASE("Half the bits in the same tiles never move more bytes") {
    const auto pairs = test::random_pairs(470'000, 100);
    const auto whole = test::time_all(pairs, [](ArchSpec&) {});
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        jobs.emplace_back([&pair](const FractionSink&) {
            return simulate({pair.network, pair.arch, with_half_the_bits(pair), {}, {}, {}});
        });
    }
    const auto halves = run_in_workers(jobs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const RunResult& half = result_or_throw(halves[i]);
        for (std::size_t l = 0; l < whole[i].layers.size(); ++l) {
            INFO("seed " << pairs[i].seed << ", layer " << half.layers[l].name);
            const DramCounters& fewer = half.layers[l].counters.dram;
            const DramCounters& more = whole[i].layers[l].counters.dram;
            CHECK(fewer.weight_read_bytes <= more.weight_read_bytes);
            CHECK(fewer.parameter_read_bytes == more.parameter_read_bytes);
            CHECK(fewer.input_read_bytes <= more.input_read_bytes);
            CHECK(fewer.residual_read_bytes <= more.residual_read_bytes);
            CHECK(fewer.output_write_bytes <= more.output_write_bytes);
        }
    }
}

}  // namespace npusim
