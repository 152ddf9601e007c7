#include <optional>

#include "stage_tail.h"

namespace npusim {
namespace {

template <typename Scalar>
class StageBackward {
public:
    StageBackward(GraphState<Scalar>& state, TrainingStage<Scalar>& stage) : state_(state), stage_(stage) {
        const auto parts = static_cast<std::size_t>(state.parts());
        const auto channels = static_cast<std::size_t>(stage.channels());
        step_gradients_.assign(parts, std::vector<double>(stage.node.destinations.size()));
        norm_sums_.assign(parts, std::vector<double>(stage.norm != nullptr ? 2 * channels : 0));
        bias_gradients_.assign(parts, std::vector<Scalar>(stage.bias != nullptr ? channels : 0));
    }

    /// Before the first part is collected.
    void begin_collecting() {
        if (stage_.node.residual) prepare(*stage_.node.residual);
        residual_holds_gradient_ = residual_takes_stage_gradient();
        masks_again_ = !stage_.node.residual && stage_.drop_probability == 0 && may_reuse_given();
    }

    /// From the stored versions' gradients of some images to the gradient before ReLU and residual, and batch norm's
    /// sums. A part's images come in their order.
    void collect(const ImageRange& range, PartScratch<Scalar>& scratch) {
        Scalar* gradient = stage_gradient(range);
        for_each_block(stage_, range, [&](const PixelBlock& block) {
            collect_block(range.part, block, scratch, gradient);
            gradient += block.count * stage_.channels();
        });
    }

    void finish_collecting() {
        if (stage_.node.residual) state_.tensors[stage_.node.residual->tensor].has_gradient = true;
        if (state_.learns_steps()) reduce_steps();
        if (stage_.norm != nullptr) reduce_norm();
    }

    /// Before the first group is propagated.
    void begin_propagating() {
        if (stage_.node.input.tensor != 0) prepare(stage_.node.input);
        if (weight_gradients_.size() < groups_) weight_gradients_.resize(groups_);
        BatchTensor<Scalar>& input = state_.tensors[stage_.node.input.tensor];
        input_has_gradient_ = input.has_gradient;
        input.has_gradient = true;
    }

    /// The parts whose weight gradients are summed where they are made.
    [[nodiscard]] std::int64_t parts_of_group() const { return group_parts_; }

    /// A part through batch norm and the main operation, to the weights' gradient; a group's parts come in their order.
    /// Then to the input's, some images at a time where `before`, the stage that collects, leaves this one's gradient
    /// alone: calls collect(range) behind each.
    template <typename Collect>
    void propagate(std::int64_t part, PartScratch<Scalar>& scratch, const StageBackward* before,
                   const Collect& collect) {
        std::vector<Scalar>& sum = weight_gradients_[static_cast<std::size_t>(part / group_parts_)];
        if (part % group_parts_ == 0) sum.assign(stage_.weights.used.size(), Scalar{0});
        const ImageRange whole = state_.images_of(part);
        const Scalar* gradient = propagate_norm(whole);
        const bool shares_room = before != nullptr && before->has_room_for_gradient() && !may_reuse_given();
        if (state_.conv_steps(stage_) || stage_.node.op != QuantizedOp::convolution || shares_room) {
            run_input(whole, gradient, sum.data(), scratch);
            collect(whole);
            return;
        }
        conv2d_backward_weights(stage_.shapes.conv, whole.count, input(whole, scratch), gradient, sum.data(),
                                scratch.conv);
        state_.for_each_cached_range(part, stage_, [&](const ImageRange& range) {
            run_input(range, gradient + (range.first - whole.first) * stage_.node.output_shape.elements(), nullptr,
                      scratch);
            collect(range);
        });
    }

    void finish_propagating() {
        if (stage_.has_weights()) reduce_weights();
        if (stage_.bias != nullptr) reduce_bias();
    }

private:
    /// The residual's gradient is the stage's. Where it is the tensor's first and batch norm makes a new one of it
    /// anyway, it is put where it belongs at once.
    [[nodiscard]] bool residual_takes_stage_gradient() const {
        if (!stage_.node.residual || stage_.norm == nullptr) return false;
        const TensorView& view = *stage_.node.residual;
        const bool is_whole = view.channels == state_.structure.tensors[view.tensor].shape.channels;
        return is_whole && !state_.tensors[view.tensor].has_gradient;
    }

    /// Does the stage's gradient behind ReLU lie in one tensor as it is?
    [[nodiscard]] bool is_given() const {
        const auto& destinations = stage_.node.destinations;
        return destinations.size() == 1 && !state_.quantizes(destinations[0].tensor) && is_whole(destinations[0]) &&
               state_.tensors[destinations[0].tensor].has_gradient;
    }

