#pragma once

#include <array>
#include <cstdint>

namespace npusim {

/// Accesses of one command to the halves of a buffer; without double buffering all lie in the first.
using HalfAccesses = std::array<std::uint64_t, 2>;

}  // namespace npusim
