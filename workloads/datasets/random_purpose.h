#pragma once

#include <cstdint>

namespace npusim {

/// The first key of a random sequence: one user's seed serves them all without their sequences being alike.
enum class RandomPurpose : std::uint64_t { shapes_train, shapes_test, split, shuffle, augment, resized_crop };

constexpr std::uint64_t key_of(RandomPurpose purpose) {
    return static_cast<std::uint64_t>(purpose);
}

}  // namespace npusim
