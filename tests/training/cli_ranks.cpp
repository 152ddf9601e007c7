// Fine-tuning under mpirun.
#include <catch2/catch.hpp>

#include "npusim/base/files.h"
#include "support/mpi_run.h"

using namespace npusim;
using test::TemporaryFolder;

namespace {

void check_done(const test::ProgramRun& result) {
    INFO(result.error);
    CHECK(result.code == 0);
}

}  // namespace

TEST_CASE("Training and fine-tuning under mpirun write the bytes of one process") {
    if (!test::can_run_with_ranks()) return;
    const TemporaryFolder folder;
    const auto file = [&](const std::string& name) { return (folder / name).string(); };
    const std::string common = " --model resnet20 --dataset shapes --train-images 200 --epochs 1 --quiet --out ";
    const std::string options = "train --batch 80" + common;
    check_done(test::run_program(options + file("alone")));
    check_done(test::run_with_ranks(2, options + file("shared")));
    CHECK(read_binary_file(folder / "alone") == read_binary_file(folder / "shared"));
    const std::string tune = "finetune --bits 4 --method lsq --batch 80 --weights " + file("alone") + common;
    check_done(test::run_program(tune + file("alone4")));
    check_done(test::run_with_ranks(3, tune + file("shared4")));
    CHECK(read_binary_file(folder / "alone4") == read_binary_file(folder / "shared4"));
    CHECK(std::filesystem::exists(folder / "shared4.run" / "log.csv"));
}
