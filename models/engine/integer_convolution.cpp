#include "integer_convolution.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "matrix_product.h"

namespace npusim {

namespace {

constexpr std::int64_t kExactInFloat = std::int64_t{1} << 24;
constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53;
/// Shorter slices in float cost more than whole reductions in double.
constexpr std::int64_t kShortestSlice = 64;

template <typename T>
T* grow(std::vector<T>& memory, std::int64_t elements) {
    if (static_cast<std::int64_t>(memory.size()) < elements) memory.resize(static_cast<std::size_t>(elements));
    return memory.data();
}

}  // namespace

IntegerConvolution::IntegerConvolution(const QuantizedNetwork& network, const QuantizedNode& node)
    : shape_{node.input_shape, node.output_shape, node.window, node.groups} {
    slices_ = cut(node, kExactInFloat);
    const auto count = static_cast<std::int64_t>(slices_.size()) - 1;
    const bool in_float = count == 1 || (count > 1 && shape_.depth() / count >= kShortestSlice);
    if (in_float) {
        float_weights_.assign(node.weights.begin(), node.weights.end());
    } else {
        slices_ = cut(node, kExactInDouble);
        double_weights_.assign(node.weights.begin(), node.weights.end());
    }
    const bool may_overflow = accumulator_bound(network, node).safe_bits > network.accumulator_bits;
    wrap_bits_ = may_overflow ? network.accumulator_bits : 0;
}

std::vector<std::int64_t> IntegerConvolution::cut(const QuantizedNode& node, std::int64_t limit) const {
    const IntegerRange range = activation_range(node.input_bits, node.input_signed);
    const std::int64_t largest_input = std::max(-range.low, range.high);
    const std::int64_t depth = shape_.depth();
    std::vector<std::int64_t> sums(static_cast<std::size_t>(shape_.output.channels), 0);
    std::vector<std::int64_t> slices{0};
    for (std::int64_t k = 0; k < depth; ++k) {
        const auto magnitude = [&](std::size_t channel) {
            return std::abs(std::int64_t{
                       node.weights[channel * static_cast<std::size_t>(depth) + static_cast<std::size_t>(k)]}) *
                   largest_input;
        };
        bool fits = true;
        for (std::size_t channel = 0; channel < sums.size(); ++channel) {
            if (magnitude(channel) > limit) return {};
            fits = fits && sums[channel] + magnitude(channel) <= limit;
        }
        if (!fits) {
            slices.push_back(k);
            std::fill(sums.begin(), sums.end(), 0);
        }
        for (std::size_t channel = 0; channel < sums.size(); ++channel) sums[channel] += magnitude(channel);
    }
    slices.push_back(depth);
    return slices;
}

template <typename T>
void IntegerConvolution::add_slices(const float* input, const std::vector<T>& weights, std::vector<T>& columns,
                                    std::vector<T>& products, std::int64_t* sums) const {
    const std::int64_t depth = shape_.depth();
    const std::int64_t outputs = shape_.group_outputs();
    const auto add_block = [&](std::int64_t group, std::int64_t first, std::int64_t pixels, const T* block,
                               std::int64_t stride) {
        T* product = grow(products, outputs * pixels);
        for (std::size_t slice = 0; slice + 1 < slices_.size(); ++slice) {
            const std::int64_t begin = slices_[slice];
            const std::int64_t length = slices_[slice + 1] - begin;
            multiply({weights.data() + group * outputs * depth + begin, outputs, length, depth},
                     {block + begin * stride, length, pixels, stride}, {product, outputs, pixels, pixels});
            for (std::int64_t row = 0; row < outputs; ++row) {
                std::int64_t* sum = sums + (group * outputs + row) * shape_.pixels() + first;
                const T* part = product + row * pixels;
                for (std::int64_t i = 0; i < pixels; ++i) {
                    sum[i] = (slice == 0 ? 0 : sum[i]) + static_cast<std::int64_t>(part[i]);
                }
            }
        }
    };
    for_each_block(input, shape_, columns, add_block);
}

Accumulators IntegerConvolution::run(const float* input, AccumulatorScratch& scratch) const {
    const std::int64_t elements = shape_.output.elements();
    const std::int64_t depth = shape_.depth();
    const std::int64_t outputs = shape_.group_outputs();
    if (!float_weights_.empty() && slices_.size() == 2 && wrap_bits_ == 0) {
        float* sums = grow(scratch.float_sums, elements);
        for_each_block(
            input, shape_, scratch.float_columns,
            [&](std::int64_t group, std::int64_t first, std::int64_t pixels, const float* block, std::int64_t stride) {
                multiply({float_weights_.data() + group * outputs * depth, outputs, depth, depth},
                         {block, depth, pixels, stride},
                         {sums + group * outputs * shape_.pixels() + first, outputs, pixels, shape_.pixels()});
            });
        return {sums, nullptr};
    }
    std::int64_t* sums = grow(scratch.integer_sums, elements);
    if (!float_weights_.empty()) {
        add_slices(input, float_weights_, scratch.float_columns, scratch.float_products, sums);
    } else {
        add_slices(input, double_weights_, scratch.double_columns, scratch.double_products, sums);
    }
    if (wrap_bits_ != 0) {
        for (std::int64_t i = 0; i < elements; ++i) sums[i] = wrap(sums[i], wrap_bits_);
    }
    return {nullptr, sums};
}

}  // namespace npusim
