#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "npusim/arch/cost.h"
#include "support/cost_notes.h"

using namespace npusim;
using Catch::Contains;
using test::mentions;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";

const Technology& technology() {
    static const Technology table = read_technology(presets / "technology/45nm.json");
    return table;
}

ArchSpec preset(const std::string& name) {
    return read_arch(find_arch(name, presets));
}

CostModel model_of(const ArchSpec& arch) {
    return make_cost_model(arch, technology());
}

class RandomChips {
public:
    ArchSpec next() {
        ArchSpec arch = preset("int8_array");
        if (pick(0, 3) == 0) {
            arch = preset("fp32_array");
        } else {
            arch.array.pe = {.weight_bits = bits(), .activation_bits = bits()};
            arch.array.accumulator_bits = pick(4, 63);
            arch.precision.activation_bits = bits();
            arch.precision.residual_bits = 16;
        }
        arch.clock_mhz = pick(1, 5000);
        arch.array.rows = pick(1, 1024);
        arch.array.columns = pick(1, 1024);
        arch.array.overlap_weight_load = pick(0, 1) == 1;
        arch.clock_gate_stalls = pick(0, 1) == 1;
        arch.vector_unit.lanes = pick(1, 4096);
        for (BufferSpec* buffer : {&arch.weight_buffer, &arch.activation_buffer, &arch.accumulator_buffer}) {
            buffer->banks = 2 * pick(1, 32);
            buffer->width_bits = 1 << pick(3, 16);
            const std::int64_t least = std::max<std::int64_t>(64, std::int64_t{buffer->banks} * buffer->width_bits / 8);
            buffer->bytes = std::min<std::int64_t>(least << pick(0, 12), std::int64_t{1} << 26);
        }
        return arch;
    }

    Counters counters() {
        Counters counters;
        for (std::uint64_t* count :
             {&counters.total_cycles, &counters.pe_operations, &counters.pe_idle_in_fold_bit_cycles,
              &counters.pe_stalled_bit_cycles, &counters.pe_loaded_bits, &counters.requantize_operations,
              &counters.vector_alu_operations, &counters.weight_buffer.reads, &counters.weight_buffer.writes,
              &counters.activation_buffer.reads, &counters.activation_buffer.writes, &counters.accumulator_buffer.reads,
              &counters.accumulator_buffer.writes, &counters.dram.weight_read_bytes, &counters.dram.output_write_bytes,
              &counters.dram.burst_waste_bytes}) {
            *count = random_() >> pick(24, 63);
        }
        return counters;
    }

private:
    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
    int bits() { return pick(1, 9) == 9 ? 16 : pick(1, 8); }

    std::mt19937_64 random_{3};
};

}  // namespace

TEST_CASE("The array's energy is operations, idle clock and weight loads") {
    const CostModel model = model_of(preset("int8_array"));
    Counters counters;
    counters.pe_operations = 1000;
    counters.pe_idle_in_fold_bit_cycles = 100 * (8 + 31);
    counters.pe_stalled_bit_cycles = 77 * (8 + 31);
    counters.pe_loaded_bits = 10 * 8;
    const double pe_fj = 6.618 * 64 + 15.43 * 16 + 9.293 * 31;
    const double expected_fj = 1000 * pe_fj + 100 * 8.6 * (8 + 31) + 10 * 20 * 8;
    CHECK(model.energy(counters).array_pj == Approx(expected_fj / 1000));
    CHECK(model.energy(counters).total_pj() == model.energy(counters).array_pj);

    ArchSpec ungated = preset("int8_array");
    ungated.clock_gate_stalls = false;
    CHECK(model_of(ungated).energy(counters).array_pj == Approx((expected_fj + 77 * 8.6 * (8 + 31)) / 1000));
}

TEST_CASE("A buffer access costs one bank's access and the wire across the buffer") {
    ArchSpec arch = preset("int8_array");
    arch.weight_buffer = {131072, 2, 128};  // two banks that the table holds: 64 KiB, 128 bits
    const CostModel model = model_of(arch);
    Counters counters;
    counters.weight_buffer = {3, 5};
    const double wire_pj = 128 * 0.25 * 0.376 * std::sqrt(2 * 0.2317);
    CHECK(model.weight_wire_pj == Approx(wire_pj));
    CHECK(model.energy(counters).weight_buffer_pj == Approx(3 * (30.7 + wire_pj) + 5 * (37.92 + wire_pj)));
    CHECK(model.area.weight_buffer_mm2 == Approx(2 * 0.2317));
    Counters others;
    others.activation_buffer = {3, 5};
    others.accumulator_buffer = {7, 11};
    const EnergyBreakdown energy = model.energy(others);
    CHECK(energy.weight_buffer_pj == 0);
    CHECK(energy.activation_buffer_pj == Approx(3 * model.activation_bank.read_pj + 5 * model.activation_bank.write_pj +
                                                8 * model.activation_wire_pj));
    CHECK(energy.accumulator_buffer_pj ==
          Approx(7 * model.accumulator_bank.read_pj + 11 * model.accumulator_bank.write_pj +
                 18 * model.accumulator_wire_pj));
}

