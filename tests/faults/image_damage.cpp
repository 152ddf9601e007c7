// Damaged images are refused with the file's name, or decoded to something; nothing else may happen.
#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "support/image_files.h"

using npusim::RgbImage;
using npusim::test::decode;
using npusim::test::encode_jpeg;
using npusim::test::encode_png;
using npusim::test::JpegKind;
using npusim::test::PngKind;

namespace {

std::vector<std::string> small_images() {
    std::mt19937 random(1);
    const RgbImage picture = npusim::test::random_picture(random, 37, 29);
    PngKind palette{PNG_COLOR_TYPE_PALETTE, 4, false, {}};
    for (int i = 0; i < 16; ++i) palette.palette.push_back({std::uint8_t(i), std::uint8_t(9 * i), 7});
    return {encode_jpeg(picture),
            encode_jpeg(picture, JpegKind{3, 60, 2, true}),
            encode_jpeg(npusim::test::random_samples(random, 20 * 20), 20, 20, JpegKind{1, 80, 1, false}),
            encode_jpeg(npusim::test::random_samples(random, 4 * 20 * 20), 20, 20, JpegKind{4, 80, 1, false}),
            encode_png(picture),
            encode_png(npusim::test::random_samples(random, 10 * 21), 20, 21, palette),
            encode_png(npusim::test::random_samples(random, 8 * 9 * 11), 9, 11, {PNG_COLOR_TYPE_RGBA, 16, true, {}})};
}

/// "" when the image was decoded.
std::string refusal(const std::string& content) {
    try {
        const RgbImage image = decode(content, "folder/picture.jpg");
        REQUIRE(std::ssize(image.pixels) == 3 * image.width * image.height);
    } catch (const npusim::InputError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("An image cut anywhere is refused with its name and a reason") {
    for (const std::string& whole : small_images()) {
        REQUIRE(refusal(whole).empty());
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const std::string message = refusal(whole.substr(0, size));
            CAPTURE(size, whole.size(), message);
            REQUIRE(message.starts_with("folder/picture.jpg: "));
            REQUIRE(message.size() > std::string("folder/picture.jpg: JPEG: ").size());
        }
    }
}

TEST_CASE("Flipped bytes never end the program, and each error names the file") {
    std::mt19937 random(2);
    int refused = 0;
    constexpr int rounds = 500;
    const std::vector<std::string> images = small_images();
    for (const std::string& whole : images) {
        for (int round = 0; round < rounds; ++round) {
            std::string damaged = whole;
            const auto flips = 1 + random() % 8;
            for (std::size_t i = 0; i < flips; ++i) {
                damaged[random() % damaged.size()] = static_cast<char>(random());
            }
            const std::string message = refusal(damaged);
            if (message.empty()) continue;
            ++refused;
            CAPTURE(message);
            REQUIRE(message.starts_with("folder/picture.jpg: "));
        }
    }
    // PNG has checksums over everything; in JPEG most changed coefficients are still coefficients.
    CHECK(refused > 3 * rounds);
}

TEST_CASE("A PNG with any single byte changed is refused") {
    for (const std::string& whole : small_images()) {
        if (whole[0] != '\x89') continue;
        for (std::size_t place = 0; place < whole.size(); ++place) {
            std::string damaged = whole;
            damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
            CAPTURE(place, whole.size());
            REQUIRE_FALSE(refusal(damaged).empty());
        }
    }
}

TEST_CASE("Random bytes behind either signature are refused") {
    std::mt19937 random(3);
    for (int round = 0; round < 400; ++round) {
        const auto noise = npusim::test::random_samples(random, random() % 500);
        const std::string bytes(noise.begin(), noise.end());
        CHECK_FALSE(refusal("\xff\xd8" + bytes).empty());
        CHECK_FALSE(refusal("\x89PNG\r\n\x1a\n" + bytes).empty());
    }
}
