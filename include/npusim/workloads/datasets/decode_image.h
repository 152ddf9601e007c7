// JPEG and PNG files as RGB bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace npusim {

/// Interleaved RGB, row after row.
struct RgbImage {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::vector<std::uint8_t> pixels;  ///< 3 · width · height
    friend bool operator==(const RgbImage&, const RgbImage&) = default;
};

/// A header that claims more is refused before memory is asked for.
inline constexpr std::int64_t kMostImagePixels = std::int64_t{1} << 26;

/// Decodes by content, whatever the file's name says. The pixels are those of Pillow's open(...).convert("RGB"): JPEG
/// by the accurate integer IDCT with smooth chroma upsampling, CMYK as Adobe stores it (inverted); PNG of any depth cut
/// to the upper 8 bits, palettes looked up, alpha and colour profiles ignored. Throws InputError "name: JPEG: reason"
/// for what is damaged, truncated, too large or neither format; what the decoders only warn about counts as damage.
[[nodiscard]] RgbImage decode_image(std::span<const std::byte> content, const std::string& name);
[[nodiscard]] RgbImage read_image(const std::filesystem::path& path);

}  // namespace npusim
