#include <cmath>

#include "stage_tail.h"

namespace npusim {
namespace {

/// What one unit of a stage's accumulator is worth, for an output channel.
template <typename Scalar>
double accumulator_unit(const GraphState<Scalar>& state, const TrainingStage<Scalar>& stage, std::int64_t channel) {
    const double input = state.tensors[stage.node.input.tensor].step;
    if (stage.has_weights()) return input * stage.weights.steps[static_cast<std::size_t>(channel)];
    if (stage.node.op != QuantizedOp::average_pool) return input;
    // The machine sums the window; its requantizer divides.
    return input / static_cast<double>(stage.node.window.kernel_height * stage.node.window.kernel_width);
}

template <typename Scalar>
struct ResidualView {
    const Scalar* values = nullptr;
    std::int64_t stride = 0;  ///< channels of the whole tensor
    double step = 1;

    [[nodiscard]] std::int64_t at(std::int64_t pixel, std::int64_t channel) const {
        if (values == nullptr) return 0;
        return std::llround(static_cast<double>(values[pixel * stride + channel]) / step);
    }
};

template <typename Scalar>
ResidualView<Scalar> residual_of(const GraphState<Scalar>& state, const TrainingStage<Scalar>& stage,
                                 std::int64_t first_pixel) {
    if (!stage.node.residual) return {};
    const TensorView& view = *stage.node.residual;
    const std::int64_t stride = state.structure.tensors[view.tensor].shape.channels;
    const BatchTensor<Scalar>& tensor = state.tensors[view.tensor];
    return {tensor.values.data() + first_pixel * stride + view.channel_begin, stride, tensor.step};
}

}  // namespace

template <typename Scalar>
void store_requantized(GraphState<Scalar>& state, const TrainingStage<Scalar>& stage, std::int64_t first_pixel,
                       std::int64_t pixels) {
    const QuantizedNode& node = state.integers->nodes[static_cast<std::size_t>(&stage - state.stages.data())];
    const Scalar* main = main_output(state, stage, PixelBlock{first_pixel, pixels});
    const ResidualView<Scalar> residual = residual_of(state, stage, first_pixel);
    for (const Destination& destination : node.destinations) {
        const QuantizedTensor& tensor = state.integers->tensors[destination.tensor];
        IntegerRange range = tensor.range();
        if (node.relu) range.low = 0;
        const std::int64_t stride = tensor.shape.channels;
        Scalar* to = state.tensors[destination.tensor].values.data() + first_pixel * stride + destination.channel_begin;
        for (std::int64_t c = 0; c < stage.channels(); ++c) {
            const double unit = accumulator_unit(state, stage, c);
            const ChannelRequantizer& channel = destination.channels[static_cast<std::size_t>(c)];
            for (std::int64_t p = 0; p < pixels; ++p) {
                const std::int64_t sum = std::llround(static_cast<double>(main[p * stage.channels() + c]) / unit);
                const std::int64_t integer =
                    requantize(sum, residual.at(p, c), channel, range, state.integers->precision.rounding);
                to[p * stride + c] = static_cast<Scalar>(static_cast<double>(integer) * tensor.step);
            }
        }
    }
}

template void store_requantized(GraphState<float>&, const TrainingStage<float>&, std::int64_t, std::int64_t);
template void store_requantized(GraphState<double>&, const TrainingStage<double>&, std::int64_t, std::int64_t);

}  // namespace npusim
