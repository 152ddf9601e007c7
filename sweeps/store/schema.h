// How a store is laid out, and how a file is recognized as one.
#pragma once

#include "connection.h"

namespace npusim::store {

/// Opens or creates a store for writing.
[[nodiscard]] Connection open_for_writing(const std::filesystem::path& file);
/// Opens a store that exists, also where its folder cannot be written.
[[nodiscard]] Connection open_for_reading(const std::filesystem::path& file);

}  // namespace npusim::store
