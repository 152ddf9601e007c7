// Sweeps under mpirun: the same files as one process, workers and shards give.
#include <catch2/catch.hpp>

#include "npusim/base/files.h"
#include "support/mpi_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using test::TemporaryFolder;

namespace {

/// Chips that can be built and chips that cannot, some with layers in common.
constexpr const char* kSpace = R"({
  "name": "space", "arch": "int4_array.json", "networks": ["resnet20"],
  "axes": [
    {"field": "bits", "values": [8, 4, 2]},
    {"field": "/array/rows", "values": [8, 16]},
    {"field": "/activation_buffer/kib", "values": [0.25, 16, 64]},
    {"field": "/clock_mhz", "values": [250, 500]}
  ]
})";

std::string write_space(const TemporaryFolder& folder, const std::string& text) {
    write_whole_file(folder / "space.json", text);
    return (folder / "space.json").string();
}

std::string sweep_options(const TemporaryFolder& folder, const std::string& space, const std::string& store) {
    return "sweep " + space + " --quiet --store " + (folder / store).string() + " --csv " +
           (folder / (store + ".csv")).string();
}

void check_done(const test::ProgramRun& result) {
    INFO(result.error);
    CHECK(result.code == 0);
}

}  // namespace

TEST_CASE("One process, two workers, one, two and four ranks and three merged shards give the same table") {
    if (!test::can_run_with_ranks()) return;
    const TemporaryFolder folder;
    const std::string space = write_space(folder, kSpace);
    check_done(test::run_program(sweep_options(folder, space, "alone") + " --workers 1"));
    const std::string expected = read_text_file(folder / "alone.csv");
    CHECK_THAT(expected, Contains("done") && Contains("impossible"));
    check_done(test::run_program(sweep_options(folder, space, "two") + " --workers 2"));
    CHECK(read_text_file(folder / "two.csv") == expected);
    for (const int ranks : {1, 2, 4}) {
        const std::string store = "ranks" + std::to_string(ranks);
        check_done(test::run_with_ranks(ranks, sweep_options(folder, space, store)));
        CHECK(read_text_file(folder / (store + ".csv")) == expected);
    }
    std::string parts;
    for (int shard = 1; shard <= 3; ++shard) {
        const std::string store = "part" + std::to_string(shard);
        check_done(test::run_program(sweep_options(folder, space, store) + " --shard " + std::to_string(shard) + "/3"));
        parts += " " + (folder / store).string();
    }
    check_done(test::run_program("merge " + (folder / "merged").string() + parts));
    check_done(test::run_program("table " + (folder / "merged").string() + " --quiet --csv " +
                                 (folder / "merged.csv").string()));
    CHECK(read_text_file(folder / "merged.csv") == expected);
}

TEST_CASE("A sweep that mpirun began is continued by one process, and the other way around") {
    if (!test::can_run_with_ranks()) return;
    const TemporaryFolder folder;
    const std::string space = write_space(folder, kSpace);
    check_done(test::run_program(sweep_options(folder, space, "alone")));
    const std::string shard = " --shard 1/2";
    check_done(test::run_with_ranks(2, sweep_options(folder, space, "mixed") + shard));
    check_done(test::run_program(sweep_options(folder, space, "mixed")));
    CHECK(read_text_file(folder / "mixed.csv") == read_text_file(folder / "alone.csv"));
    check_done(test::run_program(sweep_options(folder, space, "turned") + shard));
    check_done(test::run_with_ranks(2, sweep_options(folder, space, "turned")));
    CHECK(read_text_file(folder / "turned.csv") == read_text_file(folder / "alone.csv"));
}

TEST_CASE("A bad sweep under mpirun gets one error of ours and exit code 2") {
    if (!test::can_run_with_ranks()) return;
    const TemporaryFolder folder;
    const std::string space = write_space(folder, R"({"name": "space", "arch": "int4_array.json", "netwroks": []})");
    const auto refused = test::run_with_ranks(2, sweep_options(folder, space, "store"));
    CHECK(refused.code == 2);
    CHECK_THAT(refused.error, Contains("netwroks"));
    CHECK_THAT(refused.error, !Contains("rank 1: "));
    CHECK_FALSE(std::filesystem::exists(folder / "store"));
}
