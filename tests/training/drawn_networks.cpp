// The program with nothing at hand: it trains on images that it draws, keeps the networks, and uses them again.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/base/files.h"
#include "support/test_data.h"

using npusim::test::TemporaryFolder;

namespace {

nlohmann::json accuracy_of(const TemporaryFolder& folder, const std::string& options) {
    const std::string file = (folder / "run.json").string();
    const std::string command = "XDG_CACHE_HOME=" + folder.path().string() + " NPUSIM_DATA= " NPUSIM_PROGRAM " " +
                                options + " --no-ladder --quiet --json " + file;
    const int status = std::system(command.c_str());
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
    return nlohmann::json::parse(npusim::read_text_file(file)).at("accuracy");
}

}  // namespace

TEST_CASE("With nothing at hand 4 and 2 bits are trained, tuned and measured on drawn images, once") {
    const TemporaryFolder folder;
    const auto four = accuracy_of(folder, "--arch int4_array --model resnet20");
    CHECK(four.at("fp32_top1").get<double>() >= 0.95);
    CHECK(four.at("tuned_top1").get<double>() >= 0.95);
    CHECK_THAT(four.at("origin").get<std::string>(), Catch::Contains("now, in"));
    const auto two = accuracy_of(folder, "--arch int2_array --model resnet20");
    CHECK(two.at("fp32_top1") == four.at("fp32_top1"));
    CHECK(two.at("quantized_top1").get<double>() <= 0.60);
    CHECK(two.at("tuned_top1").get<double>() >= 0.90);
    CHECK_THAT(two.at("origin").get<std::string>(), Catch::Contains("earlier run"));
    const auto again = accuracy_of(folder, "--arch int4_array --model resnet20");
    CHECK(again.at("tuned_top1") == four.at("tuned_top1"));
    CHECK_THAT(again.at("origin").get<std::string>(), Catch::Contains("earlier run"));
}
