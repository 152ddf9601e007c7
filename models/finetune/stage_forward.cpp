#include <optional>

#include "npusim/models/quantization/weight_quantizer.h"
#include "stage_tail.h"

namespace npusim {
namespace {

template <typename Scalar>
class StageForward {
public:
    StageForward(GraphState<Scalar>& state, TrainingStage<Scalar>& stage) : state_(state), stage_(stage) {
        if (stage.norm == nullptr || !state.uses_batch_statistics()) return;
        sums_.assign(static_cast<std::size_t>(state.parts()),
                     std::vector<double>(2 * static_cast<std::size_t>(stage.channels())));
    }

    /// The main operation of a part, and the sums for its statistics.
    void run_main(const Part& part, PartScratch<Scalar>& scratch) {
        run_operation(part, scratch);
        if (!sums_.empty()) sum_up(part);
    }

    /// When all parts have run.
    void finish_main() {
        state_.share.gather(std::span(sums_), 1);
        if (stage_.norm == nullptr) return;
        finish_norm();
        stage_.memory.norm = {stage_.channels(), stage_.memory.mean.data(), stage_.memory.inverse_deviation.data(),
                              stage_.gamma->values.data(), stage_.beta->values.data()};
    }

    /// What follows the main operation: every stored version of a part.
    void run_tail(const Part& part, PartScratch<Scalar>& scratch) {
        const auto& destinations = stage_.node.destinations;
        if (destinations.size() == 1 && state_.computed_by(destinations[0].tensor) != nullptr) return;
        for_each_block(stage_, part, [&](const PixelBlock& block) { store_block(block, scratch); });
    }

private:
    /// The part's input view; gathers channels where the view is not the whole tensor.
    const Scalar* input(const Part& part, PartScratch<Scalar>& scratch) {
        const TensorView& view = stage_.node.input;
        if (const auto* writer = state_.computed_by(view.tensor)) return compute_input(state_, *writer, part, scratch);
        const TensorShape& whole = state_.structure.tensors[view.tensor].shape;
        const Scalar* from = state_.tensors[view.tensor].values.data() + state_.place(part, whole);
        if (view.channels == whole.channels) return from;
        Scalar* gathered = stage_.memory.input.data() + state_.place(part, stage_.node.input_shape);
        copy_from_channels(part.count * whole.height * whole.width, whole.channels, view.channel_begin, from,
                           view.channels, gathered);
        return gathered;
    }

    void run_operation(const Part& part, PartScratch<Scalar>& scratch) {
        const bool has_codes = state_.keeps_codes(stage_.node.input.tensor);
        const Scalar* in = has_codes ? nullptr : input(part, scratch);
        if (stage_.is_elementwise()) return;
        const std::int64_t images = part.count;
        const std::size_t offset = state_.place(part, stage_.node.output_shape);
        Scalar* out = stage_.memory.main_output.data() + offset;
        const KernelShapes& shapes = stage_.shapes;
        switch (stage_.node.op) {
            case QuantizedOp::convolution:
                convolve(part, in, out, scratch.conv);
                break;
            case QuantizedOp::max_pool:
                max_pool_forward(shapes.pool, images, in, out, stage_.memory.winners.data() + offset);
                break;
            case QuantizedOp::average_pool:
                if (stage_.node.adaptive) {
                    adaptive_average_pool_forward(shapes.pool, images, in, out);
                } else {
                    average_pool_forward(shapes.pool, images, in, out);
                }
                break;
            case QuantizedOp::slice_pad:
                slice_pad_forward(shapes.slice, images, in, out);
                break;
            case QuantizedOp::elementwise:
                break;
        }
        // The requantizer adds the bias.
        if (stage_.bias != nullptr && state_.integers == nullptr) {
            add_bias(images * stage_.pixels(), stage_.channels(), out, stage_.bias->values.data(), out);
        }
    }

    /// Without numbers of the input there are its codes.
    void convolve(const Part& part, const Scalar* in, Scalar* out, ConvWorkspace& workspace) {
        const Scalar* weights = stage_.weights.used.data();
        const std::size_t place = state_.place(part, stage_.node.input_shape);
        const auto steps = state_.conv_steps(stage_);
        workspace.expect_weights(state_.weights_version);
        if (in == nullptr) {
            const std::uint8_t* codes = state_.tensors[stage_.node.input.tensor].codes.data() + place;
            quantized_conv2d_forward(stage_.shapes.conv, part.count, *steps, codes, weights, out, workspace);
        } else if (steps) {
            std::uint8_t* codes = stage_.memory.codes.data() + place;
            quantized_conv2d_forward(stage_.shapes.conv, part.count, *steps, in, weights, out, codes, workspace);
        } else {
            conv2d_forward(stage_.shapes.conv, part.count, in, weights, out, workspace);
        }
    }

    void sum_up(const Part& part) {
        double* sum = sums_[static_cast<std::size_t>(part.number)].data();
        const PixelBlock whole = pixels_of(stage_, part);
        accumulate_statistics(whole.count, stage_.channels(), main_output(state_, stage_, whole), sum,
                              sum + stage_.channels());
    }

