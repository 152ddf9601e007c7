// IDX files as MNIST has them: a big-endian header, then unsigned bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace npusim {

struct IdxFile {
    std::vector<std::int64_t> extents;  ///< the first is the number of records
    std::vector<std::byte> content;     ///< the whole file
    [[nodiscard]] std::span<const std::byte> values() const {
        return std::span(content).subspan(4 + 4 * extents.size());
    }
};

/// Reads a file of unsigned bytes with `dimensions` extents, each in 1..kMostIdxExtent (the first: any but 0), whose
/// product is the number of values that follow. Throws InputError naming the file, the byte and what is allowed.
inline constexpr std::int64_t kMostIdxExtent = 4'096;
[[nodiscard]] IdxFile read_idx_file(const std::filesystem::path& path, std::size_t dimensions);

}  // namespace npusim
