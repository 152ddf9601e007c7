// What the tests of the layers' gradients share: random tensors, and derivatives by central differences.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace npusim::test {

using Values = std::vector<double>;

class Random {
public:
    explicit Random(std::uint64_t seed) : generator_(seed) {}
    std::int64_t integer(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(generator_() % static_cast<std::uint64_t>(high - low + 1));
    }
    double real(double low, double high) {
        return low + (high - low) * static_cast<double>(generator_() >> 11) * 0x1p-53;
    }
    Values values(std::int64_t count, double low = -1.0, double high = 1.0) {
        Values made(static_cast<std::size_t>(count));
        for (double& value : made) value = real(low, high);
        return made;
    }

private:
    std::mt19937_64 generator_;
};

template <typename To, typename From>
std::vector<To> as(const std::vector<From>& values) {
    std::vector<To> converted;
    converted.reserve(values.size());
    for (const From value : values) converted.push_back(static_cast<To>(value));
    return converted;
}

inline double dot(const Values& a, const Values& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

/// ∂loss/∂x for every element of x, where loss() reads x.
template <typename LossFunction>
Values central_differences(Values& x, const LossFunction& loss, double distance = 1e-4) {
    Values gradient;
    for (double& value : x) {
        const double before = value;
        value = before + distance;
        const double above = loss();
        value = before - distance;
        const double below = loss();
        value = before;
        gradient.push_back((above - below) / (2.0 * distance));
    }
    return gradient;
}

/// The largest difference, relative to the largest value.
inline double difference(const Values& a, const Values& b) {
    REQUIRE(a.size() == b.size());
    double largest = 1e-300;
    double apart = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max({largest, std::abs(a[i]), std::abs(b[i])});
        // A comparison that not-a-number fails.
        if (!(std::abs(a[i] - b[i]) <= apart)) apart = std::abs(a[i] - b[i]);
    }
    return apart / largest;
}

template <typename T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace npusim::test
