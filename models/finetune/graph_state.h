// The state of a TrainingGraph: stages, parameters, and the tensors of the batch at hand.
#pragma once

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <map>
#include <optional>
#include <span>
#include <type_traits>

#include "batch_vector.h"
#include "gradient_slots.h"
#include "npusim/models/finetune/training_graph.h"
#include "part_share.h"
#include "training_stage.h"

namespace npusim {

/// A stored tensor of the whole batch, NHWC, with its gradient and its step.
template <typename Scalar>
struct BatchTensor {
    BatchVector<Scalar> values;
    BatchVector<std::uint8_t> codes;  ///< in the place of values, where GraphState::keeps_codes
    std::span<Scalar> gradient;       ///< a part of a slot; empty where none is needed
    bool has_gradient = false;        ///< written since the backward pass began
    bool read_in_parts = false;       ///< some stage reads or writes only a range of its channels
    double step = 0;
    double step_gradient = 0;
    double step_momentum = 0;
};

/// What one thread needs while it works on a part of the batch.
template <typename Scalar>
struct PartScratch {
    ConvWorkspace conv;
    std::vector<Scalar> input;     ///< a part's values of a tensor that is not stored
    std::vector<Scalar> before;    ///< a block of the stage's values as they were before they were quantized
    std::vector<Scalar> gathered;  ///< a block of a range of channels
    std::vector<Scalar> passed;    ///< a block of gradients behind a quantizer
    std::vector<Scalar> gradient;  ///< before batch norm, of one part
    std::vector<Scalar> part;      ///< the gradient of the input of one part
};

enum class Mode { training, evaluation };

/// Images that one thread takes together.
struct Part {
    std::int64_t number = 0;
    std::int64_t first = 0;  ///< image of the batch
    std::int64_t count = 0;
};

template <typename Scalar>
struct GraphState {
    GraphState(const Network& network, const Parameters& parameters, const TrainingSetup& training_setup,
               const TrainedSteps& steps);

    [[nodiscard]] bool quantizes() const { return setup.step_rule != StepRule::none; }
    [[nodiscard]] bool learns_steps() const { return setup.step_rule == StepRule::learned; }
    [[nodiscard]] bool uses_batch_statistics() const { return mode == Mode::training && !setup.freeze_batch_norm; }
    [[nodiscard]] std::int64_t parts() const { return (images + setup.part_images - 1) / setup.part_images; }
    [[nodiscard]] std::int64_t part_begin(std::int64_t number) const { return number * setup.part_images; }
    [[nodiscard]] Part part(std::int64_t number) const {
        const std::int64_t first = part_begin(number);
        return {number, first, std::min(setup.part_images, images - first)};
    }
    /// The part's first element in a tensor of images of this shape.
    [[nodiscard]] static std::size_t place(const Part& part, const TensorShape& shape) {
        return static_cast<std::size_t>(part.first * shape.elements());
    }
    /// Nothing is quantized in fp32, nor are the logits: 16 bits change no class.
    [[nodiscard]] bool quantizes(TensorId tensor) const { return quantizes() && tensor != structure.output; }
    [[nodiscard]] ActivationQuantizer quantizer(TensorId tensor) const {
        return {tensors[tensor].step, structure.tensors[tensor].range(), setup.precision.rounding};
    }
    /// Is a tensor there as its integers' lowest bytes alone? Where nobody but convolutions reads it, and they want no
    /// more: a quarter of the memory's traffic.
    [[nodiscard]] bool keeps_codes(TensorId tensor) const { return may_keep_codes[tensor] && integers == nullptr; }
    /// The stage that computes a tensor's values whenever they are read, so that they are never stored: nothing, or the
    /// writer of one that a single convolution reads, in fp32. Memory's traffic costs more than batch norm and ReLU.
    [[nodiscard]] const TrainingStage<Scalar>* computed_by(TensorId tensor) const {
        return writer_of_computed[tensor] ? &stages[*writer_of_computed[tensor]] : nullptr;
    }
    /// Are gradients passed by what the forward pass noted? Learned steps want the numbers again anyway.
    [[nodiscard]] bool notes_passes(const TrainingStage<Scalar>& stage) const {
        constexpr std::size_t destinations_of_a_byte = 7;
        return quantizes() && !learns_steps() && mode == Mode::training &&
               stage.node.destinations.size() <= destinations_of_a_byte;
    }
    /// What the numbers of a stage's convolution stand for; nothing in fp32.
    [[nodiscard]] std::optional<ConvSteps> conv_steps(const TrainingStage<Scalar>& stage) const {
        if (!quantizes()) return std::nullopt;
        const TensorId input = stage.node.input.tensor;
        return ConvSteps{tensors[input].step, structure.tensors[input].range(), stage.weights.steps.data(),
                         stage.node.weight_bits};
    }
    /// Parts whose weight gradients are summed where they are made: few enough groups to keep the sums small beside the
    /// network, however many threads or ranks there are. A power of two, so that the groups of all stages nest.
    [[nodiscard]] std::int64_t parts_per_group(const TrainingStage<Scalar>& stage) const;
    [[nodiscard]] std::int64_t weight_groups(const TrainingStage<Scalar>& stage) const {
        const std::int64_t size = parts_per_group(stage);
        return (parts() + size - 1) / size;
    }
    /// Shares the parts of a batch of so many images among the ranks.
    void divide(std::int64_t batch_images);
    /// Makes room for a batch.
    void resize(std::int64_t batch_images);
    [[nodiscard]] TrainedTensor<Scalar>& tensor_named(const std::string& name) { return trained[index.at(name)]; }