TEST_CASE("The vector unit's energy is requantizations and adds as wide as the accumulator") {
    const CostModel model = model_of(preset("int4_array"));
    Counters counters;
    counters.requantize_operations = 10;
    counters.vector_alu_operations = 20;
    const double requantize_fj = 6.334 * 28 * 16 + 41.15 * (28 + 16) + 48.78 * 8;  // residuals of 8 bits leave too
    const double add_fj = 1.995 * 28 + 2.619 * 28 * std::log2(28);
    CHECK(model.energy(counters).vector_unit_pj == Approx((10 * requantize_fj + 20 * add_fj) / 1000));
}

TEST_CASE("DRAM energy is charged for all moved bytes and leakage for all cycles") {
    const CostModel model = model_of(preset("int8_server"));
    Counters counters;
    counters.dram = {1, 2, 3, 4, 5, 6};
    counters.total_cycles = 1000;
    const EnergyBreakdown energy = model.energy(counters);
    CHECK(energy.dram_pj == Approx(21 * 8 * 3.9));
    CHECK(energy.leakage_pj == Approx(model.leakage_mw * 2000));  // 1000 cycles of 2 ns; 1 mW ns is 1 pJ
    CHECK(energy.on_chip_pj() == energy.leakage_pj);
}

TEST_CASE("Leakage and area add up over PEs, lanes and banks") {
    const CostModel model = model_of(preset("int8_array"));
    const double pe_nw = 114.0 * 64 + 71.94 * 16 + 150.6 * 31 + 8 * 79.1;
    const double requantizer_um2 = 6.015 * 31 * 16 + 5.648 * (31 + 16) + 20.61 * 8;
    const double lane_um2 = requantizer_um2 + 1.94 * 31 + 0.887 * 31 * std::log2(31);
    const double sram_mw =
        2 * model.weight_bank.leakage_mw + 2 * model.activation_bank.leakage_mw + 4 * model.accumulator_bank.leakage_mw;
    CHECK(model.leakage_mw == Approx(256 * pe_nw / 1e6 + 16 * 19.7 * lane_um2 / 1e6 + sram_mw));
    const double pe_um2 = 5.94 * 64 + 2.644 * 16 + 7.878 * 31 + 8 * 4.522;
    CHECK(model.area.array_mm2 == Approx(256 * pe_um2 / 0.7 / 1e6));
    CHECK(model.area.vector_unit_mm2 == Approx(16 * lane_um2 / 0.7 / 1e6));
    CHECK(model.area.accumulator_buffer_mm2 == Approx(4 * model.accumulator_bank.area_mm2));

    ArchSpec plain = preset("int8_array");
    plain.array.overlap_weight_load = false;
    CHECK(model_of(plain).area.array_mm2 == Approx(256 * (pe_um2 - 8 * 4.522) / 0.7 / 1e6));
}

TEST_CASE("Energies and areas of random chips are finite, never negative, and sum to their totals to the last bit") {
    RandomChips chips;
    for (int i = 0; i < 300; ++i) {
        const CostModel model = model_of(chips.next());
        const EnergyBreakdown energy = model.energy(chips.counters());
        double total_pj = 0;
        for (const auto& [name, part_pj] : energy.parts()) {
            INFO(name);
            CHECK(std::isfinite(part_pj));
            CHECK(part_pj >= 0);
            total_pj += part_pj;
        }
        CHECK(energy.total_pj() == total_pj);
        CHECK(energy.on_chip_pj() == Approx(energy.total_pj() - energy.dram_pj).margin(1e-6));
        double total_mm2 = 0;
        for (const auto& [name, part_mm2] : model.area.parts()) {
            INFO(name);
            CHECK(std::isfinite(part_mm2));
            CHECK(part_mm2 > 0);
            total_mm2 += part_mm2;
        }
        CHECK(model.area.total_mm2() == total_mm2);
        CHECK(model.leakage_mw > 0);
    }
}

TEST_CASE("The energy of added counters is the sum of their energies") {
    RandomChips chips;
    for (int i = 0; i < 50; ++i) {
        const CostModel model = model_of(chips.next());
        const Counters a = chips.counters();
        const Counters b = chips.counters();
        Counters both = a;
        both += b;
        CHECK(model.energy(both).total_pj() == Approx(model.energy(a).total_pj() + model.energy(b).total_pj()));
    }
    CHECK(model_of(preset("int2_array")).energy(Counters{}).total_pj() == 0);
}

