// What lies outside the points that a figure was made from is told; and no valid chip has impossible figures.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "npusim/arch/cost.h"
#include "npusim/base/error.h"
#include "support/cost_notes.h"

using namespace npusim;
using test::mentions;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";
const char* const nodes[] = {"45nm", "28nm", "22nm", "16nm", "7nm"};

const Technology& table(const std::string& name) {
    static std::map<std::string, Technology> tables;
    if (!tables.contains(name)) tables[name] = read_technology(presets / "technology" / (name + ".json"));
    return tables.at(name);
}

/// Any chip that the reader takes.
class RandomChips {
public:
    ArchSpec next() {
        for (;;) {
            try {
                return parse_arch(to_json(draw()), "drawn");
            } catch (const InputError&) {
            }  // against a rule between fields; the next one
        }
    }

    Counters counters() {
        Counters counters;
        for (std::uint64_t* count :
             {&counters.total_cycles, &counters.pe_steps, &counters.pe_idle_in_fold_bit_cycles,
              &counters.pe_stalled_bit_cycles, &counters.pe_loaded_bits, &counters.requantize_operations,
              &counters.vector_alu_operations, &counters.weight_buffer.reads, &counters.weight_buffer.writes,
              &counters.activation_buffer.reads, &counters.activation_buffer.writes, &counters.accumulator_buffer.reads,
              &counters.accumulator_buffer.writes, &counters.dram.weight_read_bytes}) {
            *count = random_() >> pick(24, 63);
        }
        for (int kind = 0; kind < 3; ++kind) {
            const std::uint64_t operations = random_() >> pick(24, 63);
            counters.pe_operations_by_bits[{bits(), bits()}] += operations;
            counters.pe_operations += operations;
        }
        return counters;
    }

    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
    int bits() { return pick(1, 9) == 9 ? 16 : pick(1, 8); }

private:
    ArchSpec draw() {
        const char* const kinds[] = {"int8_array", "int8_array", "int8_array",
                                     "fp32_array", "fp16_array", "bf16_array"};
        ArchSpec arch = read_arch(presets / (std::string(kinds[pick(0, 5)]) + ".json"));
        if (arch.number_format == NumberFormat::integer) draw_pe(arch);
        const Dataflow dataflows[] = {Dataflow::weight_stationary, Dataflow::output_stationary,
                                      Dataflow::input_stationary};
        arch.array.dataflow = dataflows[pick(0, 2)];
        if (pick(0, 4) == 0) arch.array.auto_dataflow = DataflowGoal::frugal;
        if (pick(0, 4) == 0) arch.array.layer_dataflows["conv1"] = dataflows[pick(0, 2)];
        arch.array.rows = pick(1, 1024);
        arch.array.columns = pick(1, 1024);
        arch.array.overlap_weight_load = pick(0, 1) == 1;
        arch.clock_gate_stalls = pick(0, 1) == 1;
        arch.clock_mhz = pick(1, 5000);
        arch.vector_unit.lanes = pick(1, 4096);
        arch.keep_on_chip = {pick(0, 1) == 1, pick(0, 1) == 1};
        if (pick(0, 2) == 0) arch.voltage_v = pick(3, 33) / 10.0;
        for (BufferSpec* buffer : {&arch.weight_buffer, &arch.activation_buffer, &arch.accumulator_buffer}) {
            buffer->banks = 2 * pick(1, 32);
            buffer->width_bits = pick(0, 1) == 0 ? pick(8, 512) : pick(8, 65536);
            buffer->ports = pick(1, 2);
            buffer->bytes = (std::int64_t{buffer->banks} * buffer->width_bits / 8 + pick(1, 999)) << pick(0, 8);
        }
        arch.activation_buffer.arbitrated = pick(0, 1) == 1;
        return arch;
    }

    void draw_pe(ArchSpec& arch) {
        const PeKind kinds[] = {PeKind::scalar, PeKind::dot, PeKind::composable, PeKind::bit_serial};
        PeSpec& pe = arch.array.pe;
        pe = {kinds[pick(0, 3)], 1, pick(0, 1) == 1, bits(), bits()};
        if (pe.kind == PeKind::dot || pe.kind == PeKind::bit_serial) pe.lanes = pick(1, 64);
        arch.array.accumulator_bits = pick(4, 47);
        arch.precision.weight_bits = bits();
        arch.precision.activation_bits = bits();
        arch.precision.residual_bits = 16;
    }

    std::mt19937_64 random_{5};
};

