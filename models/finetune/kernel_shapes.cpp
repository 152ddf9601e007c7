#include "training_stage.h"

namespace npusim {
namespace {

ConvShape conv_shape(const QuantizedNode& node) {
    const Window& w = node.window;
    return {node.input_shape.height,
            node.input_shape.width,
            node.input_shape.channels,
            node.output_shape.height,
            node.output_shape.width,
            node.output_shape.channels,
            w.kernel_height,
            w.kernel_width,
            w.stride_height,
            w.stride_width,
            w.dilation_height,
            w.dilation_width,
            w.pad_top,
            w.pad_left,
            w.pad_bottom,
            w.pad_right,
            node.groups};
}

PoolShape pool_shape(const QuantizedNode& node) {
    const Window& w = node.window;
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    return {in.height,      in.width,        in.channels,    out.height,         out.width,        w.kernel_height,
            w.kernel_width, w.stride_height, w.stride_width, w.dilation_height,  w.dilation_width, w.pad_top,
            w.pad_left,     w.pad_bottom,    w.pad_right,    w.count_include_pad};
}

}  // namespace

KernelShapes kernel_shapes(const QuantizedNode& node) {
    KernelShapes shapes;
    switch (node.op) {
        case QuantizedOp::convolution:
            shapes.conv = conv_shape(node);
            break;
        case QuantizedOp::max_pool:
        case QuantizedOp::average_pool:
            shapes.pool = pool_shape(node);
            break;
        case QuantizedOp::slice_pad:
            shapes.slice = {node.input_shape.height,   node.input_shape.width,  node.input_shape.channels,
                            node.output_shape.height,  node.output_shape.width, node.output_shape.channels,
                            node.window.stride_height, node.channels_before};
            break;
        case QuantizedOp::elementwise:
            break;
    }
    return shapes;
}

}  // namespace npusim
