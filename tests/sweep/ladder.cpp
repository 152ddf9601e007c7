// The precision ladder: exponents of known laws, and runs that fail.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <stdexcept>

#include "npusim/models/graph/zoo.h"
#include "npusim/sweeps/precision_ladder.h"

using namespace npusim;

namespace {

std::filesystem::path arch_folder() {
    return std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch";
}

Technology table() {
    return read_technology(arch_folder() / "technology" / "45nm.json");
}

std::vector<LadderRung> rungs_of(const std::string& name) {
    return ladder_of(read_arch(arch_folder() / (name + ".json")));
}

/// Counters whose DRAM bytes follow bits^exponent.
RunResult result_with_dram(double bytes) {
    RunResult result;
    result.total.total_cycles = 1000;
    result.total.dram.weight_read_bytes = static_cast<std::uint64_t>(std::llround(bytes));
    return result;
}

const ComponentExponents& row(const PrecisionLadder& ladder, const std::string& component) {
    for (const auto& exponents : ladder.exponents) {
        if (exponents.component == component) return exponents;
    }
    FAIL("no row " << component);
    throw std::logic_error("unreachable");
}

}  // namespace

TEST_CASE("The exponent of c·bits^p is p, whatever c and the points") {
    for (const double exponent : {-1.0, 0.0, 0.5, 1.0, 2.0, 2.2}) {
        for (const double scale : {1e-6, 1.0, 3e9}) {
            for (const std::vector<int>& bits : {std::vector{16, 8, 4, 2}, std::vector{2, 8}, std::vector{3, 5, 7}}) {
                std::vector<std::pair<int, double>> points;
                for (const int b : bits) points.emplace_back(b, scale * std::pow(b, exponent));
                const auto fitted = scaling_exponent(points);
                REQUIRE(fitted);
                CHECK(*fitted == Approx(exponent).margin(1e-9));
            }
        }
    }
}

TEST_CASE("The exponent is the least-squares slope where points leave the law") {
    // log2: x = 1, 2, 3, 4; y = 0, 2, 1, 3. Slope = Σ(x−2.5)(y−1.5) / Σ(x−2.5)² = 4 / 5.
    CHECK(*scaling_exponent({{2, 1}, {4, 4}, {8, 2}, {16, 8}}) == Approx(0.8));
}

TEST_CASE("There is no exponent of a component that is zero somewhere, nor of one point") {
    CHECK_FALSE(scaling_exponent({{16, 4.0}, {8, 0.0}}));
    CHECK_FALSE(scaling_exponent({{16, 4.0}}));
    CHECK_FALSE(scaling_exponent({{16, 4.0}, {16, 2.0}}));
    CHECK_FALSE(scaling_exponent({}));
}

TEST_CASE("The ladder holds the same chip at 16, 8, 4 and 2 bits") {
    const auto rungs = rungs_of("int4_array");
    REQUIRE(rungs.size() == 4);
    int bits = 16;
    for (const LadderRung& rung : rungs) {
        CHECK(rung.bits == bits);
        CHECK(rung.failure.empty());
        CHECK(rung.arch.array.pe.weight_bits == bits);
        CHECK(rung.arch.precision.first_last_bits == bits);
        CHECK(rung.arch.array.rows == 16);
        bits /= 2;
    }
}

TEST_CASE("Exponents are fitted over the rungs that ran, and a failed one keeps its reason") {
    auto rungs = rungs_of("int8_array");
    rungs[0].failure = "cannot be built";
    const std::vector<WorkerOutcome> outcomes{result_with_dram(8000), WorkerFailure{FailureKind::crashed, "died"},
                                              result_with_dram(500)};
    const PrecisionLadder ladder = price_ladder(rungs, outcomes, table());
    CHECK(ladder.rungs[0].failure == "cannot be built");
    CHECK(ladder.rungs[1].failure.empty());
    CHECK(ladder.rungs[2].failure == "died");
    CHECK(*row(ladder, "dram").energy == Approx(2));
    CHECK_FALSE(row(ladder, "dram").area);
    CHECK_FALSE(row(ladder, "weight_buffer").energy);
    CHECK(row(ladder, "weight_buffer").area);
    CHECK(*ladder.latency_exponent == Approx(0).margin(1e-9));
}

TEST_CASE("Totals of a simulated ladder lie between their smallest and largest component") {
    const Network network = make_network("resnet20");
    auto rungs = rungs_of("int8_array");
    std::vector<WorkerJob> jobs;
    for (const LadderRung& rung : rungs) {
        jobs.emplace_back([&](const FractionSink& progress) { return run_timing(network, rung.arch, progress); });
    }
    const auto outcomes = run_in_workers(jobs);
    const PrecisionLadder ladder = price_ladder(rungs, outcomes, table());
    double low = 9;
    double high = -9;
    for (const auto& exponents : ladder.exponents) {
        if (exponents.component == "total" || exponents.component == "on_chip") continue;
        REQUIRE(exponents.energy);
        low = std::min(low, *exponents.energy);
        high = std::max(high, *exponents.energy);
    }
    CHECK(*row(ladder, "total").energy > low);
    CHECK(*row(ladder, "total").energy < high);
    for (std::size_t i = 0; i + 1 < ladder.rungs.size(); ++i) {
        CHECK(ladder.rungs[i].energy.total_pj() > ladder.rungs[i + 1].energy.total_pj());
        CHECK(ladder.rungs[i].area.total_mm2() > ladder.rungs[i + 1].area.total_mm2());
    }
}