    /// Statistics of the batch, summed over the parts in their order, or those kept.
    void finish_norm() {
        StageMemory<Scalar>& memory = stage_.memory;
        if (sums_.empty()) {
            frozen_statistics(stage_.channels(), stage_.norm->epsilon, stage_.running_mean->data(),
                              stage_.running_variance->data(), memory.mean.data(), memory.inverse_deviation.data());
            return;
        }
        for (std::size_t part = 1; part < sums_.size(); ++part) {
            for (std::size_t i = 0; i < sums_[0].size(); ++i) sums_[0][i] += sums_[part][i];
        }
        const std::int64_t pixels = state_.images * stage_.pixels();
        const double* sum = sums_[0].data();
        finish_statistics(pixels, stage_.channels(), stage_.norm->epsilon, sum, sum + stage_.channels(),
                          memory.mean.data(), memory.inverse_deviation.data());
        update_running_statistics(pixels, stage_.channels(), state_.setup.batch_norm_momentum, sum,
                                  sum + stage_.channels(), stage_.running_mean->data(),
                                  stage_.running_variance->data());
    }

    /// Every stored version of a block.
    void store_block(const PixelBlock& block, PartScratch<Scalar>& scratch) {
        if (state_.integers != nullptr) {
            store_requantized(state_, stage_, block.first, block.count);
            return;
        }
        const auto& destinations = stage_.node.destinations;
        if (destinations.size() == 1 && !state_.quantizes(destinations[0].tensor) && is_whole(destinations[0])) {
            Scalar* to = state_.tensors[destinations[0].tensor].values.data() + block.first * stage_.channels();
            compute_tail(state_, stage_, block, scratch, to);
            if (state_.notes_passes(stage_)) note(block, to);
            return;
        }
        scratch.before.resize(static_cast<std::size_t>(block.count * stage_.channels()));
        compute_tail(state_, stage_, block, scratch, scratch.before.data());
        if (state_.notes_passes(stage_)) note(block, scratch.before.data());
        for (const auto& destination : destinations) store(block, destination, scratch);
    }

    /// Which gradients the backward pass will let through, so that it need not make the values again.
    void note(const PixelBlock& block, const Scalar* values) {
        const std::int64_t elements = block.count * stage_.channels();
        std::uint8_t* passes = stage_.memory.passes.data() + block.first * stage_.channels();
        if (stage_.node.relu) {
            note_relu(elements, values, passes);
        } else {
            std::fill_n(passes, elements, std::uint8_t{1});
        }
        for (std::size_t d = 0; d < stage_.node.destinations.size(); ++d) {
            const TensorId tensor = stage_.node.destinations[d].tensor;
            if (!state_.quantizes(tensor)) continue;
            note_passes(elements, state_.quantizer(tensor), values, static_cast<std::uint8_t>(2U << d), passes);
        }
    }

    [[nodiscard]] bool is_whole(const Destination& destination) const {
        return state_.structure.tensors[destination.tensor].shape.channels == stage_.channels();
    }

    void store(const PixelBlock& block, const Destination& destination, PartScratch<Scalar>& scratch) {
        const std::int64_t elements = block.count * stage_.channels();
        if (state_.quantizes(destination.tensor) && is_whole(destination)) {
            const auto place = static_cast<std::size_t>(block.first * stage_.channels());
            store_quantized(state_, destination.tensor, elements, scratch.before.data(), place);
            return;
        }
        BatchTensor<Scalar>& to = state_.tensors[destination.tensor];
        const std::int64_t to_channels = state_.structure.tensors[destination.tensor].shape.channels;
        Scalar* begin = to.values.data() + block.first * to_channels;
        const Scalar* values = scratch.before.data();
        if (state_.quantizes(destination.tensor)) {
            scratch.passed.resize(static_cast<std::size_t>(elements));
            fake_quantize_forward(elements, state_.quantizer(destination.tensor), values, scratch.passed.data());
            values = scratch.passed.data();
        }
        if (!is_whole(destination)) {
            copy_into_channels(block.count, stage_.channels(), values, to_channels, destination.channel_begin, begin);
        } else {
            std::copy_n(values, elements, begin);
        }
    }

    GraphState<Scalar>& state_;
    TrainingStage<Scalar>& stage_;
    std::vector<std::vector<double>> sums_;  ///< [part][2 × channel]; empty with running statistics
};

}  // namespace

template <typename Scalar>
void prepare_weights(const GraphState<Scalar>& state, TrainingStage<Scalar>& stage) {
    StageWeights<Scalar>& weights = stage.weights;
    const std::vector<Scalar>& values = weights.tensor->values;
    weights.used.resize(values.size());
    if (!state.quantizes()) {
        pack_weights(stage.shapes.conv, values.data(), weights.used.data());
        return;
    }
    if (!state.learns_steps()) {
        const std::vector<float> as_float(values.begin(), values.end());
        weights.steps = weight_steps(as_float, stage.channels(), stage.node.weight_bits, state.setup.precision);
    }
    weights.master.resize(values.size());
    pack_weights(stage.shapes.conv, values.data(), weights.master.data());
    fake_quantize_weights_forward(stage.shapes.conv.depth(), stage.weight_quantizer(state.setup.precision.rounding),
                                  weights.master.data(), weights.used.data());
}

template <typename Scalar>
void run_forward(GraphState<Scalar>& state) {
    std::optional<StageForward<Scalar>> before;  // its tail is due
    for (auto& stage : state.stages) {
        StageForward<Scalar> current(state, stage);
        state.for_each_part([&](const Part& part, PartScratch<Scalar>& scratch) {
            if (before) before->run_tail(part, scratch);
            current.run_main(part, scratch);
        });
        current.finish_main();
        before.emplace(std::move(current));
    }
    if (!before) return;
    state.for_each_part([&](const Part& part, PartScratch<Scalar>& scratch) { before->run_tail(part, scratch); });
}

template void prepare_weights(const GraphState<float>&, TrainingStage<float>&);
template void prepare_weights(const GraphState<double>&, TrainingStage<double>&);
template void run_forward(GraphState<float>&);
template void run_forward(GraphState<double>&);

}  // namespace npusim
