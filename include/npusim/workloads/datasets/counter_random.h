// Random numbers that are equal on every processor and with every standard library, addressed by keys and not by
// the order in which threads ask for them.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace npusim {

/// A bijection of 64-bit words in which every input bit moves about half of the output bits: the finalizer of
/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
[[nodiscard]] constexpr std::uint64_t mixed_bits(std::uint64_t word) {
    word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
    return word ^ (word >> 31U);
}

/// The sequence of a list of keys, e.g. {seed, epoch, image}. All sequences lie on one cycle of 2^64 words; lists of
/// one length that differ in one key begin at different words, and any two sequences of n words meet with a chance of
/// about 2n / 2^64.
class CounterRandom {
public:
    constexpr CounterRandom(std::initializer_list<std::uint64_t> keys) {
        for (const std::uint64_t key : keys) state_ = mixed_bits(state_ + kStep) ^ mixed_bits(key + kStep);
        state_ = mixed_bits(state_);
    }

    constexpr std::uint64_t bits() {
        state_ += kStep;
        return mixed_bits(state_);
    }

    /// Uniform in 0..bound−1, off by less than bound / 2^32; bound in 1..2^32.
    constexpr std::uint64_t below(std::uint64_t bound) { return ((bits() >> 32U) * bound) >> 32U; }

    /// Uniform in low..high, both included.
    constexpr int between(int low, int high) {
        return low + static_cast<int>(below(static_cast<std::uint64_t>(std::int64_t{high} - low + 1)));
    }

private:
    static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;  // 2^64 / golden ratio; odd, so all states are visited

    std::uint64_t state_ = 0;
};

}  // namespace npusim
