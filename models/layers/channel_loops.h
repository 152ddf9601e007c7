// Loops over NHWC tensors with one value per channel, long enough to vectorize for any number of channels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// Stands before a loop whose iterations may read and write the same element, but never another's: an output that is an
// input needs no check for overlap, and no slow second version of the loop.
#if defined(__clang__)
#define NPUSIM_ELEMENTS_STAND_ALONE _Pragma("clang loop vectorize(assume_safety)")
#else
#define NPUSIM_ELEMENTS_STAND_ALONE _Pragma("GCC ivdep")
#endif

namespace npusim {

struct TwoTerms {
    double first = 0;
    double second = 0;
};

template <int pixels, typename Terms>
void add_pixels(std::int64_t begin, std::int64_t channels, double* __restrict first, double* __restrict second,
                const Terms& terms) {
    for (std::int64_t c = 0; c < channels; ++c) {
        TwoTerms sum;
        for (int p = 0; p < pixels; ++p) {
            const TwoTerms term = terms(begin + p * channels + c, c);
            sum.first += term.first;
            sum.second += term.second;
        }
        first[c] += sum.first;
        second[c] += sum.second;
    }
}

/// first[c], second[c] += Σ over the pixels of terms(element, c). Eight pixels at a time, so that the totals are not
/// loaded and stored for each.
template <typename Terms>
void accumulate_channels(std::int64_t pixels, std::int64_t channels, double* first, double* second,
                         const Terms& terms) {
    constexpr int step = 8;
    std::int64_t p = 0;
    for (; p + step <= pixels; p += step) add_pixels<step>(p * channels, channels, first, second, terms);
    for (; p < pixels; ++p) add_pixels<1>(p * channels, channels, first, second, terms);
}

/// A value per channel, repeated: `at` may be read up to span(channels) elements far.
template <typename Scalar>
class TiledChannels {
public:
    /// Elements of whole pixels that one inner loop takes.
    [[nodiscard]] static std::int64_t span(std::int64_t channels) {
        constexpr std::int64_t least = 256;
        return channels * std::max<std::int64_t>(1, (least + channels - 1) / channels);
    }

    template <typename Value>
    TiledChannels(std::int64_t channels, const Value& value) : values_(static_cast<std::size_t>(span(channels))) {
        // Values first and copies of them then: a division for each copy would cost more than the loops that use them.
        for (std::int64_t c = 0; c < channels; ++c)
            values_[static_cast<std::size_t>(c)] = static_cast<Scalar>(value(c));
        for (std::size_t i = static_cast<std::size_t>(channels); i < values_.size(); ++i) {
            values_[i] = values_[i - static_cast<std::size_t>(channels)];
        }
    }
    [[nodiscard]] const Scalar* data() const { return values_.data(); }
    [[nodiscard]] std::vector<Scalar> take() && { return std::move(values_); }

private:
    std::vector<Scalar> values_;
};

/// Calls row(first element, elements) for rows of at most TiledChannels::span elements, all from channel 0 on.
template <typename Row>
void for_each_row(std::int64_t pixels, std::int64_t channels, const Row& row) {
    const std::int64_t span = TiledChannels<double>::span(channels);
    const std::int64_t elements = pixels * channels;
    for (std::int64_t begin = 0; begin < elements; begin += span) row(begin, std::min(span, elements - begin));
}

}  // namespace npusim
