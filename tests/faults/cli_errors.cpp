// The program as a user runs it: bad input gives exit code 2 and a message that names what is wrong.
#include <catch2/catch.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "npusim/base/files.h"
#include "support/program_run.h"

using npusim::test::TemporaryFolder;

namespace {

npusim::test::ProgramRun run(const std::string& options) {
    return npusim::test::run_program(options);
}
std::string refusal(const std::string& options) {
    return npusim::test::refusal_of_program(options);
}

nlohmann::json preset(const std::string& name) {
    const auto path = std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / name;
    return nlohmann::json::parse(npusim::read_text_file(path));
}

using Catch::Contains;

}  // namespace

TEST_CASE("An unknown network is refused with the nearest names") {
    CHECK_THAT(refusal("--model resnet43"), Contains("resnet43") && Contains("resnet44") && Contains("vgg16_bn"));
}

TEST_CASE("No network at all is refused with an example") {
    CHECK_THAT(refusal(""), Contains("--model") && Contains("npusim --model resnet34"));
}

TEST_CASE("An unknown option is refused with the nearest one") {
    CHECK_THAT(refusal("--modle resnet20"), Contains("unknown option --modle; did you mean --model?"));
    CHECK_THAT(refusal("--model resnet20 --zzzzzzzzzz"), Contains("--zzzzzzzzzz") && Contains("--help"));
}

TEST_CASE("The beginning of an option is no option") {
    CHECK_THAT(refusal("--mod resnet20"), Contains("unknown option --mod"));
}

TEST_CASE("An option without its value is refused, also when another option follows") {
    CHECK_THAT(refusal("--model"), Contains("--model: needs a value"));
    CHECK_THAT(refusal("--arch --model resnet20"), Contains("--arch: needs a value"));
    CHECK_THAT(refusal("--model resnet20 --model resnet32"), Contains("--model: is given more than once"));
    CHECK_THAT(refusal("--model resnet20 --layers=2"), Contains("--layers: takes no value"));
}

TEST_CASE("All options with bad values are reported at once") {
    const std::string text = refusal(
        "--model resnet20 --bits 9 --residual-bits x --rounding up --scales 3 --threads 0 --seed -1 "
        "--image-size 1e9 --calibration-images 0");
    for (const char* option : {"--bits: 9", "--residual-bits: x", "--rounding: up", "--scales: 3", "--threads: 0",
                               "--seed: -1", "--image-size: 1e9", "--calibration-images: 0"}) {
        CHECK_THAT(text, Contains(option));
    }
}

TEST_CASE("A word that is no option is refused") {
    CHECK_THAT(refusal("simulate --model resnet20"), Contains("\"simulate\""));
}

TEST_CASE("A missing architecture is refused with the presets") {
    CHECK_THAT(refusal("--arch int4_aray --model resnet20"), Contains("int4_aray") && Contains("int4_array"));
}

TEST_CASE("All errors of an architecture file are reported, each with its place") {
    const TemporaryFolder folder;
    auto arch = preset("int8_array.json");
    arch["clock_mhz"] = 0;
    arch["array"]["rows"] = "many";
    arch["dram"]["colour"] = "red";
    npusim::write_whole_file(folder / "bad.json", arch.dump());
    const std::string text = refusal("--model resnet20 --arch " + (folder / "bad.json").string());
    for (const char* place : {"/clock_mhz", "/array/rows", "/dram/colour"}) CHECK_THAT(text, Contains(place));
    CHECK_THAT(text, Contains("bad.json"));
}

TEST_CASE("An architecture file far from the presets finds the presets' technology table") {
    const TemporaryFolder folder;
    npusim::write_whole_file(folder / "mine.json", preset("int8_array.json").dump());
    CHECK(run("--model resnet20 --no-train --no-ladder --arch " + (folder / "mine.json").string()).code == 0);
    auto arch = preset("int8_array.json");
    arch["technology"] = "technology/1nm.json";
    npusim::write_whole_file(folder / "mine.json", arch.dump());
    CHECK_THAT(refusal("--model resnet20 --arch " + (folder / "mine.json").string()),
               Contains("/technology") && Contains("technology/1nm.json"));
}

TEST_CASE("An architecture whose buffers hold no tile of a layer is refused with layer and buffer") {
    const TemporaryFolder folder;
    auto arch = preset("int8_array.json");
    arch["activation_buffer"] = {{"kib", 0.0625}, {"banks", 2}, {"width_bits", 8}};
    npusim::write_whole_file(folder / "tiny.json", arch.dump());
    CHECK_THAT(refusal("--model resnet20 --arch " + (folder / "tiny.json").string()),
               Contains("conv1") && Contains("activation"));
}

TEST_CASE("Precisions that do not fit together are refused") {
    CHECK_THAT(refusal("--model resnet20 --bits 8 --residual-bits 4"), Contains("residual_bits"));
    CHECK_THAT(refusal("--model resnet20 --layer-bits conv1"), Contains("NAME=W"));
    CHECK_THAT(refusal("--model resnet20 --layer-bits conv9=4"), Contains("conv9"));
    CHECK_THAT(refusal("--model resnet20 --arch fp32_array --bits 8"), Contains("fp32"));
    CHECK_THAT(refusal("--model resnet20 --arch fp32_array --prove-images 1"), Contains("fp32"));
}

TEST_CASE("Weights that cannot be read are refused before anything runs") {
    const TemporaryFolder folder;
    CHECK_THAT(refusal("--model resnet20 --weights " + (folder / "none").string()), Contains("none"));
    npusim::write_whole_file(folder / "junk", "not a tensor in sight");
    CHECK_THAT(refusal("--model resnet20 --weights " + (folder / "junk").string()), Contains("junk"));
}

TEST_CASE("A data set that is not there, of an unknown kind or of another size is refused") {
    const TemporaryFolder folder;
    CHECK_THAT(refusal("--model resnet20 --dataset cifar10:" + folder.path().string()), Contains("test_batch.bin"));
    CHECK_THAT(refusal("--model resnet20 --dataset cifar10"), Contains("cifar10") && Contains("FOLDER"));
    CHECK_THAT(refusal("--model resnet20 --dataset faces:x"), Contains("faces") && Contains("cifar10"));
    npusim::write_whole_file(folder / "test_batch.bin", std::string(3073, '\1'));
    CHECK_THAT(refusal("--model resnet18 --dataset cifar10:" + folder.path().string()),
               Contains("3x32x32") && Contains("3x224x224") && Contains("1000"));
}

TEST_CASE("A report into a missing folder is refused before anything runs") {
    const TemporaryFolder folder;
    const std::string place = (folder / "missing").string();
    const std::string text =
        refusal("--model resnet20 --json " + place + "/a.json --csv " + place + "/a.csv --dump " + place + "/dump");
    CHECK_THAT(text, Contains("--json") && Contains("--csv") && Contains("--dump") && Contains(place));
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("A dump never overwrites what is there") {
    const TemporaryFolder folder;
    npusim::write_whole_file(folder / "mine", "precious");
    CHECK_THAT(refusal("--model resnet20 --dump " + folder.path().string()), Contains("exists already"));
    CHECK_THAT(refusal("--model resnet20 --dump " + (folder / "mine").string()), Contains("exists already"));
    CHECK(npusim::read_text_file(folder / "mine") == "precious");
}

TEST_CASE("A full standard output is a failure, not a success") {
    const int status = std::system(NPUSIM_PROGRAM " --help >/dev/full 2>/dev/null");
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 1);
}
