// Energy of PEs of all kinds, with zero gating, narrower data and other supplies; and where the known errors end.
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "npusim/arch/cost.h"
#include "support/cost_notes.h"

using namespace npusim;
using Catch::Contains;
using test::mentions;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";

const Technology& table(const std::string& name = "45nm") {
    static std::map<std::string, Technology> tables;
    if (!tables.contains(name)) tables[name] = read_technology(presets / "technology" / (name + ".json"));
    return tables.at(name);
}

ArchSpec chip(PeKind kind, int lanes, int bits, int sum_bits) {
    ArchSpec arch = read_arch(find_arch("int8_array", presets));
    arch.array.pe = {kind, lanes, false, bits, bits};
    arch.array.accumulator_bits = sum_bits;
    return arch;
}

Counters work(std::uint64_t steps, const std::map<std::pair<int, int>, std::uint64_t>& operations) {
    Counters counters;
    counters.pe_steps = steps;
    counters.pe_operations_by_bits = operations;
    for (const auto& [bits, count] : operations) counters.pe_operations += count;
    return counters;
}

double array_fj(const ArchSpec& arch, const Counters& counters) {
    return make_cost_model(arch, table()).energy(counters).array_pj * 1000;
}

ArchSpec random_chip(std::mt19937_64& random) {
    const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    const auto bits = [&] { return pick(1, 9) == 9 ? 16 : pick(1, 8); };
    ArchSpec arch = read_arch(find_arch(pick(0, 9) == 0 ? "fp32_array" : "int8_array", presets));
    if (arch.number_format == NumberFormat::integer) {
        const PeKind kinds[] = {PeKind::scalar, PeKind::dot, PeKind::composable, PeKind::bit_serial};
        PeSpec& pe = arch.array.pe;
        pe = {kinds[pick(0, 3)], 1, pick(0, 1) == 1, bits(), bits()};
        if (pe.kind == PeKind::dot || pe.kind == PeKind::bit_serial) pe.lanes = pick(1, 64);
        if (pe.kind == PeKind::composable) {
            pe.weight_bits = 4 * pick(1, 2);
            pe.activation_bits = 4 * pick(1, 2);
        }
        arch.array.accumulator_bits = pick(4, 47);
    }
    arch.array.rows = pick(1, 1024);
    arch.array.columns = pick(1, 1024);
    if (pick(0, 2) == 0) arch.voltage_v = pick(3, 33) / 10.0;
    for (BufferSpec* buffer : {&arch.weight_buffer, &arch.activation_buffer, &arch.accumulator_buffer}) {
        buffer->banks = 2 * pick(1, 32);
        buffer->width_bits = pick(8, 65536);
        buffer->ports = pick(1, 2);
        buffer->bytes = std::int64_t{buffer->banks} * buffer->width_bits << pick(0, 6);
    }
    return arch;
}

Counters random_counters(std::mt19937_64& random) {
    const auto count = [&] { return random() >> (24 + random() % 40); };
    Counters counters = work(count(), {{{8, 8}, count()}, {{4, 2}, count()}, {{1, 16}, count()}});
    counters.pe_operations += count();  // some whose bits are not told
    for (std::uint64_t* other :
         {&counters.total_cycles, &counters.pe_idle_in_fold_bit_cycles, &counters.pe_stalled_bit_cycles,
          &counters.pe_loaded_bits, &counters.requantize_operations, &counters.vector_alu_operations,
          &counters.weight_buffer.reads, &counters.activation_buffer.writes, &counters.accumulator_buffer.reads,
          &counters.dram.weight_read_bytes}) {
        *other = count();
    }
    return counters;
}

}  // namespace

