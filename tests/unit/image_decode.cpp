#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "support/image_files.h"
#include "support/test_data.h"

using npusim::RgbImage;
using npusim::test::decode;
using npusim::test::encode_jpeg;
using npusim::test::encode_png;
using npusim::test::JpegKind;
using npusim::test::PngKind;
using npusim::test::random_samples;

namespace {

int channels_of(int colour_type) {
    if (colour_type == PNG_COLOR_TYPE_RGB) return 3;
    if (colour_type == PNG_COLOR_TYPE_RGBA) return 4;
    return colour_type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1;
}

/// Sample `index` of a row that is packed at `depth` bits, the first in the upper bits.
int sample_at(const std::vector<std::uint8_t>& rows, std::size_t row_begin, std::size_t index, int depth) {
    if (depth == 16) return rows[row_begin + 2 * index];  // its upper byte is what 8 bits keep
    const std::size_t bit = index * static_cast<std::size_t>(depth);
    const int shift = 8 - depth - static_cast<int>(bit % 8);
    return (rows[row_begin + bit / 8] >> shift) & ((1 << depth) - 1);
}

/// By the words of the PNG specification: grey of few bits is spread over 0..255, indices go through the palette.
RgbImage expected_png(const std::vector<std::uint8_t>& rows, int width, int height, const PngKind& kind) {
    RgbImage image{width, height, {}};
    const auto channels = static_cast<std::size_t>(channels_of(kind.colour_type));
    const std::size_t stride = rows.size() / static_cast<std::size_t>(height);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
        for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x) {
            const auto sample = [&](std::size_t channel) {
                return sample_at(rows, y * stride, x * channels + channel, kind.depth);
            };
            std::array<int, 3> rgb{};
            if (kind.colour_type == PNG_COLOR_TYPE_PALETTE) {
                const png_color& colour = kind.palette.at(static_cast<std::size_t>(sample(0)));
                rgb = {colour.red, colour.green, colour.blue};
            } else if (channels <= 2) {
                const int most = kind.depth < 8 ? (1 << kind.depth) - 1 : 255;
                rgb.fill(sample(0) * 255 / most);
            } else {
                rgb = {sample(0), sample(1), sample(2)};
            }
            for (const int value : rgb) image.pixels.push_back(static_cast<std::uint8_t>(value));
        }
    }
    return image;
}

double mean_difference(const RgbImage& a, const RgbImage& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(double{1} * a.pixels[i] - b.pixels[i]);
    return sum / static_cast<double>(a.pixels.size());
}

RgbImage smooth_picture(int width, int height) {
    RgbImage image{width, height, {}};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (const int value : {x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)}) {
                image.pixels.push_back(static_cast<std::uint8_t>(value));
            }
        }
    }
    return image;
}

}  // namespace

TEST_CASE("PNG of every colour type, depth and interlacing gives the RGB of its specification") {
    std::mt19937 random(3);
    struct Type {
        int colour_type;
        std::vector<int> depths;
    };
    for (const Type& type : {Type{PNG_COLOR_TYPE_GRAY, {1, 2, 4, 8, 16}},
                             {PNG_COLOR_TYPE_PALETTE, {1, 2, 4, 8}},
                             {PNG_COLOR_TYPE_RGB, {8, 16}},
                             {PNG_COLOR_TYPE_GRAY_ALPHA, {8, 16}},
                             {PNG_COLOR_TYPE_RGBA, {8, 16}}}) {
        for (const int depth : type.depths) {
            for (const bool interlaced : {false, true}) {
                PngKind kind{type.colour_type, depth, interlaced, {}};
                const int width = 1 + static_cast<int>(random() % 20);
                const int height = 1 + static_cast<int>(random() % 20);
                if (type.colour_type == PNG_COLOR_TYPE_PALETTE) {
                    for (int i = 0; i < 1 << depth; ++i) {
                        const auto colour = random_samples(random, 3);
                        kind.palette.push_back({colour[0], colour[1], colour[2]});
                    }
                }
                const int stride = (width * channels_of(type.colour_type) * depth + 7) / 8;
                const auto rows = random_samples(random, stride * height);
                const auto content =
                    encode_png(rows, static_cast<unsigned>(width), static_cast<unsigned>(height), kind);
                CAPTURE(type.colour_type, depth, interlaced, width, height);
                CHECK(decode(content) == expected_png(rows, width, height, kind));
            }
        }
    }
}

