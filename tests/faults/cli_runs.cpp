// The program's good ways: what it prints and writes agrees with itself.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "npusim/base/files.h"
#include "support/test_data.h"

using Catch::Contains;
using npusim::test::TemporaryFolder;

namespace {

/// Standard output of a run that must succeed.
std::string output(const std::string& options) {
    const TemporaryFolder folder;
    const std::string command = NPUSIM_PROGRAM " " + options + " >" + (folder / "out").string();
    const int status = std::system(command.c_str());
    INFO(options);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
    return npusim::read_text_file(folder / "out");
}

nlohmann::json json_of(const std::string& options) {
    const TemporaryFolder folder;
    CHECK(output(options + " --quiet --json " + (folder / "run.json").string()).empty());
    return nlohmann::json::parse(npusim::read_text_file(folder / "run.json"));
}

}  // namespace

TEST_CASE("Help, list and version say what they should") {
    CHECK(output("help") == output("--help"));
    CHECK_THAT(output("--help"), Contains("npusim --arch int4_array.json --model resnet34"));
    CHECK_THAT(output("--list"), Contains("resnet110") && Contains("int4_array.json"));
    CHECK_THAT(output("--version"), Catch::StartsWith("npusim "));
}

TEST_CASE("A preset is found by its name with and without its ending") {
    const auto with = json_of("--model resnet20 --no-train --no-ladder --arch int4_array.json");
    const auto without = json_of("--model resnet20 --no-train --no-ladder --arch int4_array");
    CHECK(with.at("provenance").at("arch_hash") == without.at("provenance").at("arch_hash"));
    CHECK(with.at("arch") == without.at("arch"));
    CHECK(with.at("counters") == without.at("counters"));
}

TEST_CASE("Without weights the report says what is missing and the command that would give it") {
    const auto json = json_of("--model resnet20 --no-train --no-ladder");
    CHECK(json.at("accuracy").at("fp32_top1").is_null());
    CHECK_THAT(json.at("accuracy").at("missing").get<std::string>(),
               Contains("--weights") && Contains("--dataset cifar10:") && Contains("--model resnet20"));
    CHECK(json.at("proof").is_null());
}

TEST_CASE("Bits on the command line change the precision and leave the array") {
    const auto plain = json_of("--model resnet20 --no-train --no-ladder");
    const auto narrow =
        json_of("--model resnet20 --no-train --no-ladder --bits 4,3 --first-last-bits 6 --residual-bits 5");
    CHECK(narrow.at("arch").at("array") == plain.at("arch").at("array"));
    const auto& precision = narrow.at("arch").at("precision");
    CHECK(precision.at("weight_bits") == 4);
    CHECK(precision.at("activation_bits") == 3);
    CHECK(precision.at("first_last_bits") == 6);
    CHECK(precision.at("residual_bits") == 5);
    CHECK(narrow.at("area").at("array_mm2") == plain.at("area").at("array_mm2"));
    CHECK(narrow.at("network").at("weight_bytes") < plain.at("network").at("weight_bytes"));
}

TEST_CASE("The number of worker processes changes no byte of the report") {
    auto one = json_of("--model resnet20 --no-train --threads 1");
    auto two = json_of("--model resnet20 --no-train --threads 2");
    one.at("provenance").erase("command");
    two.at("provenance").erase("command");
    CHECK((one == two));
    CHECK(one.at("ladder").at("rungs").size() == 4);
}

TEST_CASE("A dump holds every file that its index names, and is the same again with the same seed") {
    const TemporaryFolder folder;
    const std::string options = "--model resnet20 --no-train --no-ladder --quiet --arch int2_array --seed 5 --dump ";
    (void)output(options + (folder / "a").string());
    (void)output(options + (folder / "b").string() + "/");
    auto index = nlohmann::json::parse(npusim::read_text_file(folder / "a" / "index.json"));
    auto other = nlohmann::json::parse(npusim::read_text_file(folder / "b" / "index.json"));
    // The command names the folder; all else is the same.
    index.at("provenance").erase("command");
    other.at("provenance").erase("command");
    CHECK(index == other);
    std::vector<std::string> files;
    for (const auto& tensor : index.at("tensors")) files.push_back(tensor.at("file"));
    for (const auto& layer : index.at("layers")) {
        if (layer.contains("weights")) files.push_back(layer.at("weights"));
        for (const auto& destination : layer.at("destinations")) {
            for (const char* key : {"multipliers", "residual_multipliers", "shifts", "biases"}) {
                files.push_back(destination.at(key));
            }
        }
    }
    for (const std::string& file : files) {
        CHECK(npusim::read_text_file(folder / "a" / file) == npusim::read_text_file(folder / "b" / file));
    }
    const auto count = std::distance(std::filesystem::directory_iterator(folder / "a"), {});
    CHECK(count == std::ssize(files) + 1);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("The machine with data proves itself on random weights, at every array of the presets") {
    for (const std::string arch : {"int16_array", "int8_array", "int4_array", "int2_array"}) {
        const auto json = json_of("--model resnet20 --no-train --no-ladder --prove-images 1 --arch " + arch);
        CHECK(json.at("proof").at("images") == 1);
        CHECK(json.at("proof").at("random_weights") == true);
        CHECK(json.at("proof").at("accumulator_overflows") == 0);
    }
}

TEST_CASE("With weights and images the report tells both accuracies and proves the machine") {
    const auto data = npusim::test::data_folder("cifar-10-batches-bin");
    if (!data || !npusim::test::data_folder("models/cifar10_resnet20.safetensors")) return;
    const auto json =
        json_of("--model resnet20 --no-train --no-ladder --test-images 300 --calibration-images 50 --prove-images 1" +
                (" --data-root " + data->string()) + " --dataset cifar10 --weights " +
                (*data / "models/cifar10_resnet20.safetensors").string());
    const double fp32 = json.at("accuracy").at("fp32_top1");
    const double quantized = json.at("accuracy").at("quantized_top1");
    CHECK(fp32 > 0.85);
    CHECK(std::abs(fp32 - quantized) < 0.03);
    CHECK(json.at("accuracy").at("test_images") == 300);
    CHECK(json.at("accuracy").at("test_images_of") == 10'000);
    CHECK(json.at("accuracy").at("missing") == "");
    CHECK(json.at("proof").at("images") == 1);
    CHECK(json.at("proof").at("random_weights") == false);
}

TEST_CASE("Layers with bits of their own run on the machine with data, and a wrong list is refused") {
    const auto json = json_of(
        "--model resnet20 --no-train --no-ladder --arch int4_array --prove-images 1 --layer-bits "
        "layer1.0.conv1=8,layer2.1.conv2=2/3");
    CHECK(json["proof"]["images"] == 1);
    CHECK(json["arch"]["precision"]["layers"]["layer2.1.conv2"]["activation_bits"] == 3);
}