TEST_CASE("At lower uniform precision every part of a chip is smaller and every operation cheaper") {
    const ArchSpec arch = preset("int8_array");
    CostModel wider = model_of(at_uniform_bits(arch, 16));
    for (const int bits : {8, 7, 6, 5, 4, 3, 2}) {
        INFO(bits);
        const CostModel narrower = model_of(at_uniform_bits(arch, bits));
        CHECK(narrower.area.array_mm2 < wider.area.array_mm2);
        CHECK(narrower.area.weight_buffer_mm2 < wider.area.weight_buffer_mm2);
        CHECK(narrower.area.accumulator_buffer_mm2 < wider.area.accumulator_buffer_mm2);
        CHECK(narrower.area.vector_unit_mm2 < wider.area.vector_unit_mm2);
        CHECK(narrower.pe.energy_fj < wider.pe.energy_fj);
        CHECK(narrower.requantizer.energy_fj < wider.requantizer.energy_fj);
        CHECK(narrower.weight_bank.read_pj < wider.weight_bank.read_pj);
        CHECK(narrower.accumulator_bank.read_pj < wider.accumulator_bank.read_pj);
        wider = narrower;
    }
}

TEST_CASE("The fp32 baseline is priced from the estimates and says so") {
    const CostModel model = model_of(preset("fp32_array"));
    Counters counters;
    counters.pe_operations = 1;
    CHECK(model.energy(counters).array_pj == Approx(15.1 + 64 * 0.01144));
    Counters vector;
    vector.requantize_operations = 1;
    vector.vector_alu_operations = 1;
    CHECK(model.energy(vector).vector_unit_pj == Approx(2 * 3.26));
    CHECK(mentions(model, "fp32 PE is estimated"));
}

TEST_CASE("The 16-bit floating-point baselines multiply their operands and add in fp32") {
    for (const auto& [name, mac_pj] : {std::pair{"fp16", 6.28}, {"bf16", 4.87}}) {
        INFO(name);
        const CostModel model = model_of(preset(std::string(name) + "_array"));
        Counters counters;
        counters.pe_operations = 1;
        CHECK(model.energy(counters).array_pj == Approx(mac_pj + (16 + 32) * 0.01144));
        Counters vector;
        vector.vector_alu_operations = 1;
        CHECK(model.energy(vector).vector_unit_pj == Approx(3.26));
        CHECK(mentions(model, std::string(name) + " PE is estimated: its energy may be wrong by a factor of 2.5"));
        CHECK(model.weight_bank.read_pj < model_of(preset("fp32_array")).weight_bank.read_pj);
    }
}

TEST_CASE("A table with fp32 only prices such chips, and says what is missing where a chip is of another format") {
    Technology old = technology();
    old.floating.erase(NumberFormat::fp16);
    old.floating.erase(NumberFormat::bf16);
    CHECK_NOTHROW(make_cost_model(preset("fp32_array"), old));
    CHECK_NOTHROW(make_cost_model(preset("int8_array"), old));
    CHECK_THROWS_WITH(make_cost_model(preset("bf16_array"), old),
                      Contains("45nm.json: /bf16: is missing") && Contains("known are fp32"));
}

TEST_CASE("Notes name a clock that one stage cannot reach, fits, and SRAM beyond the table") {
    CHECK(mentions(model_of(preset("int16_array")), "critical path of 2.1 ns does not fit into the 2 ns of 500 MHz"));
    ArchSpec arch = preset("int8_array");
    CHECK(mentions(model_of(arch), "No PE of 8x8 bits with 31-bit partial sums was synthesized"));
    CHECK_FALSE(mentions(model_of(arch), "critical path"));
    CHECK_FALSE(mentions(model_of(arch), "extrapolated"));
    arch.array.accumulator_bits = 32;
    CHECK(model_of(arch).notes.empty());
    arch.clock_mhz = 580;
    CHECK(mentions(model_of(arch), "critical path"));
    arch.clock_mhz = 579;
    CHECK_FALSE(mentions(model_of(arch), "critical path"));
    arch.weight_buffer.bytes = 1024;
    CHECK(mentions(model_of(arch), "weight buffer lies outside the SRAM table"));
}

TEST_CASE("A chip whose DRAM type the table does not hold is refused") {
    ArchSpec arch = preset("int8_array");
    arch.dram.type = "DDR9";
    CHECK_THROWS_WITH(model_of(arch), Contains("no DRAM type \"DDR9\""));
}
