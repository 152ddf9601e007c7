// The first half of a stage's way back: from the gradients of what it stored to that before ReLU and residual.
#pragma once

#include "stage_tail.h"

namespace npusim {

/// A tensor of which only a range of channels gets a gradient begins at zero.
template <typename Scalar>
void prepare_gradient(BatchTensor<Scalar>& tensor) {
    if (!tensor.read_in_parts || tensor.has_gradient) return;
    std::fill(tensor.gradient.begin(), tensor.gradient.end(), Scalar{0});
    tensor.has_gradient = true;
}

/// Adds a block's gradient to the view's channels of its tensor, or is the first to write them.
template <typename Scalar>
void add_to_tensor(GraphState<Scalar>& state, const TensorView& view, const PixelBlock& block, bool has_gradient,
                   const Scalar* gradient) {
    BatchTensor<Scalar>& to = state.tensors[view.tensor];
    const std::int64_t to_channels = state.structure.tensors[view.tensor].shape.channels;
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

/// Into the first, in the order of the parts.
template <typename Value>
void sum_parts(const PartShare& share, std::vector<std::vector<Value>>& parts) {
    share.gather(std::span(parts), 1);
    for (std::size_t part = 1; part < parts.size(); ++part) {
        for (std::size_t i = 0; i < parts[0].size(); ++i) parts[0][i] += parts[part][i];
    }
}

template <typename Scalar>
class StageCollection {
public:
    StageCollection(GraphState<Scalar>& state, TrainingStage<Scalar>& stage) : state_(state), stage_(stage) {
        const auto parts = static_cast<std::size_t>(state.parts());
        const auto channels = static_cast<std::size_t>(stage.channels());
        step_gradients_.assign(parts, std::vector<double>(stage.node.destinations.size()));
        norm_sums_.assign(parts, std::vector<double>(stage.norm != nullptr ? 2 * channels : 0));
    }

    /// Before the first part is collected.
    void begin() {
        if (residual_ != nullptr) prepare_gradient(state_.tensors[residual_->tensor]);
        residual_holds_gradient_ = residual_takes_stage_gradient();
        // plan_gradient_slots keeps the given gradient for long enough where nothing is quantized.
        masks_again_ = !state_.quantizes() && stage_.norm != nullptr && !stage_.node.residual &&
                       stage_.drop_probability == 0 && is_given();
    }

    /// From the stored versions' gradients of a part to the gradient before ReLU and residual, and batch norm's sums.
    void collect(const Part& part, PartScratch<Scalar>& scratch) {
        Scalar* gradient = stage_gradient(part);
        for_each_block(stage_, part, [&](const PixelBlock& block) {
            collect_block(part.number, block, scratch, gradient);
            gradient += block.count * stage_.channels();
        });
    }

    void finish() {
        if (residual_ != nullptr) state_.tensors[residual_->tensor].has_gradient = true;
        if (state_.learns_steps()) reduce_steps();
        if (stage_.norm != nullptr) reduce_norm();
    }

    /// The part's gradient before ReLU and residual; behind ReLU where that is masked again.
    [[nodiscard]] Scalar* stage_gradient(const Part& part) const {
        if (masks_again_) return given_gradient(part);
        if (!residual_holds_gradient_) return state_.stage_gradient_of(part);
        return state_.tensors[residual_->tensor].gradient.data() + state_.place(part, stage_.node.output_shape);
    }

    /// Where batch norm's gradient of a part may go: nobody needs what is there any more.
    [[nodiscard]] Scalar* room_behind(const Part& part) const {
        return masks_again_ ? given_gradient(part) : state_.stage_gradient_of(part);
    }
    /// Is ReLU still to be passed by it?
    [[nodiscard]] bool is_masked_by_norm() const { return masks_again_ && stage_.node.relu; }
    /// Of the whole batch, [2 × channel]: the gradients of beta and of gamma.
    [[nodiscard]] const std::vector<double>& norm_sums() const { return norm_sums_[0]; }

private:
    /// The residual's gradient is the stage's. Where it is the tensor's first and batch norm makes a new one of it
    /// anyway, it is put where it belongs at once.
    [[nodiscard]] bool residual_takes_stage_gradient() const {
        if (residual_ == nullptr || stage_.norm == nullptr) return false;
        const bool is_whole = residual_->channels == state_.structure.tensors[residual_->tensor].shape.channels;
        return is_whole && !state_.tensors[residual_->tensor].has_gradient;
    }

    /// Does the stage's gradient behind ReLU lie in one tensor as it is?
    [[nodiscard]] bool is_given() const {
        const auto& destinations = stage_.node.destinations;
        return destinations.size() == 1 && !state_.quantizes(destinations[0].tensor) && is_whole(destinations[0]) &&
               state_.tensors[destinations[0].tensor].has_gradient;
    }

    /// A part of the given gradient.
    [[nodiscard]] Scalar* given_gradient(const Part& part) const {
        return state_.tensors[stage_.node.destinations[0].tensor].gradient.data() +
               state_.place(part, stage_.node.output_shape);
    }

    void collect_block(std::int64_t number, const PixelBlock& block, PartScratch<Scalar>& scratch, Scalar* gradient) {
        const std::int64_t elements = block.count * stage_.channels();
        if (masks_again_) return sum_up(number, block, gradient, scratch);
        const bool is_noted = state_.notes_passes(stage_);
        const Scalar* values = is_noted ? nullptr : values_before_quantizers(block, scratch);
        const Scalar* given = collect_gradient(number, block, scratch, gradient);
        if (stage_.drop_probability > 0) {
            dropout(dropout_of(state_, stage_), block.first * stage_.channels(), elements, given, gradient);
            given = gradient;
        }
        if (stage_.node.relu && !is_noted) {
            relu_backward(elements, values, given, gradient);
        } else if (given != gradient) {
            std::copy_n(given, elements, gradient);
        }
        if (residual_ != nullptr) {
            add_to_tensor(state_, *residual_, block, state_.tensors[residual_->tensor].has_gradient, gradient);
        }
        if (stage_.norm != nullptr) sum_up(number, block, gradient, scratch);
    }

    /// What batch norm wants to know of the whole batch.
    void sum_up(std::int64_t number, const PixelBlock& block, const Scalar* gradient, PartScratch<Scalar>& scratch) {
        double* sums = norm_sums_[static_cast<std::size_t>(number)].data();
        scratch.passed.resize(static_cast<std::size_t>(block.count * stage_.channels()));
        batch_norm_backward_sums<Scalar>(block.count, main_output(state_, stage_, block), gradient, stage_.memory.norm,
                                         is_masked_by_norm(), scratch.passed.data(), sums, sums + stage_.channels());
    }

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
    const Scalar* collect_gradient(std::int64_t number, const PixelBlock& block, PartScratch<Scalar>& scratch,
                                   Scalar* gradient) {
        const auto& destinations = stage_.node.destinations;
        if (is_given() && !state_.notes_passes(stage_)) {
            return state_.tensors[destinations[0].tensor].gradient.data() + block.first * stage_.channels();
        }
        bool first = true;
        for (std::size_t d = 0; d < destinations.size(); ++d) {
            first = !add_destination(number, d, block, scratch, gradient, first) && first;
        }
        if (first) std::fill_n(gradient, block.count * stage_.channels(), Scalar{0});
        return gradient;
    }

    /// Writes (first) or adds one destination's gradient; false when nobody gave it one.
    bool add_destination(std::int64_t number, std::size_t d, const PixelBlock& block, PartScratch<Scalar>& scratch,
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
                step_gradients_[static_cast<std::size_t>(number)][d] +=
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

    void reduce_steps() {
        sum_parts(state_.share, step_gradients_);
        for (std::size_t d = 0; d < stage_.node.destinations.size(); ++d) {
            state_.tensors[stage_.node.destinations[d].tensor].step_gradient += step_gradients_[0][d];
        }
    }

    void reduce_norm() {
        sum_parts(state_.share, norm_sums_);
        const auto channels = static_cast<std::size_t>(stage_.channels());
        for (std::size_t c = 0; c < channels; ++c) {
            stage_.beta->gradient[c] += static_cast<Scalar>(norm_sums_[0][c]);
            stage_.gamma->gradient[c] += static_cast<Scalar>(norm_sums_[0][c + channels]);
        }
    }

    GraphState<Scalar>& state_;
    TrainingStage<Scalar>& stage_;
    /// Null where there is none, or it is the network's input, which needs no gradient.
    const TensorView* residual_ =
        stage_.node.residual && stage_.node.residual->tensor != 0 ? &*stage_.node.residual : nullptr;
    bool residual_holds_gradient_ = false;             ///< the stage's gradient lies in its residual's
    bool masks_again_ = false;                         ///< nothing is made of the given gradient until batch norm
    std::vector<std::vector<double>> step_gradients_;  ///< [part][destination]
    std::vector<std::vector<double>> norm_sums_;       ///< [part][2 × channel]
};

}  // namespace npusim
