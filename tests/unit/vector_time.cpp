// The vector unit's counts against a walk over pixels, destinations and lanes.
#include <catch2/catch.hpp>
#include <random>

#include "npusim/workloads/lowering/dataflow.h"
#include "support/random_arch.h"

namespace npusim {

namespace {

VectorWork random_work(std::mt19937_64& generator) {
    const auto draw = [&](std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(high - low + 1));
    };
    VectorWork work;
    work.pixels = draw(1, 40);
    work.channels = draw(1, 70);
    work.reads_accumulators = draw(0, 1) == 1;
    work.sums_lie_by_channel = draw(0, 1) == 1;
    if (!work.reads_accumulators) work.window_area = draw(1, 9);
    work.input_bits = static_cast<int>(draw(1, 16));
    work.has_residual = draw(0, 1) == 1;
    work.residual_bits = static_cast<int>(draw(1, 16));
    for (std::int64_t d = draw(1, 3); d > 0; --d) work.output_bits.push_back(static_cast<int>(draw(1, 16)));
    return work;
}

std::uint64_t port_accesses(std::int64_t bits, int width) {
    std::uint64_t count = 0;
    for (std::int64_t moved = 0; moved < bits; moved += width) ++count;
    return count;
}

/// Rows of what lies side by side: a pixel's channels, or a channel's pixels where the array gives them so.
void walk_rows(const ArchSpec& arch, const VectorWork& work, VectorTiming& timing) {
    const bool by_channel = work.reads_accumulators && work.sums_lie_by_channel;
    const std::int64_t rows = by_channel ? work.channels : work.pixels;
    const std::int64_t lying = by_channel ? work.pixels : work.channels;
    const auto destinations = work.output_bits.size();
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::size_t d = 0; d < destinations && work.reads_accumulators; ++d) {
            timing.accumulator_reads +=
                port_accesses(lying * arch.array.accumulator_bits, arch.accumulator_buffer.width_bits);
        }
        // Lane 0 of each group counts its cycles: the window's elements, and the destinations after the first.
        for (std::int64_t at = 0; at < lying; at += arch.vector_unit.lanes) {
            timing.busy_cycles += static_cast<std::uint64_t>(work.window_area) + destinations - 1;
        }
    }
}

VectorTiming by_walking(const ArchSpec& arch, const VectorWork& work) {
    VectorTiming timing;
    timing.fill_drain_cycles = static_cast<std::uint64_t>(arch.vector_unit.pipeline_cycles) - 1;
    const int width = arch.activation_buffer.width_bits;
    for (std::int64_t pixel = 0; pixel < work.pixels; ++pixel) {
        for (std::size_t d = 0; d < work.output_bits.size(); ++d) {
            if (work.has_residual) timing.activation_reads += port_accesses(work.channels * work.residual_bits, width);
            timing.activation_writes += port_accesses(work.channels * work.output_bits[d], width);
        }
        for (std::int64_t element = 0; element < work.window_area && !work.reads_accumulators; ++element) {
            timing.activation_reads += port_accesses(work.channels * work.input_bits, width);
        }
        for (std::int64_t c = 0; c < work.channels; ++c) {
            const auto destinations = work.output_bits.size();
            timing.requantize_operations += destinations;
            timing.alu_operations += static_cast<std::uint64_t>(work.window_area) - 1;
            if (work.has_residual) timing.alu_operations += destinations;
        }
    }
    walk_rows(arch, work, timing);
    return timing;
}

}  // namespace

TEST_CASE("Cycles and accesses of random vector work are those of its pixels, lanes and destinations") {
    std::mt19937_64 generator(1);
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const ArchSpec arch = test::RandomArchMaker(seed).make(20);
        const VectorWork work = random_work(generator);
        const VectorTiming timing = time_vector(arch, work);
        const VectorTiming expected = by_walking(arch, work);
        INFO("seed " << seed);
        REQUIRE(timing.busy_cycles == expected.busy_cycles);
        REQUIRE(timing.fill_drain_cycles == expected.fill_drain_cycles);
        REQUIRE(timing.accumulator_reads == expected.accumulator_reads);
        REQUIRE(timing.activation_reads == expected.activation_reads);
        REQUIRE(timing.activation_writes == expected.activation_writes);
        REQUIRE(timing.requantize_operations == expected.requantize_operations);
        REQUIRE(timing.alu_operations == expected.alu_operations);
    }
}

}  // namespace npusim
