// What holds for every layer of every network on every machine.
#include <catch2/catch.hpp>

#include "support/random_pair.h"
#include "support/simulate_in_child.h"
#include "support/time_pairs.h"

namespace npusim {

namespace {

void check_layer(const test::RandomPair& pair, const LayerResult& layer) {
    const Counters& c = layer.counters;
    for (const UnitCycles* unit : {&c.load_dma, &c.array, &c.vector_unit, &c.store_dma}) {
        CHECK(unit->total_cycles() == c.total_cycles);
    }
    const auto pes = static_cast<std::uint64_t>(pair.arch.array.rows * pair.arch.array.columns);
    CHECK(c.pe_steps + c.pe_idle_in_fold_cycles + c.pe_stalled_cycles == c.total_cycles * pes);
    CHECK(c.macs == static_cast<std::uint64_t>(pair.network.nodes[layer.node].macs()));
    CHECK(c.pe_operations >= c.macs);
    const std::uint64_t outputs = static_cast<std::uint64_t>(pair.network.nodes[layer.node].output_shape.elements());
    CHECK(c.requantize_operations == outputs * pair.network.nodes[layer.node].destinations.size());
    // Lanes do at most one requantization a cycle.
    CHECK(c.requantize_operations <=
          c.vector_unit.busy_cycles * static_cast<std::uint64_t>(pair.arch.vector_unit.lanes));
    const auto peak_bytes = static_cast<std::uint64_t>(pair.arch.dram.bandwidth_mb_s) * c.total_cycles;
    if (!pair.arch.dram.ideal)
        CHECK(c.dram.moved_bytes() * static_cast<std::uint64_t>(pair.arch.clock_mhz) <= peak_bytes);
}

}  // namespace

TEST_CASE("Busy and idle cycles of each unit add up to the layer's total, and no unit does more than its peak") {
    const auto pairs = test::random_pairs(400'000, 150);
    const auto results = test::time_all(pairs, [](ArchSpec&) {});
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        Counters sum;
        for (const auto& layer : results[i].layers) {
            INFO("seed " << pairs[i].seed << ", layer " << layer.name);
            check_layer(pairs[i], layer);
            sum += layer.counters;
        }
        CHECK(sum == results[i].total);
    }
}

TEST_CASE("A program run twice, and run with data, gives the same counters") {
    const auto pairs = test::random_pairs(410'000, 100);
    const auto once = test::time_all(pairs, [](ArchSpec&) {});
    const auto twice = test::time_all(pairs, [](ArchSpec&) {});
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto& pair = pairs[i];
        INFO("seed " << pair.seed);
        const RunResult with_data = test::simulate_in_child(pair.network, pair.arch, pair.program, {pair.image});
        REQUIRE(with_data.layers.size() == once[i].layers.size());
        for (std::size_t l = 0; l < once[i].layers.size(); ++l) {
            REQUIRE(once[i].layers[l].counters == twice[i].layers[l].counters);
            Counters counters = with_data.layers[l].counters;
            REQUIRE(counters.zero_activation_macs <= counters.macs);
            counters.accumulator_overflows = counters.zero_activation_macs = 0;
            REQUIRE(counters == once[i].layers[l].counters);
        }
    }
}

TEST_CASE("Several images sum what depends on data and leave the cycles alone") {
    for (const auto& pair : test::random_pairs(420'000, 10)) {
        const RunResult one = test::simulate_in_child(pair.network, pair.arch, pair.program, {pair.image});
        const RunResult three =
            test::simulate_in_child(pair.network, pair.arch, pair.program, {pair.image, pair.image, pair.image});
        INFO("seed " << pair.seed);
        CHECK(three.logits == std::vector<test::Image>(3, one.logits.at(0)));
        CHECK(three.total.total_cycles == one.total.total_cycles);
        CHECK(three.total.accumulator_overflows == 3 * one.total.accumulator_overflows);
        CHECK(three.total.zero_activation_macs == 3 * one.total.zero_activation_macs);
    }
}

TEST_CASE("Ideal DRAM is never slower, and moves the same bytes") {
    const auto pairs = test::random_pairs(430'000, 120);
    const auto real = test::time_all(pairs, [](ArchSpec& arch) { arch.dram.ideal = false; });
    const auto ideal = test::time_all(pairs, [](ArchSpec& arch) { arch.dram.ideal = true; });
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        for (std::size_t l = 0; l < real[i].layers.size(); ++l) {
            INFO("seed " << pairs[i].seed << ", layer " << real[i].layers[l].name);
            CHECK(ideal[i].layers[l].counters.total_cycles <= real[i].layers[l].counters.total_cycles);
            CHECK(ideal[i].layers[l].counters.dram == real[i].layers[l].counters.dram);
        }
    }
}

// Loads and stores share the bus in the order in which they are issued. What becomes faster may change that order, and
// the transfer that everything waits for may come a place later: then a layer gets a little slower (see monotony.cpp).
TEST_CASE("No change for the better costs more than five percent") {
    const auto pairs = test::random_pairs(440'000, 120);
    const auto base = test::time_all(pairs, [](ArchSpec&) {});
    const auto check = [&](const char* what, std::uint64_t percent, const auto& change) {
        const auto changed = test::time_all(pairs, change);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            for (std::size_t l = 0; l < base[i].layers.size(); ++l) {
                const std::uint64_t before = base[i].layers[l].counters.total_cycles;
                INFO(what << ", seed " << pairs[i].seed << ", layer " << base[i].layers[l].name);
                CHECK(changed[i].layers[l].counters.total_cycles <= before + before * percent / 100);
            }
        }
    };
    check("bandwidth", 5, [](ArchSpec& arch) { arch.dram.bandwidth_mb_s *= 2; });
    check("latency", 5, [](ArchSpec& arch) { arch.dram.latency_ns /= 2; });
    check("lanes", 5, [](ArchSpec& arch) { arch.vector_unit.lanes *= 2; });
    check("pipeline", 5, [](ArchSpec& arch) { arch.vector_unit.pipeline_cycles = 1; });
    check("overlap", 5, [](ArchSpec& arch) { arch.array.overlap_weight_load = true; });
}

}  // namespace npusim
