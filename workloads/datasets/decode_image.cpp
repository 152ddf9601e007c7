#include "npusim/workloads/datasets/decode_image.h"

#include <algorithm>
#include <array>

#include "image_codecs.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim {
namespace {

template <std::size_t N>
bool begins_with(std::span<const std::byte> content, const std::array<unsigned char, N>& signature) {
    return content.size() >= N &&
           std::equal(signature.begin(), signature.end(), content.begin(),
                      [](unsigned char expected, std::byte byte) { return std::byte{expected} == byte; });
}

}  // namespace

RgbImage sized_image(std::int64_t width, std::int64_t height, const std::string& name, const std::string& format) {
    // The formats hold at most 2^31 pixels a side, so the product cannot overflow.
    if (width < 1 || height < 1 || width * height > kMostImagePixels) {
        throw InputError(name, format,
                         "the image is " + std::to_string(width) + "x" + std::to_string(height) + ", allowed: 1 to " +
                             std::to_string(kMostImagePixels) + " pixels");
    }
    return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height))};
}

RgbImage decode_image(std::span<const std::byte> content, const std::string& name) {
    constexpr std::array<unsigned char, 2> jpeg_signature{0xff, 0xd8};
    constexpr std::array<unsigned char, 8> png_signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (begins_with(content, jpeg_signature)) return decode_jpeg(content, name);
    if (begins_with(content, png_signature)) return decode_png(content, name);
    throw InputError(name, "",
                     content.empty() ? "is empty, a JPEG or PNG image is needed"
                                     : "begins neither as a JPEG nor as a PNG image does");
}

RgbImage read_image(const std::filesystem::path& path) {
    return decode_image(read_binary_file(path), path.string());
}

}  // namespace npusim
