// One node of a quantized network, ready to be computed for a batch.
#pragma once

#include <memory>
#include <vector>

#include "batch_convolution.h"
#include "requantizer.h"
#include "tensor_memory.h"

namespace npusim {

/// Memory that is kept from run to run.
struct NodeScratch {
    AlignedBuffer sums;
    ConvolutionScratch convolution;
    RequantizerScratch requantizer;
};

/// Thread-safe. `network` and `node` must outlive it.
class IntegerNode {
public:
    /// `portable`: without the processor's dot products.
    IntegerNode(const QuantizedNetwork& network, const QuantizedNode& node, bool portable);

    /// Reads the node's input from the memory and writes all its destinations.
    void run(TensorMemory& memory, std::int64_t images, NodeScratch& scratch) const;

    /// Null unless the node is a convolution.
    [[nodiscard]] const BatchConvolution* convolution() const { return convolution_.get(); }

private:
    [[nodiscard]] IntegerView sums_of(const IntegerView& input, std::int64_t images, NodeScratch& scratch) const;

    const QuantizedNode& node_;
    std::unique_ptr<BatchConvolution> convolution_;
    std::int64_t largest_sum_ = 0;
    std::vector<Requantizer> requantizers_;  ///< by destination
};

}  // namespace npusim