TEST_CASE("A smooth picture survives JPEG nearly as it was, whatever the sampling and the order of the scans") {
    const RgbImage picture = smooth_picture(61, 47);
    for (const int sampling : {1, 2}) {
        for (const bool progressive : {false, true}) {
            const RgbImage decoded = decode(encode_jpeg(picture, JpegKind{3, 95, sampling, progressive}));
            REQUIRE(decoded.width == 61);
            REQUIRE(decoded.height == 47);
            CAPTURE(sampling, progressive);
            CHECK(mean_difference(decoded, picture) < 2);
        }
    }
}

TEST_CASE("A grey JPEG has three equal channels") {
    std::mt19937 random(4);
    const auto grey = random_samples(random, 33 * 21);
    const RgbImage decoded = decode(encode_jpeg(grey, 33, 21, JpegKind{1, 100, 1, false}));
    REQUIRE(decoded.pixels.size() == 3 * grey.size());
    for (std::size_t i = 0; i < grey.size(); ++i) {
        REQUIRE(decoded.pixels[3 * i] == decoded.pixels[3 * i + 1]);
        REQUIRE(decoded.pixels[3 * i] == decoded.pixels[3 * i + 2]);
        REQUIRE(std::abs(decoded.pixels[3 * i] - grey[i]) <= 2);
    }
}

TEST_CASE("A CMYK JPEG is the product of each ink's light and black's") {
    for (const auto& inks : {std::array<int, 4>{255, 255, 255, 255}, {0, 0, 0, 255}, {200, 100, 50, 128}}) {
        std::vector<std::uint8_t> samples(1024);  // four inks of 16x16 pixels
        for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::uint8_t>(inks[i % 4]);
        const RgbImage decoded = decode(encode_jpeg(samples, 16, 16, JpegKind{4, 100, 1, false}));
        for (std::size_t i = 0; i < decoded.pixels.size(); ++i) {
            REQUIRE(std::abs(decoded.pixels[i] - inks[i % 3] * inks[3] / 255) <= 2);
        }
    }
}

TEST_CASE("The content tells the format, not the file's name") {
    std::mt19937 random(5);
    const npusim::test::TemporaryFolder folder;
    const RgbImage picture = npusim::test::random_picture(random, 9, 7);
    npusim::write_whole_file(folder / "picture.jpg", encode_png(picture));
    CHECK(npusim::read_image(folder / "picture.jpg") == picture);
    npusim::write_whole_file(folder / "picture.png", encode_jpeg(picture));
    CHECK(npusim::read_image(folder / "picture.png").width == 9);
}

TEST_CASE("What is neither JPEG nor PNG, empty or too large is refused with the file's name") {
    CHECK_THROWS_WITH(decode("", "a.jpg"), "a.jpg: is empty, a JPEG or PNG image is needed");
    CHECK_THROWS_WITH(decode("GIF89a", "a.jpg"), "a.jpg: begins neither as a JPEG nor as a PNG image does");
    CHECK_THROWS_WITH(decode("\xff\xd8", "a.jpg"), Catch::StartsWith("a.jpg: JPEG: "));
    // A header that claims 60,000 x 60,000 pixels: no such memory may be asked for.
    std::string jpeg = encode_jpeg(std::vector<std::uint8_t>(192), 8, 8);
    const std::size_t frame = jpeg.find("\xff\xc0");
    REQUIRE(frame != std::string::npos);
    for (const std::size_t extent : {5U, 7U}) {
        jpeg[frame + extent] = '\xea';
        jpeg[frame + extent + 1] = '\x60';
    }
    CHECK_THROWS_WITH(decode(jpeg, "a.jpg"), "a.jpg: JPEG: the image is 60000x60000, allowed: 1 to 67108864 pixels");
    CHECK_THROWS_AS(npusim::read_image("/no such folder/a.png"), npusim::InputError);
}
