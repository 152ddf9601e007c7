// Reading whole files, and writing them whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace npusim {

/// The bytes of a file. Throws InputError naming the file and the system's reason when it cannot be read.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path);
[[nodiscard]] std::vector<std::byte> read_binary_file(const std::filesystem::path& path);

/// Writes `content` to a temporary file beside `path`, flushes it to disk and renames it over `path`, so that a
/// reader sees the old file or the new one, never a part. Throws InputError naming the file and the system's reason.
void write_whole_file(const std::filesystem::path& path, std::string_view content);

/// XXH3-128 of bytes as 32 hexadecimal digits: names inputs in results (not a cryptographic hash).
[[nodiscard]] std::string content_hash(std::span<const std::byte> bytes);
[[nodiscard]] std::string content_hash(std::string_view text);

}  // namespace npusim
