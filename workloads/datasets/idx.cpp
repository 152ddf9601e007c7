#include "idx.h"

#include <string>

#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim {
namespace {

constexpr std::size_t magic_bytes = 4;
constexpr std::size_t extent_bytes = 4;
constexpr int unsigned_byte_type = 8;

int byte_at(const std::vector<std::byte>& content, std::size_t place) {
    return std::to_integer<int>(content[place]);
}

void check_magic(const std::filesystem::path& path, const std::vector<std::byte>& content, std::size_t dimensions) {
    const int expected[magic_bytes] = {0, 0, unsigned_byte_type, static_cast<int>(dimensions)};
    const char* meanings[magic_bytes] = {"an IDX file begins with two zeros", "an IDX file begins with two zeros",
                                         "the type of unsigned bytes", "the number of dimensions"};
    for (std::size_t i = 0; i < magic_bytes; ++i) {
        if (byte_at(content, i) == expected[i]) continue;
        throw InputError(path.string(), "byte " + std::to_string(i),
                         "is " + std::to_string(byte_at(content, i)) + ", " + std::to_string(expected[i]) +
                             " is needed (" + meanings[i] + ")");
    }
}

std::int64_t extent_at(const std::filesystem::path& path, const std::vector<std::byte>& content, std::size_t index) {
    const std::size_t place = magic_bytes + index * extent_bytes;
    std::int64_t extent = 0;
    for (std::size_t i = 0; i < extent_bytes; ++i) extent = extent * 256 + byte_at(content, place + i);
    const std::int64_t most = index == 0 ? std::int64_t{0xffffffff} : kMostIdxExtent;
    if (extent < 1 || extent > most) {
        throw InputError(path.string(), "byte " + std::to_string(place),
                         "extent " + std::to_string(index) + " is " + std::to_string(extent) + ", outside 1.." +
                             std::to_string(most));
    }
    return extent;
}

}  // namespace

IdxFile read_idx_file(const std::filesystem::path& path, std::size_t dimensions) {
    IdxFile file{{}, read_binary_file(path)};
    const std::size_t header_bytes = magic_bytes + dimensions * extent_bytes;
    if (file.content.size() < header_bytes) {
        throw InputError(path.string(), "",
                         "has " + std::to_string(file.content.size()) + " bytes, the header alone needs " +
                             std::to_string(header_bytes));
    }
    check_magic(path, file.content, dimensions);
    // At most 2^32 · 2^12 · 2^12: no overflow.
    std::int64_t values = 1;
    for (std::size_t i = 0; i < dimensions; ++i) {
        file.extents.push_back(extent_at(path, file.content, i));
        values *= file.extents.back();
    }
    if (static_cast<std::int64_t>(file.content.size() - header_bytes) != values) {
        throw InputError(path.string(), "",
                         "has " + std::to_string(file.content.size() - header_bytes) +
                             " bytes after its header, which promises " + std::to_string(values));
    }
    return file;
}

}  // namespace npusim
