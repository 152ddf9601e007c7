// Energies of Accelergy tables come out of the look-ups, and of a chip's prices, as they stand in the tables.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/arch/accelergy.h"
#include "npusim/arch/cost.h"
#include "npusim/base/csv.h"
#include "npusim/base/error.h"
#include "support/accelergy_tables.h"

using namespace npusim;
using Catch::Contains;
using nlohmann::json;
using test::AccelergyTables;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";
constexpr auto kUniform = OperandStatistics::uniform;
constexpr auto kRealistic = OperandStatistics::realistic;

AccelergyImport imported(const AccelergyTables& tables, const std::string& base = "45nm",
                         AccelergyMac mac = AccelergyMac::arithmetic, const std::string& technology = "45") {
    const std::filesystem::path shipped = presets / "technology";
    return import_accelergy({tables.path(), technology, mac}, {shipped / (base + ".json"), shipped, "45nm.json"},
                            "own");
}

Technology read_back(const AccelergyImport& made) {
    return parse_technology(made.document.dump(), "own.json", presets / "technology");
}

const Technology& base() {
    static const Technology table = read_technology(presets / "technology" / "45nm.json");
    return table;
}

std::string problem_of(const AccelergyTables& tables, const std::string& technology = "45nm") {
    try {
        (void)imported(tables, "45nm", AccelergyMac::arithmetic, technology);
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

/// What became of a line.
AccelergyUse use_of(const AccelergyImport& made, const std::string& file, std::size_t line) {
    for (const AccelergyUse& use : made.uses) {
        if (use.file == file && use.line == line) return use;
    }
    FAIL(file << " line " << line << " is not told of");
    return {};
}

}  // namespace

TEST_CASE("Every imported energy and area comes out of the look-ups as it stands in the table") {
    const AccelergyTables tables;
    const Technology own = read_back(imported(tables));
    for (const auto statistics : {kUniform, kRealistic}) {
        for (const int sum_bits : {16, 31, 40}) {
            const PeCost pe = own.pe(8, 8, sum_bits, statistics);
            CHECK(pe.measured);
            CHECK(pe.in_range);
            CHECK(pe.energy_fj == 250 + (8 + sum_bits) * base().register_data_fj_per_bit_cycle);
            CHECK(pe.area_um2 == 400 + (16 + sum_bits) * base().register_area_um2_per_bit);
            CHECK(own.pe(16, 16, sum_bits, statistics).energy_fj ==
                  1000 + (16 + sum_bits) * base().register_data_fj_per_bit_cycle);
        }
        CHECK(own.multiplier(8, 8, statistics).energy_fj == 500);
    }
    CHECK(own.adder(31).energy_fj == 500);
    CHECK(own.adder(31).area_um2 == 64);
    CHECK(own.adder(16).energy_fj == 125);
    CHECK(own.adder(16).area_um2 == base().adder(16).area_um2);
    CHECK(own.sram_bank(32768, 128).read_pj == 16);
    CHECK(own.sram_bank(32768, 128).write_pj == 32);
    CHECK(own.sram_bank(32768, 128).area_mm2 == 0.5);
    CHECK(own.sram_bank(32768, 256).read_pj == 24);
    CHECK(own.sram_bank(4096, 64, 2).read_pj == 4);
    CHECK(own.dram_pj_per_bit_of("LPDDR4") == 8);
    CHECK(own.dram_error_factor == 2);
    CHECK(own.dram_pj_per_bit_of("LPDDR6") == 2);
    CHECK(own.dram_pj_per_bit_of("HBM2") == base().dram_pj_per_bit_of("HBM2"));
    // A random transfer of 0.5 mm is half a transition.
    CHECK(own.wire_pj_per_bit_mm == 0.5);
    CHECK(own.floating.at(NumberFormat::fp32).mac_energy_fj == 8000);
    CHECK(own.floating.at(NumberFormat::fp32).add_energy_fj == base().floating.at(NumberFormat::fp32).add_energy_fj);
}

TEST_CASE("Rows of whole PEs are what a PE takes, whatever the width of its sums") {
    const AccelergyTables tables;
    const Technology own = read_back(imported(tables, "45nm", AccelergyMac::whole_pe));
    for (const int sum_bits : {16, 31, 32, 48}) {
        CHECK(own.pe(8, 8, sum_bits, kRealistic).energy_fj == 250);
        CHECK(own.pe(8, 8, sum_bits, kRealistic).area_um2 == 400);
        CHECK(own.pe(16, 16, sum_bits, kUniform).energy_fj == 1000);
    }
}

TEST_CASE("A chip's energy at imported prices is events times the table's figures") {
    const AccelergyTables tables;
    const Technology own = read_back(imported(tables, "45nm", AccelergyMac::whole_pe));
    ArchSpec arch = read_arch(presets / "int8_array.json");
    arch.weight_buffer.ports = arch.activation_buffer.ports = 1;
    REQUIRE(arch.activation_buffer.bytes / arch.activation_buffer.banks == 32768);
    REQUIRE(arch.activation_buffer.width_bits == 128);
    const CostModel model = make_cost_model(arch, own);
    Counters counters;
    counters.pe_operations = 1'000'003;
    counters.pe_steps = counters.pe_operations;
    CHECK(model.energy(counters).array_pj == Approx(1'000'003 * 0.25).epsilon(1e-15));
    Counters accesses;
    accesses.activation_buffer.reads = 12345;
    accesses.activation_buffer.writes = 777;
    const double wires_pj = model.activation_wire_pj * (12345 + 777);
    CHECK(model.energy(accesses).activation_buffer_pj == Approx(12345 * 16.0 + 777 * 32.0 + wires_pj).epsilon(1e-14));
    CHECK(model.activation_wire_pj ==
          Approx(128 * base().wire_toggle_probability * 0.5 * std::sqrt(2 * 0.5)).epsilon(1e-14));
    Counters additions;
    additions.vector_alu_operations = 64;
    REQUIRE(arch.array.accumulator_bits == 31);
    CHECK(model.energy(additions).vector_unit_pj == 32);
}

TEST_CASE("Widths and banks between imported ones are the base's by one factor, and beyond them are flagged") {
    const AccelergyTables tables;
    const Technology own = read_back(imported(tables));
    const PeCost between = own.pe(12, 12, 31, kRealistic);
    CHECK_FALSE(between.measured);
    CHECK(between.in_range);
    const double factor =
        own.fits.at("pe_energy_realistic").coefficients[0] / base().fits.at("pe_energy_realistic").coefficients[0];
    CHECK(between.energy_fj == Approx(factor * (6.618 * 144 + 15.43 * 24 + 9.293 * 31)));
    CHECK_FALSE(own.pe(4, 4, 31, kRealistic).in_range);
    CHECK_FALSE(own.pe(1, 8, 31, kRealistic).in_range);
    CHECK_FALSE(own.pe(24, 24, 48, kRealistic).in_range);
    CHECK_FALSE(own.adder(48).in_range);
    CHECK(own.adder(24).in_range);
    const SramCost bank = own.sram_bank(16384, 128);
    CHECK(bank.in_range);
    CHECK_FALSE(bank.measured);
    const double reads = bank.read_pj / base().sram_bank(16384, 128).read_pj;
    CHECK(own.sram_bank(65536, 512).read_pj == Approx(reads * base().sram_bank(65536, 512).read_pj));
    CHECK_FALSE(own.sram_bank(65536, 128).in_range);
    CHECK_FALSE(own.sram_bank(16384, 512).in_range);
    // The one factor lies within what each point would need, and the band reaches to the farthest.
    for (const auto& [bytes, width, ports, read_pj] :
         {std::tuple{32768, 128, 1, 16.0}, {32768, 256, 1, 24.0}, {4096, 64, 2, 4.0}}) {
        const double needed = read_pj / base().sram_bank(bytes, width, ports).read_pj;
        CHECK(needed / reads <= own.sram.beside_points.read * (1 + 1e-12));
        CHECK(reads / needed <= own.sram.beside_points.read * (1 + 1e-12));
    }
}

TEST_CASE("The bound of a fit through imported widths holds at each of them") {
    const AccelergyTables tables;
    const Technology own = read_back(imported(tables, "45nm", AccelergyMac::whole_pe));
    for (const auto& [bits, energy_fj] : {std::pair{8, 250.0}, {16, 1000.0}}) {
        const Fit& fit = own.fits.at("pe_energy_uniform");
        const double fitted =
            fit.coefficients[0] * bits * bits + fit.coefficients[1] * 2 * bits + fit.coefficients[2] * (2 * bits + 15);
        CHECK(std::abs(fitted / energy_fj - 1) <= fit.max_relative_error * (1 + 1e-12));
    }
}

TEST_CASE("What no table has is as in the base") {
    const AccelergyTables tables;
    tables.keep_only("DRAM");
    const AccelergyImport made = imported(tables);
    const Technology own = read_back(made);
    CHECK(own.dram_pj_per_bit_of("LPDDR4") == 8);
    CHECK(own.pe(8, 8, 31, kRealistic).energy_fj == base().pe(8, 8, 31, kRealistic).energy_fj);
    CHECK(own.pe(8, 8, 32, kRealistic).measured);
    CHECK(own.sram_bank(50000, 100).read_pj == base().sram_bank(50000, 100).read_pj);
    CHECK(own.sram_bank(50000, 100).read_band.high == base().sram_bank(50000, 100).read_band.high);
    CHECK(own.register_data_fj_per_bit_cycle == base().register_data_fj_per_bit_cycle);
    CHECK(own.dot_pe(16, 8, 8, 32, kRealistic).energy_fj == base().dot_pe(16, 8, 8, 32, kRealistic).energy_fj);
    CHECK(own.based_on == "45nm");
    const CostModel model = make_cost_model(read_arch(presets / "int8_array.json"), own);
    CHECK(std::count_if(model.notes.begin(), model.notes.end(), [](const std::string& note) {
              return note == "Figures that own does not have itself are those of 45nm.";
          }) == 1);
    CHECK(made.document.size() == 7);  // name, description, node, supply, base, voltage, dram
}

TEST_CASE("Banks and DRAM types that only the base has stay, beside the imported ones") {
    const AccelergyTables tables;
    AccelergyImport first = imported(tables);
    json complete = json::parse(read_text_file(presets / "technology" / "45nm.json"));
    for (const char* group : {"sram", "dram"}) complete[group] = first.document.at(group);
    write_whole_file(tables / "complete.json", complete.dump());
    tables.keep_only("SRAM");
    tables.write("SRAM", "width,depth,action,energy\n128,2048,read,17\n");
    const AccelergyImport made = import_accelergy({tables.path(), "", AccelergyMac::arithmetic},
                                                  {tables / "complete.json", {}, "complete.json"}, "own");
    const Technology own = parse_technology(made.document.dump(), tables / "own.json");
    CHECK(own.sram_bank(32768, 128).read_pj == 17);
    CHECK(own.sram_bank(32768, 128).write_pj == 32);
    CHECK(own.sram_bank(32768, 256).read_pj == 24);
    CHECK(own.sram_bank(4096, 64, 2).read_pj == 4);
    CHECK(own.dram_pj_per_bit_of("LPDDR6") == 2);
}

TEST_CASE("Tables are put upon a scaled node too, and replace its own rows of their kinds") {
    const AccelergyTables tables;
    for (const std::string name : {"28nm", "22nm", "16nm", "7nm"}) {
        INFO(name);
        const Technology scaled = read_technology(presets / "technology" / (name + ".json"));
        const Technology own = read_back(imported(tables, name));
        CHECK(own.node_nm == scaled.node_nm);
        CHECK(own.pe(8, 8, 31, kRealistic).energy_fj == 250 + 39 * scaled.register_data_fj_per_bit_cycle);
        CHECK(own.sram_bank(32768, 128).read_pj == 16);
        CHECK(own.dot_pe(16, 8, 8, 27, kRealistic).energy_fj == scaled.dot_pe(16, 8, 8, 27, kRealistic).energy_fj);
        CHECK(own.requantizer(31, 16, 8, kRealistic).energy_fj == scaled.requantizer(31, 16, 8, kRealistic).energy_fj);
        CHECK(own.sram_bank(1 << 20, 64).leakage_mw == scaled.sram_bank(1 << 20, 64).leakage_mw);
    }
}

TEST_CASE("Every row is told of once, as used or with the reason why not") {
    const AccelergyTables tables;
    const AccelergyImport made = imported(tables);
    CHECK(made.uses.size() == 5 + 1 + 2 + 6 + 3 + 2 + 2 + 1);
    CHECK(std::count_if(made.uses.begin(), made.uses.end(), [](const auto& use) { return use.used; }) == 13);
    CHECK_THAT(use_of(made, "intmac.csv", 2).text, Contains("8-bit MAC") && Contains("0.25 pJ"));
    CHECK_THAT(use_of(made, "intmac.csv", 3).text, Contains("mac_reused"));
    CHECK_THAT(use_of(made, "intmac.csv", 5).text, Contains("65nm, not 45nm"));
    CHECK_THAT(use_of(made, "intmac.csv", 6).text, Contains("idle"));
    CHECK_THAT(use_of(made, "SRAM.csv", 4).text, Contains("data_delta 0"));
    CHECK_THAT(use_of(made, "SRAM.csv", 7).text, Contains("one by one"));
    CHECK_THAT(use_of(made, "DRAM.csv", 3).text, Contains("the read's"));
    CHECK_THAT(use_of(made, "wire.csv", 3).text, Contains("no unit"));
    CHECK_THAT(use_of(made, "fpmac.csv", 3).text, Contains("no fp32"));
    CHECK_THAT(use_of(made, "counter.csv", 0).text, Contains("no part"));
}

TEST_CASE("Each imported group names its unit, its file and its technology") {
    const AccelergyTables tables;
    const json document = imported(tables).document;
    CHECK_THAT(document.at("mac_table").at("source").get<std::string>(),
               Contains("Accelergy table intmac.csv, technology 45nm") && Contains("intadder.csv"));
    for (const auto& [group, file] :
         {std::pair{"sram", "SRAM.csv"}, {"dram", "DRAM.csv"}, {"wire", "wire.csv"}, {"fp32", "fpmac.csv"}}) {
        CHECK_THAT(document.at(group).at("source").get<std::string>(),
                   Contains(std::string("Accelergy table ") + file + ", technology 45nm"));
        CHECK_FALSE(document.at(group).at("unit").get<std::string>().empty());
    }
    CHECK(imported(tables).document.dump() == document.dump());
}

TEST_CASE("Older forms are read: numbers for technologies, action_name, names with alternatives, a folder data") {
    const AccelergyTables tables;
    tables.keep_only("none");
    std::filesystem::create_directory(tables.path() / "data");
    tables.write("data/intadder", "technology,width|datawidth,action_name,energy\r\n45,31,add|read,0.5\r\n\r\n");
    tables.write("data/sram",
                 "depth,width,action,address_delta,data_delta,energy\n2048,128,read,1,1,16\n"
                 "2048,128,idle,none,none,1\n");
    const AccelergyImport made = imported(tables);
    const Technology own = read_back(made);
    CHECK(own.adder(31).energy_fj == 500);
    CHECK(own.sram_bank(32768, 128).read_pj == 16);
    CHECK(own.sram_bank(32768, 128).write_pj == base().sram_bank(32768, 128).write_pj);
    CHECK_FALSE(own.sram_bank(32768, 256).in_range);
    CHECK_THAT(made.document.at("sram").at("source").get<std::string>(), Contains("no write is given"));
}

TEST_CASE("Of two rows with the same attributes and action the first counts, as in Accelergy") {
    const AccelergyTables tables;
    tables.keep_only("intadder");
    tables.write("intadder", "datawidth,latency,action,energy\n31,5ns,add,0.5\n31,3ns,add,0.75\n16,5ns,add,0\n");
    const AccelergyImport made = imported(tables);
    CHECK(read_back(made).adder(31).energy_fj == 500);
    CHECK_THAT(use_of(made, "intadder.csv", 3).text, Contains("a row above"));
    CHECK_THAT(use_of(made, "intadder.csv", 4).text, Contains("not filled in"));
}

TEST_CASE("A damaged table is refused by file, line and column, all problems at once") {
    const AccelergyTables tables;
    tables.write("intmac",
                 "technology,datawidth,action,energy\n45nm,8,mac_random,-1\n45nm,x,mac_random,1\n"
                 "45nm,8,mac_random,1,2,3\n45nm,8,mac_random\n45nm,0,mac_random,nan\n");
    tables.write("SRAM", "technology,width,action,energy\n45nm,8,read,1\n");
    tables.write("wire", "");
    tables.write("DRAM", "width,type,action,energy\n64,,read,1\n\"64,LPDDR4,read,1\n");
    const std::string problems = problem_of(tables);
    CHECK_THAT(problems, Contains("intmac.csv: line 2: column energy: \"-1\" is no number from 0 to 1e9"));
    CHECK_THAT(problems, Contains("intmac.csv: line 3: column datawidth: \"x\" is no whole number from 1 to"));
    CHECK_THAT(problems, Contains("intmac.csv: line 4: has 6 columns, the heading has 4"));
    CHECK_THAT(problems, Contains("intmac.csv: line 5: column energy: \"\" is no number"));
    CHECK_THAT(problems,
               Contains("intmac.csv: line 6: column energy: \"nan\"") && Contains("line 6: column datawidth: \"0\""));
    CHECK_THAT(problems,
               Contains("SRAM.csv: line 1: column depth: is missing; needed are action, energy, width, depth"));
    CHECK_THAT(problems, Contains("wire.csv: is empty"));
    CHECK_THAT(problems, Contains("DRAM.csv: line 2: column type: \"\" must not be empty"));
    CHECK(std::count(problems.begin(), problems.end(), '\n') == 8);
}

TEST_CASE("Tables in which nothing can be used are refused, with the technologies that there are") {
    const AccelergyTables tables;
    CHECK_THAT(problem_of(tables, "32nm"),
               Contains("no row of technology 32nm can be used; there are rows of 45nm, 65nm"));
    tables.keep_only("counter");
    CHECK_THAT(problem_of(tables), Contains("no row can be used (counter.csv") && Contains("npusim reads intmac.csv"));
    tables.keep_only("none");
    CHECK_THAT(problem_of(tables), Contains("holds no CSV file"));
    tables.write("wire", "length,action,energy\n3,transfer,1\n");
    CHECK_THAT(problem_of(tables), Contains("no row can be used (wire.csv, line 2") && Contains("no unit"));
    std::filesystem::remove_all(tables.path());
    CHECK_THAT(problem_of(tables), Contains("no such file or folder"));
}

TEST_CASE("The cells of a CSV line keep quoted commas and lose blanks around them") {
    CHECK(csv_cells(" a , \"b, c\",,d\r") == std::vector<std::string>{"a", "b, c", "", "d"});
    CHECK_THROWS_WITH(csv_cells("a,\\x"), Contains("is no CSV"));
}
