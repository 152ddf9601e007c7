// The program on a folder of images: accuracy on those that did not calibrate, and errors that name the file.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/base/files.h"
#include "npusim/models/engine/float_executor.h"
#include "npusim/models/exchange/safetensors.h"
#include "npusim/models/graph/zoo.h"
#include "support/image_files.h"
#include "support/test_data.h"

using npusim::test::TemporaryFolder;

namespace {

/// ResNet-20 with random weights, as a checkpoint.
void write_weights(const std::filesystem::path& path) {
    npusim::SafetensorsFile file;
    for (const auto& [name, tensor] : npusim::random_parameters(npusim::make_network("resnet20"), 1)) {
        const auto bytes = std::as_bytes(std::span(tensor.values));
        file.tensors[name] = {npusim::DType::f32, tensor.shape, {bytes.begin(), bytes.end()}};
    }
    npusim::write_safetensors(file, path);
}

/// Ten classes of three images of different sizes.
void write_images(const std::filesystem::path& folder) {
    std::mt19937 random(1);
    for (int i = 0; i < 30; ++i) {
        const auto image_folder = folder / ("class" + std::to_string(i % 10));
        std::filesystem::create_directories(image_folder);
        npusim::write_whole_file(image_folder / (std::to_string(i) + ".jpg"),
                                 npusim::test::encode_jpeg(npusim::test::random_picture(random, 30 + i, 60 - i)));
    }
}

struct Run {
    int code = -1;
    std::string error;
};

Run run(const TemporaryFolder& folder, const std::string& options) {
    const std::string command = NPUSIM_PROGRAM " --model resnet20 --no-ladder --quiet --prove-images 0 --weights " +
                                (folder / "net.safetensors").string() +
                                " --dataset images:" + (folder / "images").string() + " --json " +
                                (folder / "run.json").string() + " " + options + " 2>" + (folder / "error").string();
    const int status = std::system(command.c_str());
    REQUIRE(WIFEXITED(status));
    return {WEXITSTATUS(status), npusim::read_text_file(folder / "error")};
}

}  // namespace

TEST_CASE("A folder of images calibrates with its leading images and is measured on the others") {
    const TemporaryFolder folder;
    write_weights(folder / "net.safetensors");
    write_images(folder / "images");
    const auto accuracy_of = [&](const std::string& options) {
        const Run result = run(folder, options);
        INFO(result.error);
        REQUIRE(result.code == 0);
        return nlohmann::json::parse(npusim::read_text_file(folder / "run.json")).at("accuracy");
    };
    const auto all = accuracy_of("--calibration-images 10");
    CHECK(all.at("calibration_images") == 10);
    CHECK(all.at("test_images") == 20);
    CHECK(all.at("fp32_top1").get<double>() >= 0);
    CHECK(all.at("quantized_top1").get<double>() >= 0);
    const auto some = accuracy_of("--calibration-images 10 --test-images 7");
    CHECK(some.at("test_images") == 7);
    CHECK(some.at("test_images_of") == 20);
}

TEST_CASE("What is wrong with a folder of images ends the run with the file's name") {
    const TemporaryFolder folder;
    write_weights(folder / "net.safetensors");
    write_images(folder / "images");
    const Run too_many = run(folder, "--calibration-images 30");
    CHECK(too_many.code == 2);
    CHECK_THAT(too_many.error, Catch::Contains("30 are wanted, outside 1..29"));
    const auto victim = folder / "images" / "class3" / "3.jpg";
    std::filesystem::resize_file(victim, std::filesystem::file_size(victim) / 2);
    const Run cut = run(folder, "--calibration-images 5");
    CHECK(cut.code == 2);
    CHECK_THAT(cut.error, Catch::StartsWith("npusim: error: " + victim.string() + ": JPEG: "));
    std::filesystem::create_directory(folder / "images" / "empty");
    const Run empty = run(folder, "--calibration-images 5");
    CHECK(empty.code == 2);
    CHECK_THAT(empty.error, Catch::Contains((folder / "images" / "empty").string() + ": is an empty class"));
}
