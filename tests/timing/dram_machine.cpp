// Channels, rows, refresh and ports in whole runs.
#include <catch2/catch.hpp>

#include "support/check_levels.h"
#include "support/hand_program.h"
#include "support/program_run.h"
#include "support/random_dram.h"
#include "support/time_pairs.h"

namespace npusim {
namespace {

using test::hand_arch;
using test::HandProgram;

/// Random pairs whose chips have such DRAM, and buffers of one or two ports.
std::vector<test::RandomPair> pairs_with_rows(std::uint64_t first_seed, std::size_t count) {
    auto pairs = test::random_pairs(first_seed, count);
    for (auto& pair : pairs) {
        std::mt19937_64 random(pair.seed);
        pair.arch.dram = test::random_dram(random);
        for (BufferSpec* buffer :
             {&pair.arch.weight_buffer, &pair.arch.activation_buffer, &pair.arch.accumulator_buffer}) {
            buffer->ports = 1 + static_cast<int>(random() % 2);
        }
        pair.arch = parse_arch(to_json(pair.arch), "random");
        pair.program = lower(pair.network, pair.arch);
    }
    return pairs;
}

}  // namespace

TEST_CASE("With rows, channels and two ports both levels of detail agree, and the integers are the reference's") {
    test::check_levels_agree(pairs_with_rows(470'000, 20));
}

TEST_CASE("Every burst hits or misses a row, bytes are those without timing, and cycles add up") {
    const auto pairs = pairs_with_rows(480'000, 60);
    const auto results = test::time_all(pairs, [](ArchSpec&) {});
    const auto flat = test::time_all(pairs, [](ArchSpec& arch) {
        arch.dram.timing.reset();
        arch.dram.channels = 1;
    });
    std::size_t with_rows = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        for (std::size_t l = 0; l < results[i].layers.size(); ++l) {
            const Counters& c = results[i].layers[l].counters;
            INFO("seed " << pairs[i].seed << ", layer " << results[i].layers[l].name);
            for (const UnitCycles* unit : {&c.load_dma, &c.array, &c.vector_unit, &c.store_dma}) {
                CHECK(unit->total_cycles() == c.total_cycles);
            }
            const auto burst_bytes = static_cast<std::uint64_t>(pairs[i].arch.dram.burst_bytes);
            const std::uint64_t bursts = pairs[i].arch.dram.timing ? c.dram.moved_bytes() / burst_bytes : 0;
            CHECK(c.dram.row_hits + c.dram.row_misses == bursts);
            CHECK(c.dram.moved_bytes() == flat[i].layers[l].counters.dram.moved_bytes());
            CHECK(flat[i].layers[l].counters.dram.row_misses == 0);
            with_rows += bursts > 0 ? 1 : 0;
        }
    }
    CHECK(with_rows > 100);
}

TEST_CASE("Ideal DRAM takes no time and counts no rows, whatever its timing") {
    ArchSpec arch = hand_arch();
    arch.dram.timing = DramTimingSpec{};
    arch.dram.ideal = true;
    const Counters counters = HandProgram(arch).weights(8000, {}, {}).run();
    CHECK(counters.total_cycles == 0);
    CHECK(counters.dram.moved_bytes() == 8000);
    CHECK(counters.dram.row_hits + counters.dram.row_misses == 0);
}

TEST_CASE("A store behind a load turns the bus around, and a load behind another in the same row hits it") {
    ArchSpec arch = hand_arch();
    arch.dram.timing = DramTimingSpec{2, 1024, 20, 5, 0, 0};
    HandProgram loads(arch);
    loads.weights(80, {}, {}, 8192).weights(80, {}, {}, 8272);
    // Row open by 20, ten bursts each, and the latency.
    CHECK(loads.run().total_cycles == 20 + 20 + 100);
    HandProgram both(arch);
    both.weights(800, {}, {}).vector(test::requantization(1), {}, {Token::output_ready});
    both.store(4, {Token::output_ready}, {});
    const Counters counters = both.run();
    // The load moves from 20 to 120. The store's row lies in the same bank: open by 140, later than the bus has turned.
    CHECK(counters.total_cycles == 120 + 20 + 10 + 100);
    CHECK(counters.dram.turnarounds == 1);
    CHECK(counters.dram.row_misses == 2);
    CHECK(counters.dram.row_hits == 99 + 9);
    CHECK(counters.store_dma.busy_cycles == 10);
}

TEST_CASE("The report shows rows and refreshes of a chip that has DRAM timing, and of no other") {
    const test::TemporaryFolder folder;
    const auto report = [&](const std::string& chip, const std::string& option) {
        const std::string file = (folder / chip).string();
        const auto run = test::run_program("--model resnet20 --no-ladder --no-train --arch " + chip + " " + option +
                                           (option.empty() ? "" : " " + file));
        INFO(run.error);
        REQUIRE(run.code == 0);
        return option.empty() ? run.out : read_text_file(file);
    };
    CHECK_THAT(report("int8_edge_dram", ""), Catch::Contains("of bursts hit an open") && Catch::Contains("refresh"));
    CHECK_THAT(report("int8_array", ""), !Catch::Contains("of bursts hit an open"));
    CHECK_THAT(report("int8_edge_dram", "--csv"),
               Catch::Contains("dram_row_hit_percent,dram_turnarounds,dram_refreshes"));
    CHECK_THAT(report("int8_array", "--csv"), !Catch::Contains("dram_row"));
    const auto timed = nlohmann::json::parse(report("int8_edge_dram", "--json"));
    const auto rate = timed.at("figures").at("dram_row_hit_rate").get<double>();
    const auto& dram = timed.at("counters").at("dram");
    const auto hits = dram.at("row_hits").get<double>();
    CHECK(rate == Approx(hits / (hits + dram.at("row_misses").get<double>())));
    CHECK(rate > 0.5);
    CHECK(dram.at("refreshes").get<int>() > 10);
    CHECK(nlohmann::json::parse(report("int8_array", "--json")).at("figures").at("dram_row_hit_rate").is_null());
    // A row that opens more slowly makes it slower, and nothing else.
    const auto slower = nlohmann::json::parse(report("int8_edge_dram", "--set /dram/timing/row_miss_ns=72 --json"));
    const auto cycles = [](const nlohmann::json& run) { return run.at("counters").at("total_cycles").get<int>(); };
    CHECK(cycles(slower) > cycles(timed));
    CHECK(slower.at("counters").at("dram").at("row_hits") > 0);
}

TEST_CASE("A second port halves the cycles that a narrow buffer costs the array") {
    ArchSpec arch = hand_arch();
    arch.activation_buffer.banks = 1;
    arch.activation_buffer.width_bits = 8;
    const auto conflicts = [&](int ports) {
        arch.activation_buffer.ports = ports;
        return HandProgram(arch).array(test::one_fold(20), {}, {}).run().array.idle(IdleCause::bank_conflict);
    };
    CHECK(conflicts(1) == 20 * 3);  // 4 bytes a pixel
    CHECK(conflicts(2) == 20);
}

}  // namespace npusim
