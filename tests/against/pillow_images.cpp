// Decoding and resizing against Pillow, to the byte.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "npusim/base/files.h"
#include "npusim/workloads/datasets/resize_image.h"
#include "support/image_files.h"
#include "support/test_data.h"

using npusim::RgbImage;
using npusim::test::encode_jpeg;
using npusim::test::encode_png;
using npusim::test::JpegKind;
using npusim::test::PngKind;
using npusim::test::random_picture;
using npusim::test::random_samples;
using npusim::test::TemporaryFolder;

namespace {

const std::string python = "/usr/bin/python3";

bool pillow_is_here() {
    if (std::system((python + " -c 'from PIL import Image' > /dev/null 2>&1").c_str()) == 0) return true;
    std::cout << "SKIPPED: " << python << " has no Pillow\n";
    return false;
}

/// Lets Pillow open each file, resize it to width x height where those are not 0, and write its RGB bytes beside it.
void run_pillow(const TemporaryFolder& folder, const std::string& lines) {
    npusim::write_whole_file(folder / "jobs", lines);
    npusim::write_whole_file(folder / "run.py", R"(
import sys
from PIL import Image
for line in open(sys.argv[1]):
    name, width, height = line.split()
    image = Image.open(name).convert("RGB")
    if int(width): image = image.resize((int(width), int(height)), Image.BILINEAR)
    open(name + ".rgb", "wb").write(image.tobytes())
)");
    const std::string command = python + " " + (folder / "run.py").string() + " " + (folder / "jobs").string();
    REQUIRE(std::system(command.c_str()) == 0);
}

std::vector<std::uint8_t> pillow_bytes(const std::filesystem::path& file) {
    const std::string text = npusim::read_text_file(file.string() + ".rgb");
    return {text.begin(), text.end()};
}

std::vector<std::string> images_of_all_kinds() {
    std::mt19937 random(8);
    std::vector<std::string> images;
    for (const unsigned width : {1U, 16U, 45U}) {
        const RgbImage picture = random_picture(random, width, 37);
        for (const int sampling : {1, 2}) {
            for (const bool progressive : {false, true}) {
                images.push_back(encode_jpeg(picture, JpegKind{3, 75, sampling, progressive}));
            }
        }
        images.push_back(encode_jpeg(random_samples(random, width * 37), width, 37, JpegKind{1, 80, 1, false}));
        images.push_back(encode_jpeg(random_samples(random, 4 * width * 37), width, 37, JpegKind{4, 80, 1, false}));
        images.push_back(encode_png(picture));
        images.push_back(
            encode_png(random_samples(random, 4 * width * 37), width, 37, {PNG_COLOR_TYPE_RGBA, 8, true, {}}));
        images.push_back(
            encode_png(random_samples(random, 2 * width * 37), width, 37, {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, {}}));
        images.push_back(
            encode_png(random_samples(random, 6 * width * 37), width, 37, {PNG_COLOR_TYPE_RGB, 16, false, {}}));
        images.push_back(
            encode_png(random_samples(random, (width + 3) / 4 * 37), width, 37, {PNG_COLOR_TYPE_GRAY, 2, false, {}}));
    }
    return images;
}

}  // namespace

TEST_CASE("JPEG and PNG of all kinds are decoded to Pillow's bytes") {
    if (!pillow_is_here()) return;
    const TemporaryFolder folder;
    const std::vector<std::string> images = images_of_all_kinds();
    std::string jobs;
    for (std::size_t i = 0; i < images.size(); ++i) {
        npusim::write_whole_file(folder / std::to_string(i), images[i]);
        jobs += (folder / std::to_string(i)).string() + " 0 0\n";
    }
    run_pillow(folder, jobs);
    for (std::size_t i = 0; i < images.size(); ++i) {
        CAPTURE(i, images[i].substr(1, 3));
        CHECK(npusim::read_image(folder / std::to_string(i)).pixels == pillow_bytes(folder / std::to_string(i)));
    }
}

TEST_CASE("Resized images are Pillow's to the byte, larger and smaller and at any ratio") {
    if (!pillow_is_here()) return;
    const TemporaryFolder folder;
    std::mt19937 random(9);
    struct Job {
        RgbImage image;
        std::int64_t width, height;
    };
    std::vector<Job> jobs;
    std::string lines;
    for (int i = 0; i < 60; ++i) {
        const auto draw = [&](unsigned most) { return 1 + static_cast<std::int64_t>(random() % most); };
        const std::int64_t width = draw(i < 20 ? 12 : 400);
        const std::int64_t height = draw(i < 20 ? 12 : 300);
        jobs.push_back({{width, height, random_samples(random, 3 * width * height)},
                        i % 7 == 0 ? width : draw(300),
                        i % 5 == 0 ? height : draw(300)});
        const auto path = folder / std::to_string(i);
        npusim::write_whole_file(path, encode_png(jobs.back().image));
        lines +=
            path.string() + " " + std::to_string(jobs.back().width) + " " + std::to_string(jobs.back().height) + "\n";
    }
    run_pillow(folder, lines);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const Job& job = jobs[i];
        CAPTURE(job.image.width, job.image.height, job.width, job.height);
        CHECK(npusim::resize_bilinear(job.image, job.width, job.height).pixels ==
              pillow_bytes(folder / std::to_string(i)));
    }
}

TEST_CASE("Photographs are decoded and resized to Pillow's bytes") {
    const auto data = npusim::test::data_folder("imagenet-nips17/images");
    if (!data || !pillow_is_here()) return;
    const TemporaryFolder folder;
    std::vector<std::filesystem::path> originals;
    for (const auto& entry : std::filesystem::directory_iterator(*data / "imagenet-nips17" / "images")) {
        originals.push_back(entry.path());
    }
    std::sort(originals.begin(), originals.end());
    REQUIRE(originals.size() >= 100);
    originals.resize(100);
    std::string jobs;
    for (std::size_t i = 0; i < originals.size(); ++i) {
        const std::int64_t size = i % 2 == 0 ? 0 : 227;
        std::filesystem::copy_file(originals[i], folder / std::to_string(i));
        jobs += (folder / std::to_string(i)).string() + " " + std::to_string(size) + " " + std::to_string(size) + "\n";
    }
    run_pillow(folder, jobs);
    for (std::size_t i = 0; i < originals.size(); ++i) {
        const RgbImage image = npusim::read_image(originals[i]);
        CAPTURE(originals[i].filename().string());
        CHECK((i % 2 == 0 ? image : npusim::resize_bilinear(image, 227, 227)).pixels ==
              pillow_bytes(folder / std::to_string(i)));
    }
}
