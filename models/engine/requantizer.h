// Requantizes the sums of a node into a destination, many at a time.
#pragma once

#include <vector>

#include "stored_integers.h"

namespace npusim {

/// Memory that is kept from run to run.
struct RequantizerScratch {
    std::vector<std::int32_t> sums, residuals, results;
};

/// Computes `requantize` of arithmetic.h. Where every term of every channel stays below 2^52 it does so in double,
/// which is exact then: a sum times multiplier/2^shift is an integer of at most 53 bits over a power of two.
class Requantizer {
public:
    /// `largest_sum` and `largest_residual` bound the magnitudes of what `run` gets.
    Requantizer(const Destination& destination, IntegerRange range, Rounding rounding, std::int64_t largest_sum,
                std::int64_t largest_residual);

    /// `residual` may be null. The views begin at the node's first channel.
    void run(const IntegerView& sums, const IntegerView* residual, const WritableView& out, std::int64_t pixels,
             RequantizerScratch& scratch) const;

    [[nodiscard]] bool runs_in_double() const { return in_double_; }

private:
    [[nodiscard]] bool fits_double(const ChannelRequantizer& channel, double largest_sum,
                                   double largest_residual) const;
    void set_constants();
    void run_in_integers(const IntegerView& sums, const std::int32_t* residuals, std::int64_t first,
                         std::int64_t pixels, std::int32_t* out) const;

    std::vector<ChannelRequantizer> channels_;
    IntegerRange range_;
    Rounding rounding_;
    bool in_double_ = true;
    std::int64_t block_pixels_ = 1;
    /// Divided by 2^shift, for each element of a block.
    std::vector<double> multipliers_, residual_multipliers_, biases_;
};

}  // namespace npusim