    /// The given gradient is there until batch norm's is made, and may be overwritten by it (plan_gradient_slots).
    [[nodiscard]] bool may_reuse_given() const { return stage_.norm != nullptr && !state_.quantizes() && is_given(); }

    /// Some images of the given gradient.
    [[nodiscard]] Scalar* given_gradient(const ImageRange& range) const {
        return state_.tensors[stage_.node.destinations[0].tensor].gradient.data() +
               state_.place(range, stage_.node.output_shape);
    }

    /// The images' gradient before ReLU and residual; behind ReLU where that is masked again.
    [[nodiscard]] Scalar* stage_gradient(const ImageRange& range) const {
        if (masks_again_) return given_gradient(range);
        if (!residual_holds_gradient_) return state_.stage_gradient_of(range, stage_.node.output_shape);
        return state_.tensors[stage_.node.residual->tensor].gradient.data() +
               state_.place(range, stage_.node.output_shape);
    }

    /// Does the stage collect its gradient in the room that all stages share?
    [[nodiscard]] bool has_room_for_gradient() const { return !masks_again_ && !residual_holds_gradient_; }

    /// A tensor of which only a range of channels gets a gradient begins at zero.
    void prepare(const TensorView& view) {
        BatchTensor<Scalar>& tensor = state_.tensors[view.tensor];
        if (!tensor.read_in_parts || tensor.has_gradient) return;
        std::fill(tensor.gradient.begin(), tensor.gradient.end(), Scalar{0});
        tensor.has_gradient = true;
    }

    void collect_block(std::int64_t part, const PixelBlock& block, PartScratch<Scalar>& scratch, Scalar* gradient) {
        const std::int64_t elements = block.count * stage_.channels();
        if (masks_again_) return sum_up(part, block, gradient, scratch);
        const bool is_noted = state_.notes_passes(stage_);
        const Scalar* values = is_noted ? nullptr : values_before_quantizers(block, scratch);
        const Scalar* given = collect_gradient(part, block, scratch, gradient);
        if (stage_.drop_probability > 0) {
            dropout(dropout_of(state_, stage_), block.first * stage_.channels(), elements, given, gradient);
            given = gradient;
        }
        if (stage_.node.relu && !is_noted) {
            relu_backward(elements, values, given, gradient);
        } else if (given != gradient) {
            std::copy_n(given, elements, gradient);
        }
        if (stage_.node.residual) {
            const TensorView& residual = *stage_.node.residual;
            add_to_tensor(residual, block, state_.tensors[residual.tensor].has_gradient, gradient);
        }
        if (stage_.norm != nullptr) sum_up(part, block, gradient, scratch);
    }

    /// What batch norm wants to know of the whole batch.
    void sum_up(std::int64_t part, const PixelBlock& block, const Scalar* gradient, PartScratch<Scalar>& scratch) {
        double* sums = norm_sums_[static_cast<std::size_t>(part)].data();
        scratch.passed.resize(static_cast<std::size_t>(block.count * stage_.channels()));
        batch_norm_backward_sums<Scalar>(block.count, main_output(state_, stage_, block), gradient, stage_.memory.norm,
                                         is_masked_by_norm(), scratch.passed.data(), sums, sums + stage_.channels());
    }
    [[nodiscard]] bool is_masked_by_norm() const { return masks_again_ && stage_.node.relu; }

    /// What ReLU and quantizers need to know: the stored tensor itself in fp32, else computed once more. Null where
    /// nobody asks.
    const Scalar* values_before_quantizers(const PixelBlock& block, PartScratch<Scalar>& scratch) {
        if (!stage_.node.relu && !state_.quantizes()) return nullptr;
        if (!state_.quantizes() && stage_.drop_probability == 0) {
            for (const Destination& destination : stage_.node.destinations) {
                if (is_whole(destination)) {
                    return state_.tensors[destination.tensor].values.data() + block.first * stage_.channels();
                }
            }
        }
        scratch.before.resize(static_cast<std::size_t>(block.count * stage_.channels()));
        compute_tail(state_, stage_, block, scratch, scratch.before.data());
        return scratch.before.data();
    }

    [[nodiscard]] bool is_whole(const Destination& destination) const {
        return state_.structure.tensors[destination.tensor].shape.channels == stage_.channels();
    }