TEST_CASE("A dot-product PE with all lanes at work takes its synthesized energy, and its sum's share with few") {
    const ArchSpec arch = chip(PeKind::dot, 16, 8, 27);
    CHECK(array_fj(arch, work(10, {{{8, 8}, 160}})) == Approx(10 * 8341.1));
    const double sum_fj = 15.58 * 27;
    CHECK(array_fj(arch, work(10, {{{8, 8}, 10}})) == Approx(10 * (sum_fj + (8341.1 - sum_fj) / 16)));
    CHECK(array_fj(chip(PeKind::dot, 16, 4, 19), work(1, {{{4, 4}, 16}})) == Approx(2836.4));
}

TEST_CASE("A composable PE takes its synthesized energy in each mode") {
    const ArchSpec arch = chip(PeKind::composable, 1, 8, 32);
    CHECK(array_fj(arch, work(5, {{{8, 8}, 5}})) == Approx(5 * 3390.3).epsilon(1e-4));
    CHECK(array_fj(arch, work(5, {{{4, 4}, 20}})) == Approx(5 * 3584.95).epsilon(1e-4));
    CHECK(array_fj(arch, work(5, {{{2, 2}, 80}})) == Approx(5 * 4150.3).epsilon(1e-4));
    const double mixed_fj = array_fj(arch, work(5, {{{8, 4}, 10}}));
    CHECK(mixed_fj > 5 * 3390.3);
    CHECK(mixed_fj < 5 * 3584.95);
    CHECK(array_fj(arch, work(5, {{{3, 3}, 20}})) == array_fj(arch, work(5, {{{4, 4}, 20}})));
}

TEST_CASE("A bit-serial PE takes a step for each activation bit") {
    const ArchSpec arch = chip(PeKind::bit_serial, 16, 8, 32);
    CHECK(array_fj(arch, work(8, {{{8, 8}, 16}})) == Approx(8 * 2440.6));
    CHECK(array_fj(arch, work(3, {{{8, 3}, 16}})) == Approx(3 * 2440.6));
    CHECK(array_fj(arch, work(8, {{{8, 8}, 1}})) == Approx(8 * 476.8));
}

TEST_CASE("A scalar PE fed narrower data takes the measured share of its energy") {
    const ArchSpec arch = chip(PeKind::scalar, 1, 8, 32);
    CHECK(array_fj(arch, work(100, {{{8, 8}, 100}})) == Approx(100 * 1001.7));
    CHECK(array_fj(arch, work(100, {{{4, 4}, 100}})) == Approx(100 * 1001.7 * 0.863));
    CHECK(array_fj(arch, work(100, {{{2, 2}, 100}})) == Approx(100 * 1001.7 * 0.744));
    CHECK(array_fj(arch, work(100, {{{1, 1}, 100}})) == Approx(100 * 1001.7 * 0.744));
    const double one_fj = array_fj(arch, work(100, {{{4, 8}, 100}}));
    CHECK(one_fj == Approx(100 * 1001.7 * (1 + 0.863) / 2));
}

TEST_CASE("Zero gating saves a third of the multiplier's energy with half of the activations zero, none with none") {
    ArchSpec arch = chip(PeKind::scalar, 1, 8, 32);
    arch.array.pe.zero_gating = true;
    const CostModel model = make_cost_model(arch, table());
    const Counters counters = work(1, {{{8, 8}, 1}});
    CHECK(model.energy(counters).array_pj * 1000 == Approx(1001.7 - 386.9 / 3));
    CHECK(model.energy(counters, 0).array_pj * 1000 == Approx(1179.4));
    CHECK(mentions(model, "zero gating"));
    CHECK(make_cost_model(arch, table(), CostEnd::high).energy(counters).array_pj * 1000 >= 1179.4);
}

TEST_CASE("The zeros of real data move the array's energy along the line through uniform and realistic operands") {
    const CostModel model = make_cost_model(chip(PeKind::scalar, 1, 8, 32), table());
    const Counters counters = work(7, {{{8, 8}, 7}});
    const auto fj = [&](double share) { return model.energy(counters, share).array_pj * 1000 / 7; };
    CHECK(fj(0) == Approx(1179.4));
    CHECK(fj(0.25) == Approx((1179.4 + 1001.7) / 2));
    CHECK(model.energy(counters, 0.5).array_pj == model.energy(counters).array_pj);
    CHECK(fj(0.75) == Approx(1001.7 - (1179.4 - 1001.7) / 2));
    CHECK(fj(1) == fj(0.75));
}

