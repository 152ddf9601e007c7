// What follows a stage's main operation: batch norm, residual, ReLU, dropout. It is computed in blocks that stay in the
// second-level cache, in the forward pass and again in the backward pass, so that only the main operation's output and
// the stored tensors go to memory.
#pragma once

#include <algorithm>
#include <type_traits>

#include "graph_state.h"

namespace npusim {

/// Some pixels: `first` counts from the batch's first pixel.
struct PixelBlock {
    std::int64_t first = 0;
    std::int64_t count = 0;
};

template <typename Scalar>
PixelBlock pixels_of(const TrainingStage<Scalar>& stage, const Part& part) {
    return {part.first * stage.pixels(), part.count * stage.pixels()};
}

/// Calls function(block) for the blocks of a part, in order.
template <typename Scalar, typename Function>
void for_each_block(const TrainingStage<Scalar>& stage, const Part& part, const Function& function) {
    constexpr std::int64_t kBlockElements = 4096;
    const PixelBlock whole = pixels_of(stage, part);
    const std::int64_t end = whole.first + whole.count;
    const std::int64_t pixels = std::max<std::int64_t>(1, kBlockElements / stage.channels());
    for (std::int64_t first = whole.first; first < end; first += pixels) {
        function(PixelBlock{first, std::min(pixels, end - first)});
    }
}

/// The view's channels of a block: in place where the view is the whole tensor, else gathered.
template <typename Scalar>
const Scalar* read_view(std::span<const std::type_identity_t<Scalar>> values, const TensorShape& whole,
                        const TensorView& view, const PixelBlock& block, std::vector<Scalar>& gathered) {
    const Scalar* from = values.data() + block.first * whole.channels;
    if (view.channels == whole.channels) return from;
    gathered.resize(static_cast<std::size_t>(block.count * view.channels));
    copy_from_channels(block.count, whole.channels, view.channel_begin, from, view.channels, gathered.data());
    return gathered.data();
}

/// The main operation's output, which for an elementwise stage is its input.
template <typename Scalar>
const Scalar* main_output(const GraphState<Scalar>& state, const TrainingStage<Scalar>& stage,
                          const PixelBlock& block) {
    const auto offset = static_cast<std::size_t>(block.first * stage.channels());
    if (!stage.is_elementwise()) return stage.memory.main_output.data() + offset;
    if (!stage.memory.input.empty()) return stage.memory.input.data() + offset;
    return state.tensors[stage.node.input.tensor].values.data() + offset;
}

template <typename Scalar>
Dropout dropout_of(const GraphState<Scalar>& state, const TrainingStage<Scalar>& stage) {
    const auto number = static_cast<std::uint64_t>(&stage - state.stages.data());
    return {stage.drop_probability, state.setup.dropout_seed + number, state.passes};
}

/// The block's values before they are quantized, in `out`.
template <typename Scalar>
void compute_tail(const GraphState<Scalar>& state, const TrainingStage<Scalar>& stage, const PixelBlock& block,
                  PartScratch<Scalar>& scratch, Scalar* out) {
    const std::int64_t elements = block.count * stage.channels();
    const Scalar* main = main_output(state, stage, block);
    const bool relu = stage.node.relu;
    if (stage.norm != nullptr) {
        batch_norm_forward(block.count, main, stage.memory.norm, relu && !stage.node.residual, out);
        main = out;
    }
    if (stage.node.residual) {
        const TensorView& view = *stage.node.residual;
        add(elements, main,
            read_view(state.tensors[view.tensor].values, state.structure.tensors[view.tensor].shape, view, block,
                      scratch.gathered),
            out);
        main = out;
    }
    if (relu && (stage.norm == nullptr || stage.node.residual)) {
        relu_forward(elements, main, out);
        main = out;
    }
    if (main != out) std::copy_n(main, elements, out);
    if (stage.drop_probability > 0 && state.mode == Mode::training) {
        dropout(dropout_of(state, stage), block.first * stage.channels(), elements, out, out);
    }
}

/// A part's values of a tensor that is not stored, in `scratch`.
template <typename Scalar>
const Scalar* compute_input(const GraphState<Scalar>& state, const TrainingStage<Scalar>& writer, const Part& part,
                            PartScratch<Scalar>& scratch) {
    scratch.input.resize(static_cast<std::size_t>(part.count * writer.pixels() * writer.channels()));
    Scalar* out = scratch.input.data();
    for_each_block(writer, part, [&](const PixelBlock& block) {
        compute_tail(state, writer, block, scratch, out);
        out += block.count * writer.channels();
    });
    return scratch.input.data();
}

}  // namespace npusim