    /// The sum of what the stored versions' readers ask for: in `gradient`, or where it lies already.
    const Scalar* collect_gradient(std::int64_t part, const PixelBlock& block, PartScratch<Scalar>& scratch,
                                   Scalar* gradient) {
        const auto& destinations = stage_.node.destinations;
        if (is_given() && !state_.notes_passes(stage_)) {
            return state_.tensors[destinations[0].tensor].gradient.data() + block.first * stage_.channels();
        }
        bool first = true;
        for (std::size_t d = 0; d < destinations.size(); ++d) {
            first = !add_destination(part, d, block, scratch, gradient, first) && first;
        }
        if (first) std::fill_n(gradient, block.count * stage_.channels(), Scalar{0});
        return gradient;
    }

    /// Writes (first) or adds one destination's gradient; false when nobody gave it one.
    bool add_destination(std::int64_t part, std::size_t d, const PixelBlock& block, PartScratch<Scalar>& scratch,
                         Scalar* gradient, bool first) {
        const Destination& destination = stage_.node.destinations[d];
        const BatchTensor<Scalar>& from = state_.tensors[destination.tensor];
        if (!from.has_gradient) return false;
        const std::int64_t elements = block.count * stage_.channels();
        const TensorView view{destination.tensor, destination.channel_begin, stage_.channels()};
        const Scalar* arrived =
            read_view(from.gradient, state_.structure.tensors[destination.tensor].shape, view, block, scratch.gathered);
        if (state_.notes_passes(stage_)) {
            // ReLU's part lets through as little before the sum and dropout as behind them.
            const unsigned bits = 1U | (state_.quantizes(destination.tensor) ? 2U << d : 0U);
            scratch.passed.resize(static_cast<std::size_t>(elements));
            Scalar* passed = first ? gradient : scratch.passed.data();
            pass_gradient(elements, stage_.memory.passes.data() + block.first * stage_.channels(),
                          static_cast<std::uint8_t>(bits), arrived, passed);
            arrived = passed;
        } else if (state_.quantizes(destination.tensor)) {
            const ActivationQuantizer quantizer = state_.quantizer(destination.tensor);
            scratch.passed.resize(static_cast<std::size_t>(elements));
            Scalar* passed = first ? gradient : scratch.passed.data();
            if (state_.learns_steps()) {
                step_gradients_[static_cast<std::size_t>(part)][d] +=
                    learned_quantize_backward(elements, quantizer, scratch.before.data(), arrived, passed);
            } else {
                fake_quantize_backward(elements, quantizer, scratch.before.data(), arrived, passed);
            }
            arrived = passed;
        }
        if (!first) {
            accumulate(elements, arrived, gradient);
        } else if (arrived != gradient) {
            std::copy_n(arrived, elements, gradient);
        }
        return true;
    }

    /// Adds a block's gradient to the view's channels of its tensor, or is the first to write them.
    void add_to_tensor(const TensorView& view, const PixelBlock& block, bool has_gradient, const Scalar* gradient) {
        BatchTensor<Scalar>& to = state_.tensors[view.tensor];
        const std::int64_t to_channels = state_.structure.tensors[view.tensor].shape.channels;
        Scalar* begin = to.gradient.data() + block.first * to_channels;
        if (begin == gradient) return;
        if (view.channels == to_channels) {
            if (has_gradient) {
                accumulate(block.count * to_channels, gradient, begin);
            } else {
                std::copy_n(gradient, block.count * to_channels, begin);
            }
            return;
        }
        for (std::int64_t p = 0; p < block.count; ++p) {
            accumulate(view.channels, gradient + p * view.channels, begin + p * to_channels + view.channel_begin);
        }
    }

    /// The part's gradient before batch norm; where nobody needs the given one any more, in its place.
    const Scalar* propagate_norm(const ImageRange& range) {
        const PixelBlock whole = pixels_of(stage_, range);
        const Scalar* behind_norm = stage_gradient(range);
        Scalar* gradient =
            may_reuse_given() ? given_gradient(range) : state_.stage_gradient_of(range, stage_.node.output_shape);
        const Scalar* main = stage_.norm != nullptr ? main_output(state_, stage_, whole) : nullptr;
        if (stage_.norm != nullptr && !state_.uses_batch_statistics()) {
            batch_norm_backward_frozen<Scalar>(whole.count, main, behind_norm, stage_.memory.norm, is_masked_by_norm(),
                                               gradient);
        } else if (stage_.norm != nullptr) {
            const double* sums = norm_sums_[0].data();
            batch_norm_backward<Scalar>(whole.count, main, behind_norm, stage_.memory.norm, is_masked_by_norm(),
                                        state_.images * stage_.pixels(), sums, sums + stage_.channels(), gradient);
        }
        if (stage_.bias != nullptr) {
            bias_backward(whole.count, stage_.channels(), gradient,
                          bias_gradients_[static_cast<std::size_t>(range.part)].data());
        }
        return gradient;
    }

