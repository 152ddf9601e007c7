#include "batch_convolution.h"

#include <algorithm>

namespace npusim {

namespace {

ConvShape shape_of(const QuantizedNode& node) {
    const Window& w = node.window;
    ConvShape shape;
    shape.in_height = node.input_shape.height;
    shape.in_width = node.input_shape.width;
    shape.in_channels = node.input_shape.channels;
    shape.out_height = node.output_shape.height;
    shape.out_width = node.output_shape.width;
    shape.out_channels = node.output_shape.channels;
    shape.kernel_height = w.kernel_height;
    shape.kernel_width = w.kernel_width;
    shape.stride_height = w.stride_height;
    shape.stride_width = w.stride_width;
    shape.dilation_height = w.dilation_height;
    shape.dilation_width = w.dilation_width;
    shape.pad_top = w.pad_top;
    shape.pad_left = w.pad_left;
    shape.pad_bottom = w.pad_bottom;
    shape.pad_right = w.pad_right;
    shape.groups = node.groups;
    return shape;
}

}  // namespace

BatchConvolution::BatchConvolution(const QuantizedNetwork& network, const QuantizedNode& node, bool portable)
    : network_(network), node_(node) {
    const AccumulatorBound bound = accumulator_bound(network, node);
    const bool may_overflow = bound.safe_bits > network.accumulator_bits;
    wrap_bits_ = may_overflow ? network.accumulator_bits : 0;
    largest_sum_ = may_overflow ? std::int64_t{1} << (network.accumulator_bits - 1) : bound.largest_magnitude;
    // oneDNN has no windows that hang over the padded end.
    fits_bytes_ = !portable && storage_of(node.input_bits, node.input_signed) != Storage::i32 &&
                  node.weight_bits <= 8 && storage_of_sums(largest_sum_) == Storage::i32 && !node.window.ceil_mode;
}

std::unique_ptr<IntegerConv2d> BatchConvolution::make_kernel(std::int64_t images) const {
    if (!fits_bytes_) return nullptr;
    const IntegerRange range = activation_range(node_.input_bits, node_.input_signed);
    const IntegerOperands operands{node_.input_signed, std::max(-range.low, range.high),
                                   accumulator_bound(network_, node_).largest_magnitude, node_.weights};
    return make_integer_conv2d(shape_of(node_), images, operands);
}

const IntegerConv2d* BatchConvolution::kernel(std::int64_t images) const {
    const std::lock_guard lock(mutex_);
    const auto found = kernels_.find(images);
    if (found != kernels_.end()) return found->second.get();
    return kernels_.emplace(images, make_kernel(images)).first->second.get();
}

const IntegerConvolution& BatchConvolution::products() const {
    const std::lock_guard lock(mutex_);
    if (!products_) products_.emplace(network_, node_);
    return *products_;
}

void BatchConvolution::run(const IntegerView& input, std::int64_t images, std::byte* sums,
                           ConvolutionScratch& scratch) const {
    void* out = sums;
    if (const IntegerConv2d* fast = kernel(images)) {
        run_in_bytes(*fast, input, images, static_cast<std::int32_t*>(out), scratch);
    } else if (storage_of_sums(largest_sum_) == Storage::i32) {
        run_in_floats(input, images, static_cast<std::int32_t*>(out), scratch);
    } else {
        run_in_floats(input, images, static_cast<std::int64_t*>(out), scratch);
    }
}

void BatchConvolution::run_in_bytes(const IntegerConv2d& kernel, const IntegerView& input, std::int64_t images,
                                    std::int32_t* sums, ConvolutionScratch& scratch) const {
    const std::byte* in = input.data;
    const std::int64_t channels = node_.input_shape.channels;
    if (input.pixel_stride != channels) {
        auto* dense = scratch.dense_input.get<std::byte>(images * node_.input_shape.elements());
        close_gaps(input, images * node_.input_shape.height * node_.input_shape.width, channels, dense);
        in = dense;
    }
    kernel.run(in, sums, scratch.kernel_memory.get<std::byte>(kernel.scratch_bytes()));
    if (wrap_bits_ == 0) return;
    const std::int64_t elements = images * node_.output_shape.elements();
    for (std::int64_t i = 0; i < elements; ++i) sums[i] = static_cast<std::int32_t>(wrap(sums[i], wrap_bits_));
}

template <typename Sum>
void BatchConvolution::run_in_floats(const IntegerView& input, std::int64_t images, Sum* sums,
                                     ConvolutionScratch& scratch) const {
    const TensorShape& in = node_.input_shape;
    const TensorShape& out = node_.output_shape;
    const std::int64_t in_pixels = in.height * in.width;
    const std::int64_t out_pixels = out.height * out.width;
    const IntegerConvolution& convolution = products();
    auto* planes = scratch.planes.get<float>(in.elements());
    for (std::int64_t image = 0; image < images; ++image, sums += out.elements()) {
        with_element(input.storage, [&]<typename T>(T) {
            transpose_integers(input.pixel<T>(image * in_pixels), input.pixel_stride, in_pixels, in.channels, planes,
                               in_pixels);
        });
        const Accumulators made = convolution.run(planes, scratch.products);
        if (made.floats != nullptr) {
            transpose_integers(made.floats, out_pixels, out.channels, out_pixels, sums, out.channels);
        } else {
            transpose_integers(made.integers, out_pixels, out.channels, out_pixels, sums, out.channels);
        }
    }
}

}  // namespace npusim