    template <typename Function>
    void for_each_part(const Function& function) {
        const PartRange own = share.own();
        tbb::parallel_for(own.begin, own.end, [&](std::int64_t i) { function(part(i), scratch.local()); });
    }

    /// Like for_each_part, but `size` parts that follow one another run on one thread, in their order.
    template <typename Function>
    void for_each_group(std::int64_t size, const Function& function) {
        const PartRange own = share.own();
        tbb::parallel_for(own.begin / size, (own.end + size - 1) / size, [&](std::int64_t group) {
            PartScratch<Scalar>& local = scratch.local();
            const std::int64_t end = std::min(own.end, (group + 1) * size);
            for (std::int64_t i = group * size; i < end; ++i) function(part(i), local);
        });
    }

    /// Room for a part's gradient in the stage at hand. Each part has its own, whatever the stage, so that one part may
    /// be a stage ahead of another.
    [[nodiscard]] Scalar* stage_gradient_of(const Part& part) {
        return stage_gradient.data() + part.first * largest_output;
    }

    Network network;
    TrainingSetup setup;
    QuantizedNetwork structure;
    std::vector<TrainedTensor<Scalar>> trained;
    std::map<std::string, std::size_t> index;
    std::map<std::string, std::vector<Scalar>> buffers;  ///< running statistics
    std::vector<TrainingStage<Scalar>> stages;
    std::vector<BatchTensor<Scalar>> tensors;                    ///< as structure.tensors
    std::vector<bool> may_keep_codes;                            ///< likewise
    std::vector<std::optional<std::size_t>> writer_of_computed;  ///< likewise: a stage
    std::vector<BatchVector<Scalar>> gradient_memory;            ///< [slot]
    BatchVector<Scalar> stage_gradient;                          ///< [image][largest_output]
    std::int64_t largest_output = 0;                             ///< elements of one image, over the stages
    /// [group][HWIO] of the stage at hand; kept, because asking the system for memory again costs more than the sums.
    std::vector<std::vector<Scalar>> weight_gradients;
    tbb::enumerable_thread_specific<PartScratch<Scalar>> scratch;
    PartShare share;
    std::int64_t images = 0;
    Mode mode = Mode::training;
    /// In evaluation: the network whose requantizers end each stage instead of batch norm, ReLU and quantizers.
    const QuantizedNetwork* integers = nullptr;
    std::uint64_t passes = 0;           ///< forward passes in training, which dropout counts
    std::uint64_t weights_version = 0;  ///< counts how often the stages' weights were prepared

private:
    void add_parameters(const Parameters& parameters);
    void add_stages(const TrainedSteps& steps);
    void link_weights(TrainingStage<Scalar>& stage, const TrainedSteps& steps);
    void link_norm(TrainingStage<Scalar>& stage);
    void resize_gradients();
    void find_codes();
    void find_computed();

    GradientSlots slots_;
};

/// Quantizes numbers into a tensor that nobody reads in parts, from one of its elements on: as numbers, or as codes.
template <typename Scalar>
void store_quantized(GraphState<Scalar>& state, TensorId tensor, std::int64_t elements, const Scalar* numbers,
                     std::size_t place) {
    BatchTensor<Scalar>& to = state.tensors[tensor];
    if constexpr (std::is_same_v<Scalar, float>) {
        if (state.keeps_codes(tensor)) {
            quantize_to_codes(elements, state.quantizer(tensor), numbers, to.codes.data() + place);
            return;
        }
    }
    fake_quantize_forward(elements, state.quantizer(tensor), numbers, to.values.data() + place);
}

/// The forward pass over the whole batch. A part's tail of one stage and its main operation of the next follow each
/// other on one thread, so that the tensor between them is still in the cache.
template <typename Scalar>
void run_forward(GraphState<Scalar>& state);
/// The backward pass: parameter gradients are added, input gradients are added to their tensors. Likewise, a part goes
/// through one stage's main operation and what precedes it in the stage before.
template <typename Scalar>
void run_backward(GraphState<Scalar>& state);
/// The integers that the machine would hold, times their steps, in the convolution's layout.
template <typename Scalar>
void prepare_weights(const GraphState<Scalar>& state, TrainingStage<Scalar>& stage);
/// What store does in evaluation with state.integers: the accumulators that the real numbers stand for, requantized as
/// the machine does it.
template <typename Scalar>
void store_requantized(GraphState<Scalar>& state, const TrainingStage<Scalar>& stage, std::int64_t first_pixel,
                       std::int64_t pixels);
/// One step of gradient descent for the steps of weights and activations.
template <typename Scalar>
void update_steps(GraphState<Scalar>& state, const SgdOptions& options);

}  // namespace npusim