    [[nodiscard]] const Scalar* input(const ImageRange& range, PartScratch<Scalar>& scratch) const {
        const TensorView& view = stage_.node.input;
        if (const auto* writer = state_.computed_by(view.tensor)) return compute_input(state_, *writer, range, scratch);
        const std::vector<Scalar>& values =
            stage_.memory.input.empty() ? state_.tensors[view.tensor].values : stage_.memory.input;
        return values.data() + state_.place(range, stage_.node.input_shape);
    }

    /// The input's gradient, and the weights' unless `weight_gradient` is null.
    void run_input(const ImageRange& range, const Scalar* gradient, Scalar* weight_gradient,
                   PartScratch<Scalar>& scratch) {
        const TensorView& view = stage_.node.input;
        if (view.tensor == 0) return run_kernel(range, gradient, nullptr, weight_gradient, scratch);
        BatchTensor<Scalar>& to = state_.tensors[view.tensor];
        const std::int64_t in_pixels = stage_.node.input_shape.height * stage_.node.input_shape.width;
        const PixelBlock whole{range.first * in_pixels, range.count * in_pixels};
        if (stage_.is_elementwise()) {
            add_to_tensor(view, whole, input_has_gradient_, gradient);
            return;
        }
        if (!input_has_gradient_) {
            run_kernel(range, gradient, to.gradient.data() + whole.first * view.channels, weight_gradient, scratch);
            return;
        }
        scratch.part.resize(static_cast<std::size_t>(whole.count * view.channels));
        run_kernel(range, gradient, scratch.part.data(), weight_gradient, scratch);
        add_to_tensor(view, whole, true, scratch.part.data());
    }

    /// Writes the gradient of the images' input, unless `to` is null (the network's input needs none), and adds the
    /// weights'.
    void run_kernel(const ImageRange& range, const Scalar* gradient, Scalar* to, Scalar* weight_gradient,
                    PartScratch<Scalar>& scratch) {
        if (stage_.node.op == QuantizedOp::convolution) {
            convolve_back(range, gradient, to, weight_gradient, scratch);
        } else if (to != nullptr) {
            run_plain_kernel(range, gradient, to);
        }
    }

    void convolve_back(const ImageRange& range, const Scalar* gradient, Scalar* to, Scalar* weight_gradient,
                       PartScratch<Scalar>& scratch) {
        ConvWorkspace& workspace = scratch.conv;
        const ConvShape& shape = stage_.shapes.conv;
        const Scalar* weights = stage_.weights.used.data();
        const std::size_t place = state_.place(range, stage_.node.input_shape);
        const auto steps = state_.conv_steps(stage_);
        workspace.expect_weights(state_.weights_version);
        if (!steps) {
            if (weight_gradient != nullptr) {
                conv2d_backward_weights(shape, range.count, input(range, scratch), gradient, weight_gradient,
                                        workspace);
            }
            if (to != nullptr) conv2d_backward_input(shape, range.count, gradient, weights, to, workspace);
        } else if (state_.keeps_codes(stage_.node.input.tensor)) {
            const std::uint8_t* codes = state_.tensors[stage_.node.input.tensor].codes.data() + place;
            quantized_conv2d_backward(shape, range.count, *steps, codes, weights, gradient, to, weight_gradient,
                                      workspace);
        } else {
            const std::uint8_t* codes = stage_.memory.codes.data() + place;
            quantized_conv2d_backward(shape, range.count, *steps, input(range, scratch), codes, weights, gradient, to,
                                      weight_gradient, workspace);
        }
    }

    void run_plain_kernel(const ImageRange& range, const Scalar* gradient, Scalar* to) {
        const KernelShapes& shapes = stage_.shapes;
        switch (stage_.node.op) {
            case QuantizedOp::max_pool:
                max_pool_backward(shapes.pool, range.count, gradient,
                                  stage_.memory.winners.data() + state_.place(range, stage_.node.output_shape), to);
                break;
            case QuantizedOp::average_pool:
                if (stage_.node.adaptive) {
                    adaptive_average_pool_backward(shapes.pool, range.count, gradient, to);
                } else {
                    average_pool_backward(shapes.pool, range.count, gradient, to);
                }
                break;
            case QuantizedOp::slice_pad:
                slice_pad_backward(shapes.slice, range.count, gradient, to);
                break;
            case QuantizedOp::convolution:
            case QuantizedOp::elementwise:
                break;
        }
    }

