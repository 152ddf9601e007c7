#include "requantizer.h"

#include <algorithm>
#include <cmath>

namespace npusim {

namespace {

/// One block's operands; `residuals` is null where there are none.
struct Block {
    const std::int32_t* sums;
    const std::int32_t* residuals;
    const double* multipliers;
    const double* residual_multipliers;
    const double* biases;
    std::int64_t elements;
};

double clamped(double value, double low, double high) {
    const double raised = value > low ? value : low;
    return raised < high ? raised : high;
}

/// The bias holds a half (where there is a fraction) less the range's low end: what is left of rounding is to cut off
/// the fraction of a number that is not negative. Limits are whole, so that clamping may come first.
struct HalfUp {
    static std::int32_t round(double value, double low, double high) {
        return static_cast<std::int32_t>(clamped(value, 0, high - low)) + static_cast<std::int32_t>(low);
    }
};

struct HalfEven {
    static std::int32_t round(double value, double low, double high) {
        // Doubles of this size are whole; the processor rounds to the even one.
        constexpr double whole = 0x1.8p52;
        return static_cast<std::int32_t>((clamped(value, low, high) + whole) - whole);
    }
};

struct HalfAway {
    static std::int32_t round(double value, double low, double high) {
        const double inside = clamped(value, low, high);
        return static_cast<std::int32_t>(inside + (inside < 0 ? -0.5 : 0.5));
    }
};

template <typename Rule>
void requantize_block(const Block& block, IntegerRange range, std::int32_t* out) {
    const auto low = static_cast<double>(range.low);
    const auto high = static_cast<double>(range.high);
    const std::int64_t elements = block.elements;
    const std::int32_t* sums = block.sums;
    const std::int32_t* residuals = block.residuals;
    const double* multipliers = block.multipliers;
    const double* residual_multipliers = block.residual_multipliers;
    const double* biases = block.biases;
    if (residuals == nullptr) {
        for (std::int64_t i = 0; i < elements; ++i)
            out[i] = Rule::round(sums[i] * multipliers[i] + biases[i], low, high);
        return;
    }
    for (std::int64_t i = 0; i < elements; ++i) {
        const double added = residuals[i] * residual_multipliers[i] + biases[i];
        out[i] = Rule::round(sums[i] * multipliers[i] + added, low, high);
    }
}

}  // namespace

Requantizer::Requantizer(const Destination& destination, IntegerRange range, Rounding rounding,
                         std::int64_t largest_sum, std::int64_t largest_residual)
    : channels_(destination.channels), range_(range), rounding_(rounding) {
    // Some kibibytes of constants and as many of operands stay in the first-level cache.
    constexpr std::int64_t block_elements = 256;
    const auto count = static_cast<std::int64_t>(channels_.size());
    block_pixels_ = std::max<std::int64_t>(1, block_elements / count);
    in_double_ =
        rounding_ != Rounding::double_rounding && storage_of_sums(largest_sum) == Storage::i32 &&
        std::all_of(channels_.begin(), channels_.end(), [&](const ChannelRequantizer& channel) {
            return fits_double(channel, static_cast<double>(largest_sum), static_cast<double>(largest_residual));
        });
    if (in_double_) set_constants();
}

bool Requantizer::fits_double(const ChannelRequantizer& channel, double largest_sum, double largest_residual) const {
    // A bit less than a double has, because this bound is rounded itself.
    constexpr double most = 0x1p52;
    const double outside = std::ldexp(std::max(std::abs(static_cast<double>(range_.low)), 1.0), channel.shift);
    const double bound = largest_sum * std::abs(static_cast<double>(channel.multiplier)) +
                         largest_residual * std::abs(static_cast<double>(channel.residual_multiplier)) +
                         std::abs(static_cast<double>(channel.bias)) + outside;
    return bound <= most;
}

void Requantizer::set_constants() {
    for (std::int64_t pixel = 0; pixel < block_pixels_; ++pixel) {
        for (const ChannelRequantizer& channel : channels_) {
            double bias = std::ldexp(static_cast<double>(channel.bias), -channel.shift);
            if (rounding_ == Rounding::half_up) {
                bias += (channel.shift > 0 ? 0.5 : 0.0) - static_cast<double>(range_.low);
            }
            multipliers_.push_back(std::ldexp(channel.multiplier, -channel.shift));
            residual_multipliers_.push_back(std::ldexp(channel.residual_multiplier, -channel.shift));
            biases_.push_back(bias);
        }
    }
}

void Requantizer::run_in_integers(const IntegerView& sums, const std::int32_t* residuals, std::int64_t first,
                                  std::int64_t pixels, std::int32_t* out) const {
    const auto count = static_cast<std::int64_t>(channels_.size());
    with_element(sums.storage, [&]<typename T>(T) {
        for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
            const T* sum = sums.pixel<T>(first + pixel);
            for (std::int64_t c = 0; c < count; ++c) {
                const std::int64_t at = pixel * count + c;
                const std::int64_t residual = residuals != nullptr ? residuals[at] : 0;
                const auto& channel = channels_[static_cast<std::size_t>(c)];
                out[at] = static_cast<std::int32_t>(requantize(sum[c], residual, channel, range_, rounding_));
            }
        }
    });
}

void Requantizer::run(const IntegerView& sums, const IntegerView* residual, const WritableView& out,
                      std::int64_t pixels, RequantizerScratch& scratch) const {
    const auto count = static_cast<std::int64_t>(channels_.size());
    const auto block_elements = static_cast<std::size_t>(block_pixels_ * count);
    for (auto* memory : {&scratch.sums, &scratch.residuals, &scratch.results}) {
        if (memory->size() < block_elements) memory->resize(block_elements);
    }
    const auto dense = [&](const IntegerView& view, std::int64_t first, std::int64_t length,
                           std::vector<std::int32_t>& memory) -> const std::int32_t* {
        if (view.storage == Storage::i32 && view.pixel_stride == count) return view.pixel<std::int32_t>(first);
        widen(view, first, length, count, memory.data());
        return memory.data();
    };
    for (std::int64_t first = 0; first < pixels; first += block_pixels_) {
        const std::int64_t length = std::min(block_pixels_, pixels - first);
        Block block{nullptr,        nullptr,       multipliers_.data(), residual_multipliers_.data(),
                    biases_.data(), length * count};
        if (residual != nullptr) block.residuals = dense(*residual, first, length, scratch.residuals);
        if (!in_double_) {
            run_in_integers(sums, block.residuals, first, length, scratch.results.data());
        } else {
            block.sums = dense(sums, first, length, scratch.sums);
            if (rounding_ == Rounding::half_up) {
                requantize_block<HalfUp>(block, range_, scratch.results.data());
            } else if (rounding_ == Rounding::half_even) {
                requantize_block<HalfEven>(block, range_, scratch.results.data());
            } else {
                requantize_block<HalfAway>(block, range_, scratch.results.data());
            }
        }
        narrow(scratch.results.data(), first, length, count, out);
    }
}

}  // namespace npusim
