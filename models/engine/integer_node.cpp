#include "integer_node.h"

#include <algorithm>

#include "integer_operators.h"

namespace npusim {

IntegerNode::IntegerNode(const QuantizedNetwork& network, const QuantizedNode& node, bool portable) : node_(node) {
    largest_sum_ = accumulator_bound(network, node).largest_magnitude;
    if (node.op == QuantizedOp::convolution) {
        convolution_ = std::make_unique<BatchConvolution>(network, node, portable);
        largest_sum_ = convolution_->largest_sum();
    }
    std::int64_t largest_residual = 0;
    if (node.residual) {
        const IntegerRange range = network.tensors[node.residual->tensor].range();
        largest_residual = std::max(-range.low, range.high);
    }
    requantizers_.reserve(node.destinations.size());
    for (const Destination& to : node.destinations) {
        IntegerRange range = network.tensors[to.tensor].range();
        if (node.relu) range.low = 0;
        requantizers_.emplace_back(to, range, network.precision.rounding, largest_sum_, largest_residual);
    }
}

IntegerView IntegerNode::sums_of(const IntegerView& input, std::int64_t images, NodeScratch& scratch) const {
    if (node_.op == QuantizedOp::elementwise) return input;
    const Storage storage = storage_of_sums(largest_sum_);
    auto* sums = scratch.sums.get<std::byte>(images * node_.output_shape.elements() * bytes_of(storage));
    if (convolution_) {
        convolution_->run(input, images, sums, scratch.convolution);
    } else if (node_.op == QuantizedOp::slice_pad) {
        void* out = sums;
        slice_and_pad(node_, input, images, static_cast<std::int32_t*>(out));
    } else {
        pool_windows(node_, input, images, storage, sums);
    }
    return {sums, storage, node_.output_shape.channels};
}

void IntegerNode::run(TensorMemory& memory, std::int64_t images, NodeScratch& scratch) const {
    const IntegerView sums = sums_of(memory.view(node_.input.tensor, node_.input.channel_begin), images, scratch);
    IntegerView residual;
    if (node_.residual) residual = memory.view(node_.residual->tensor, node_.residual->channel_begin);
    const std::int64_t pixels = images * node_.output_shape.height * node_.output_shape.width;
    for (std::size_t i = 0; i < requantizers_.size(); ++i) {
        const Destination& to = node_.destinations[i];
        requantizers_[i].run(sums, node_.residual ? &residual : nullptr, memory.writable(to.tensor, to.channel_begin),
                             pixels, scratch.requantizer);
    }
}

}  // namespace npusim
