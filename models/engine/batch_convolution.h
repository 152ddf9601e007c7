// Exact convolution of a batch in (N, H, W, C): on the processor's 8-bit dot products where they are exact, as matrix
// products in floating point elsewhere.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "integer_convolution.h"
#include "npusim/models/layers/integer_conv2d.h"
#include "stored_integers.h"

namespace npusim {

/// Memory that is kept from run to run.
struct ConvolutionScratch {
    AlignedBuffer dense_input;
    AlignedBuffer kernel_memory;
    AlignedBuffer planes;
    AccumulatorScratch products;
};

/// Thread-safe. `network` and `node` must outlive it.
class BatchConvolution {
public:
    BatchConvolution(const QuantizedNetwork& network, const QuantizedNode& node, bool portable);

    /// The node's accumulators without gaps, in the storage that storage_of_sums gives for `largest_sum()`.
    void run(const IntegerView& input, std::int64_t images, std::byte* sums, ConvolutionScratch& scratch) const;

    /// After wrapping.
    [[nodiscard]] std::int64_t largest_sum() const { return largest_sum_; }
    /// Whether batches of this size run on the processor's dot products.
    [[nodiscard]] bool runs_in_bytes(std::int64_t images) const { return kernel(images) != nullptr; }

private:
    [[nodiscard]] const IntegerConv2d* kernel(std::int64_t images) const;
    [[nodiscard]] std::unique_ptr<IntegerConv2d> make_kernel(std::int64_t images) const;
    [[nodiscard]] const IntegerConvolution& products() const;
    void run_in_bytes(const IntegerConv2d& kernel, const IntegerView& input, std::int64_t images, std::int32_t* sums,
                      ConvolutionScratch& scratch) const;
    template <typename Sum>
    void run_in_floats(const IntegerView& input, std::int64_t images, Sum* sums, ConvolutionScratch& scratch) const;

    const QuantizedNetwork& network_;
    const QuantizedNode& node_;
    std::int64_t largest_sum_ = 0;
    int wrap_bits_ = 0;  ///< 0: the accumulator cannot overflow
    bool fits_bytes_ = false;
    mutable std::mutex mutex_;
    mutable std::map<std::int64_t, std::unique_ptr<IntegerConv2d>> kernels_;  ///< by images; null where there is none
    mutable std::optional<IntegerConvolution> products_;
};

}  // namespace npusim
