// Writing arrays as NumPy's .npy files (format version 1.0, little endian, row major).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace npusim {

/// Writes `values` as an array of `shape`, whole or not at all. An empty shape is a scalar. Throws InputError when
/// the file cannot be written, std::invalid_argument when the shape does not hold exactly the values.
void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int8_t> values);
void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int16_t> values);
void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int32_t> values);
void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int64_t> values);
void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const float> values);
void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const double> values);

}  // namespace npusim
