// Exact integer convolution by floating-point matrix products.
#pragma once

#include <vector>

#include "columns.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

/// A node's accumulators (C, H, W), exact in one of two forms; the other is null.
struct Accumulators {
    const float* floats = nullptr;  ///< integers of at most 24 bits
    const std::int64_t* integers = nullptr;
};

/// Memory that is kept from run to run.
struct AccumulatorScratch {
    std::vector<float> float_columns, float_products, float_sums;
    std::vector<double> double_columns, double_products;
    std::vector<std::int64_t> integer_sums;
};

/// A convolution's weights, made ready: cut along the reduction into slices whose partial sums are exact whatever
/// their order. That holds when Σ|w|·a_max over a slice is at most 2^24 in float, 2^53 in double.
class IntegerConvolution {
public:
    IntegerConvolution(const QuantizedNetwork& network, const QuantizedNode& node);

    /// `input` holds the integers of the node's input view. The result lies in `scratch`.
    [[nodiscard]] Accumulators run(const float* input, AccumulatorScratch& scratch) const;

private:
    /// Begins of the slices and the end of the last; empty when a single product is beyond `limit`.
    [[nodiscard]] std::vector<std::int64_t> cut(const QuantizedNode& node, std::int64_t limit) const;
    template <typename T>
    void add_slices(const float* input, const std::vector<T>& weights, std::vector<T>& columns,
                    std::vector<T>& products, std::int64_t* sums) const;

    ConvolutionShape shape_;
    std::vector<std::int64_t> slices_;
    std::vector<float> float_weights_;
    std::vector<double> double_weights_;
    int wrap_bits_ = 0;  ///< 0: the accumulator cannot overflow
};

}  // namespace npusim
