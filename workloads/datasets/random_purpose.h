#pragma once

#include <cstdint>

namespace npusim {

/// The first key of a random sequence: one user's seed serves them all without their sequences being alike.
/// The numbers decide bytes that results are made of, so they stay; 2 was used once.
enum class RandomPurpose : std::uint64_t {
    shapes_train = 0,
    shapes_test = 1,
    shuffle = 3,
    augment = 4,
    resized_crop = 5
};

constexpr std::uint64_t key_of(RandomPurpose purpose) {
    return static_cast<std::uint64_t>(purpose);
}

}  // namespace npusim
