// JPEG and PNG files made at test time.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>
// jpeglib.h uses FILE without including it, so it must come behind.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <png.h>

#include "npusim/workloads/datasets/decode_image.h"

namespace npusim::test {

template <typename Count>
std::vector<std::uint8_t> random_samples(std::mt19937& random, Count count) {
    std::vector<std::uint8_t> samples(static_cast<std::size_t>(count));
    for (auto& sample : samples) sample = static_cast<std::uint8_t>(random());
    return samples;
}

/// Random colours in blocks of 4x4 pixels: JPEG can hold them, and no resize leaves them as they are.
inline RgbImage random_picture(std::mt19937& random, std::int64_t width, std::int64_t height) {
    RgbImage image{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height))};
    const std::int64_t blocks = (width + 3) / 4;
    const auto colours = random_samples(random, 3 * blocks * ((height + 3) / 4));
    for (std::int64_t i = 0; i < std::ssize(image.pixels); ++i) {
        const std::int64_t y = i / 3 / width;
        const std::int64_t x = i / 3 % width;
        image.pixels[static_cast<std::size_t>(i)] =
            colours[static_cast<std::size_t>(3 * (y / 4 * blocks + x / 4) + i % 3)];
    }
    return image;
}

struct JpegKind {
    int components = 3;  ///< 1 grey, 3 RGB (stored as YCbCr), 4 CMYK
    int quality = 90;
    int chroma_sampling = 1;  ///< 2: half the chroma in both directions
    bool progressive = false;
};

/// `samples` are interleaved. libjpeg ends the program when it fails, which these inputs give no reason for.
inline std::string encode_jpeg(std::vector<std::uint8_t> samples, unsigned width, unsigned height,
                               const JpegKind& kind = {}) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* memory = nullptr;
    unsigned long bytes = 0;
    jpeg_mem_dest(&info, &memory, &bytes);
    info.image_width = width;
    info.image_height = height;
    info.input_components = kind.components;
    info.in_color_space = kind.components == 1 ? JCS_GRAYSCALE : kind.components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, kind.quality, TRUE);
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = kind.chroma_sampling;
    if (kind.progressive) jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < height) {
        unsigned char* row = samples.data() + static_cast<std::size_t>(info.next_scanline) * width *
                                                  static_cast<std::size_t>(kind.components);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    std::string content(reinterpret_cast<const char*>(memory), bytes);
    std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): jpeg_mem_dest took it by malloc
    jpeg_destroy_compress(&info);
    return content;
}

struct PngKind {
    int colour_type = PNG_COLOR_TYPE_RGB;
    int depth = 8;
    bool interlaced = false;
    std::vector<png_color> palette;
};

/// `rows` as PNG packs them: rows of whole bytes, 16-bit samples with the upper byte first.
inline std::string encode_png(std::vector<std::uint8_t> rows, unsigned width, unsigned height,
                              const PngKind& kind = {}) {
    std::string content;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &content,
        [](png_structp writer, png_bytep bytes, std::size_t count) {
            static_cast<std::string*>(png_get_io_ptr(writer))->append(reinterpret_cast<const char*>(bytes), count);
        },
        nullptr);
    png_set_IHDR(png, info, width, height, kind.depth, kind.colour_type,
                 kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (!kind.palette.empty()) png_set_PLTE(png, info, kind.palette.data(), static_cast<int>(kind.palette.size()));
    // A gamma that a decoder could apply; the pixels are to stay as they are.
    png_set_gAMA(png, info, 0.3);
    const std::size_t stride = rows.size() / height;
    std::vector<png_bytep> starts;
    for (unsigned y = 0; y < height; ++y) starts.push_back(rows.data() + y * stride);
    png_set_rows(png, info, starts.data());
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
    png_destroy_write_struct(&png, &info);
    return content;
}

inline std::string encode_jpeg(const RgbImage& image, const JpegKind& kind = {}) {
    return encode_jpeg(image.pixels, static_cast<unsigned>(image.width), static_cast<unsigned>(image.height), kind);
}

inline std::string encode_png(const RgbImage& image) {
    return encode_png(image.pixels, static_cast<unsigned>(image.width), static_cast<unsigned>(image.height));
}

inline RgbImage decode(const std::string& content, const std::string& name = "picture") {
    return decode_image(std::as_bytes(std::span(content)), name);
}

}  // namespace npusim::test