TEST_CASE("Logic at another voltage takes energy with its square, and slows down; SRAM keeps its own supply") {
    ArchSpec arch = chip(PeKind::scalar, 1, 8, 32);
    const CostModel nominal = make_cost_model(arch, table());
    arch.voltage_v = 0.9;
    const CostModel low = make_cost_model(arch, table());
    CHECK(low.pe.energy_fj == Approx(nominal.pe.energy_fj * 0.669).epsilon(0.001));
    CHECK(low.pe.area_um2 == nominal.pe.area_um2);
    CHECK(low.pe.critical_path_ns > nominal.pe.critical_path_ns);
    CHECK(low.weight_bank.read_pj == nominal.weight_bank.read_pj);
    CHECK(mentions(low, "0.9 V instead of 1.1 V"));
    CHECK_FALSE(mentions(low, "beyond the 0.8 to 1.2 V"));
    arch.voltage_v = 0.5;
    CHECK(mentions(make_cost_model(arch, table()), "beyond the 0.8 to 1.2 V"));
    arch.voltage_v = 1.1;
    CHECK(make_cost_model(arch, table()).pe.energy_fj == nominal.pe.energy_fj);
}

TEST_CASE("PEs that were not synthesized say so, and the nodes say how far their figures may be wrong") {
    CHECK(mentions(make_cost_model(chip(PeKind::dot, 24, 4, 19), table()), "dot PE of 4x4 bits and 24 lanes"));
    CHECK(mentions(make_cost_model(chip(PeKind::bit_serial, 64, 8, 32), table()), "beyond the points"));
    CHECK(mentions(make_cost_model(chip(PeKind::scalar, 1, 8, 32), table("22nm")), "by a factor of 1.5"));
    CHECK_FALSE(mentions(make_cost_model(chip(PeKind::scalar, 1, 8, 32), table()), "factor"));
}

TEST_CASE("Figures of random chips of every kind, node and supply are finite, not negative, and within their errors") {
    std::mt19937_64 random(11);
    const char* const nodes[] = {"45nm", "28nm", "22nm", "16nm", "7nm"};
    for (int i = 0; i < 400; ++i) {
        const ArchSpec arch = random_chip(random);
        const Technology& technology = table(nodes[i % 5]);
        const Counters counters = random_counters(random);
        INFO(to_json(arch).dump());
        const CostModel model = make_cost_model(arch, technology);
        const auto low = make_cost_model(arch, technology, CostEnd::low);
        const auto high = make_cost_model(arch, technology, CostEnd::high);
        const auto check = [](const auto& parts, const auto& lows, const auto& highs, double total) {
            double sum = 0;
            for (std::size_t part = 0; part < parts.size(); ++part) {
                INFO(parts[part].first);
                CHECK(std::isfinite(parts[part].second));
                CHECK(lows[part].second >= 0);
                CHECK(lows[part].second <= parts[part].second * (1 + 1e-12));
                CHECK(parts[part].second <= highs[part].second * (1 + 1e-12));
                CHECK(std::isfinite(highs[part].second));
                sum += parts[part].second;
            }
            CHECK(total == sum);
        };
        const EnergyBreakdown energy = model.energy(counters);
        check(energy.parts(), low.energy(counters).parts(), high.energy(counters).parts(), energy.total_pj());
        check(model.area.parts(), low.area.parts(), high.area.parts(), model.area.total_mm2());
        const EnergyBreakdown with_data = model.energy(counters, 0.3);
        CHECK(with_data.array_pj >= 0);
        CHECK(std::isfinite(with_data.total_pj()));
    }
}