    template <typename Value>
    void sum_parts(std::vector<std::vector<Value>>& parts) {
        state_.share.gather(std::span(parts), 1);
        for (std::size_t part = 1; part < parts.size(); ++part) {
            for (std::size_t i = 0; i < parts[0].size(); ++i) parts[0][i] += parts[part][i];
        }
    }

    /// The groups in their order, the elements on all threads.
    void sum_weight_groups() {
        constexpr std::size_t kGrain = 1 << 16;
        for (std::size_t group = 0; group < groups_; ++group) {
            weight_gradients_[group].resize(stage_.weights.used.size());  // those of other ranks
        }
        state_.share.gather(std::span(weight_gradients_).first(groups_), group_parts_);
        std::vector<Scalar>& sum = weight_gradients_[0];
        tbb::parallel_for(tbb::blocked_range<std::size_t>(0, sum.size(), kGrain), [&](const auto& range) {
            for (std::size_t group = 1; group < groups_; ++group) {
                for (std::size_t i = range.begin(); i < range.end(); ++i) sum[i] += weight_gradients_[group][i];
            }
        });
    }

    void reduce_steps() {
        sum_parts(step_gradients_);
        for (std::size_t d = 0; d < stage_.node.destinations.size(); ++d) {
            state_.tensors[stage_.node.destinations[d].tensor].step_gradient += step_gradients_[0][d];
        }
    }

    void reduce_norm() {
        sum_parts(norm_sums_);
        const auto channels = static_cast<std::size_t>(stage_.channels());
        for (std::size_t c = 0; c < channels; ++c) {
            stage_.beta->gradient[c] += static_cast<Scalar>(norm_sums_[0][c]);
            stage_.gamma->gradient[c] += static_cast<Scalar>(norm_sums_[0][c + channels]);
        }
    }

    void reduce_weights() {
        sum_weight_groups();
        std::vector<Scalar>& packed = weight_gradients_[0];
        StageWeights<Scalar>& weights = stage_.weights;
        if (state_.quantizes()) {
            const WeightQuantizer quantizer = stage_.weight_quantizer(state_.setup.precision.rounding);
            const std::int64_t depth = stage_.shapes.conv.depth();
            if (state_.learns_steps()) {
                weight_step_gradients(depth, quantizer, weights.master.data(), packed.data(),
                                      weights.step_gradients.data());
            }
            fake_quantize_weights_backward(depth, quantizer, weights.master.data(), packed.data(), packed.data());
        }
        add_unpacked_weights(stage_.shapes.conv, packed.data(), weights.tensor->gradient.data());
    }

    void reduce_bias() {
        sum_parts(bias_gradients_);
        accumulate(stage_.channels(), bias_gradients_[0].data(), stage_.bias->gradient.data());
    }

    GraphState<Scalar>& state_;
    TrainingStage<Scalar>& stage_;
    std::int64_t group_parts_ = state_.parts_per_group(stage_);
    std::size_t groups_ = static_cast<std::size_t>(state_.weight_groups(stage_));
    bool residual_holds_gradient_ = false;             ///< the stage's gradient lies in its residual's
    bool masks_again_ = false;                         ///< nothing is made of the given gradient until batch norm
    bool input_has_gradient_ = false;                  ///< of stages behind this one
    std::vector<std::vector<double>> step_gradients_;  ///< [part][destination]
    std::vector<std::vector<double>> norm_sums_;       ///< [part][2 × channel]
    std::vector<std::vector<Scalar>> bias_gradients_;  ///< [part][channel]
    std::vector<std::vector<Scalar>>& weight_gradients_ = state_.weight_gradients;  ///< [group][HWIO]
};

}  // namespace

template <typename Scalar>
void run_backward(GraphState<Scalar>& state) {
    std::optional<StageBackward<Scalar>> behind;  // it is collected, and propagates while the stage before it collects
    const auto run = [&](StageBackward<Scalar>* before) {
        if (behind) behind->begin_propagating();
        if (before != nullptr) before->begin_collecting();
        state.for_each_group(behind ? behind->parts_of_group() : 1, [&](std::int64_t part, auto& scratch) {
            const auto collect = [&](const ImageRange& range) {
                if (before != nullptr) before->collect(range, scratch);
            };
            if (behind) {
                behind->propagate(part, scratch, before, collect);
            } else {
                collect(state.images_of(part));
            }
        });
        if (behind) behind->finish_propagating();
        if (before != nullptr) before->finish_collecting();
    };
    for (std::size_t i = state.stages.size(); i-- > 0;) {
        StageBackward<Scalar> current(state, state.stages[i]);
        run(&current);
        behind.emplace(std::move(current));
    }
    run(nullptr);
}

template void run_backward(GraphState<float>&);
template void run_backward(GraphState<double>&);

}  // namespace npusim
