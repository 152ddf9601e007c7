// The option of a chip that makes units wait for one another, from the command line.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/base/files.h"
#include "support/program_run.h"
#include "support/test_data.h"

namespace npusim {

TEST_CASE("A chip may arbitrate its activation buffer and no other") {
    const auto run = test::run_program(
        "--model resnet20 --arch int4_array --no-train --no-ladder --set /weight_buffer/arbitrated=true");
    CHECK(run.code == 2);
    CHECK_THAT(run.error, Catch::Contains("/weight_buffer") && Catch::Contains("arbitrated"));
    const auto cycles = [](const std::string& value) {
        const test::TemporaryFolder folder;
        const std::string file = (folder / "run.json").string();
        const auto chip = test::run_program("--model resnet20 --arch int4_array --no-train --no-ladder --json " + file +
                                            " --set /activation_buffer/arbitrated=" + value);
        REQUIRE(chip.code == 0);
        return nlohmann::json::parse(read_text_file(file)).at("counters").at("total_cycles").get<int>();
    };
    CHECK(cycles("true") > cycles("false"));
}

}  // namespace npusim