bool covers(const Fit& fit, const std::map<std::string, int>& variables) {
    return std::all_of(variables.begin(), variables.end(), [&](const auto& variable) {
        const auto range = fit.valid.find(variable.first);
        return range == fit.valid.end() ||
               (variable.second >= range->second.first && variable.second <= range->second.second);
    });
}

bool has_row(const Technology& technology, const std::string& kind, const PeSpec& pe, int sum_bits) {
    return std::any_of(technology.mac_rows.begin(), technology.mac_rows.end(), [&](const MacRow& row) {
        return row.kind == kind && row.lanes == pe.lanes && row.weight_bits == pe.weight_bits &&
               row.activation_bits == pe.activation_bits && row.accumulator_bits == sum_bits;
    });
}

/// Of a chip whose weights stay, by the table's own ranges.
bool pe_is_beyond(const ArchSpec& arch, const Technology& technology) {
    const PeSpec& pe = arch.array.pe;
    const int c = arch.array.accumulator_bits;
    std::map<std::string, int> at{{"w", pe.weight_bits}, {"a", pe.activation_bits}, {"c", c}, {"L", pe.lanes}};
    switch (pe.kind) {
        case PeKind::scalar:
            at.erase("L");
            if (has_row(technology, "pe", pe, c)) return false;
            return !covers(technology.fits.at(pe.weight_bits == 1 ? "pe_w1_area" : "pe_area"), at);
        case PeKind::dot:
            return !has_row(technology, "dot", pe, c) &&
                   (!covers(technology.fits.at("dot_area"), at) || pe.weight_bits != pe.activation_bits);
        case PeKind::composable:
            return pe.weight_bits != 8 || pe.activation_bits != 8 || c != 32;
        case PeKind::bit_serial:
            break;
    }
    return pe.weight_bits < 2 || pe.weight_bits > 8 || pe.lanes > 16 || c != 32;
}

bool bank_is_beyond(const BufferSpec& buffer, const SramTable& sram) {
    const double bytes = std::ceil(static_cast<double>(buffer.bytes) / buffer.banks);
    return bytes < sram.capacity_bytes.front() || bytes > sram.capacity_bytes.back() ||
           buffer.width_bits < sram.width_bits.front();
}

void check_parts(const std::vector<std::pair<std::string, double>>& low,
                 const std::vector<std::pair<std::string, double>>& estimate,
                 const std::vector<std::pair<std::string, double>>& high) {
    for (std::size_t part = 0; part < estimate.size(); ++part) {
        INFO(estimate[part].first);
        CHECK(low[part].second >= 0);
        CHECK(low[part].second <= estimate[part].second * (1 + 1e-12));
        CHECK(estimate[part].second <= high[part].second * (1 + 1e-12));
        CHECK(std::isfinite(high[part].second));
    }
}

double sum_of(const std::vector<std::pair<std::string, double>>& parts) {
    double sum = 0;
    for (const auto& [name, value] : parts) sum += value;
    return sum;
}

}  // namespace

TEST_CASE("Whatever valid chip is priced, its figures are possible, within their range, and sum to their totals") {
    RandomChips chips;
    for (int i = 0; i < 500; ++i) {
        const ArchSpec arch = chips.next();
        const Technology& technology = table(nodes[i % 5]);
        const Counters counters = chips.counters();
        INFO(to_json(arch).dump());
        const CostModel low = make_cost_model(arch, technology, CostEnd::low);
        const CostModel model = make_cost_model(arch, technology);
        const CostModel high = make_cost_model(arch, technology, CostEnd::high);
        const EnergyBreakdown energy = model.energy(counters);
        check_parts(low.energy(counters).parts(), energy.parts(), high.energy(counters).parts());
        check_parts(low.area.parts(), model.area.parts(), high.area.parts());
        CHECK(low.area.total_mm2() > 0);
        for (const CostModel* one : {&low, &model, &high}) {
            CHECK(one->energy(counters).total_pj() == sum_of(one->energy(counters).parts()));
            CHECK(one->area.total_mm2() == sum_of(one->area.parts()));
        }
        const EnergyBreakdown with_data = model.energy(counters, chips.pick(0, 100) / 100.0);
        CHECK(with_data.array_pj >= 0);
        CHECK(std::isfinite(with_data.total_pj()));
    }
}

