// Random numbers that are the same on every system: the standard fixes the generator, but not the distributions.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace npusim {

class RandomSource {
public:
    explicit RandomSource(std::uint64_t seed) : generator_(seed) {}

    /// In [low, high).
    double uniform(double low, double high) {
        return low + (high - low) * static_cast<double>(generator_() >> 11) * 0x1p-53;
    }

    /// Mean 0, variance 1 (Box–Muller).
    double normal() {
        if (has_spare_) {
            has_spare_ = false;
            return spare_;
        }
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform(0, 1)));
        const double angle = uniform(0, 2.0 * std::numbers::pi);
        spare_ = radius * std::sin(angle);
        has_spare_ = true;
        return radius * std::cos(angle);
    }

private:
    std::mt19937_64 generator_;
    double spare_ = 0;
    bool has_spare_ = false;
};

}  // namespace npusim