TEST_CASE("A chip's notes tell of each of its figures that is outside its table's points, and of no other") {
    RandomChips chips;
    int beyond = 0;
    int within = 0;
    for (int i = 0; i < 600; ++i) {
        ArchSpec arch = chips.next();
        const Technology& technology = table(nodes[i % 5]);
        arch.array.dataflow = Dataflow::weight_stationary;
        arch.array.auto_dataflow.reset();
        arch.array.layer_dataflows.clear();
        const CostModel model = make_cost_model(arch, technology);
        INFO(to_json(arch).dump());
        if (arch.number_format == NumberFormat::integer) {
            const bool expected = pe_is_beyond(arch, technology);
            CHECK(mentions(model, "beyond the points") == expected);
            ++(expected ? beyond : within);
            const int c = arch.array.accumulator_bits;
            const int o = std::max(arch.precision.activation_bits, arch.precision.residual_bits);
            CHECK(mentions(model, "requantizer is outside") ==
                  !covers(technology.fits.at("requantizer_area"), {{"c", c}, {"s", kMultiplierBits}, {"o", o}}));
            CHECK(mentions(model, "adder is outside") == !covers(technology.fits.at("adder_area"), {{"c", c}}));
        } else {
            CHECK(mentions(model, "PE is estimated"));
        }
        for (const auto& [name, buffer] : {std::pair{"weight", &arch.weight_buffer},
                                           {"activation", &arch.activation_buffer},
                                           {"accumulator", &arch.accumulator_buffer}}) {
            if (buffer->width_bits > 256) continue;  // there are gaps, and macros side by side
            CHECK(mentions(model, std::string("bank of the ") + name + " buffer lies outside") ==
                  bank_is_beyond(*buffer, technology.sram));
        }
        const VoltageLaw& law = technology.voltage;
        const bool low_or_high = arch.voltage_v < law.lowest_v || arch.voltage_v > law.highest_v;
        CHECK(mentions(model, "beyond the ") ==
              ((arch.voltage_v > 0 && low_or_high) || mentions(model, "beyond the points")));
    }
    CHECK(beyond > 50);
    CHECK(within > 50);
}

TEST_CASE("Wide ports of few words, for which the SRAM compiler found nothing, are told") {
    ArchSpec arch = read_arch(presets / "int8_array.json");
    arch.weight_buffer = {2 * 1024, 2, 512};
    CHECK(mentions(make_cost_model(arch, table("45nm")), "weight buffer lies outside the SRAM table"));
    arch.weight_buffer = {2 * 4096, 2, 512};
    CHECK_FALSE(mentions(make_cost_model(arch, table("45nm")), "weight buffer lies outside"));
}

TEST_CASE("What narrower data save is flagged on PEs that were not measured with any") {
    ArchSpec arch = read_arch(presets / "int8_array.json");
    const Technology& technology = table("45nm");
    CHECK_FALSE(mentions(make_cost_model(arch, technology), "narrower data"));
    arch.precision.layers["conv1"] = {4, 4};
    CHECK_FALSE(mentions(make_cost_model(arch, technology), "narrower data"));
    arch.array.pe.weight_bits = arch.array.pe.activation_bits = 6;
    CHECK(mentions(make_cost_model(arch, technology), "narrower data save is extrapolated"));
    arch.array.pe = {PeKind::dot, 16, false, 8, 8};
    CHECK(mentions(make_cost_model(arch, technology), "narrower data save was measured on scalar PEs"));
}

TEST_CASE("What is said of a scaled table's PEs is true of the kind of PE that the chip has") {
    ArchSpec arch = read_arch(presets / "int8_array.json");
    CHECK(mentions(make_cost_model(arch, table("7nm")), "7nm but those of PEs are those of 45nm"));
    CHECK(mentions(make_cost_model(arch, table("22nm")), "22nm are those of 45nm"));
    for (const PeKind kind : {PeKind::composable, PeKind::bit_serial}) {
        arch.array.pe.kind = kind;
        CHECK(mentions(make_cost_model(arch, table("7nm")), "7nm are those of 45nm"));
    }
    CHECK(mentions(make_cost_model(read_arch(presets / "bf16_array.json"), table("7nm")), "7nm are those of 45nm"));
}

TEST_CASE("Where no critical path is near, the notes say that the clock is not known to be reached") {
    Technology technology = table("45nm");
    std::erase_if(technology.mac_rows, [](const MacRow& row) { return row.kind == "pe"; });
    const ArchSpec arch = read_arch(presets / "int8_array.json");
    CHECK(mentions(make_cost_model(arch, technology), "whether it reaches 500 MHz is not known"));
    CHECK_FALSE(mentions(make_cost_model(arch, table("45nm")), "is not known"));
    CHECK_FALSE(mentions(make_cost_model(read_arch(presets / "bf16_array.json"), technology), "is not known"));
}
