#include "graph_state.h"

#include "npusim/base/error.h"
#include "npusim/models/quantization/weight_quantizer.h"

namespace npusim {
namespace {

constexpr int kWidestAccumulatorBits = 47;

/// In fp32 bits mean nothing, and equal ones give one stored version of each tensor.
PrecisionSpec stored_precision(const TrainingSetup& setup) {
    return setup.step_rule == StepRule::none ? PrecisionSpec{} : setup.precision;
}

void check_setup(const std::string& name, const TrainingSetup& setup) {
    const auto refuse = [&](const char* place, const std::string& what) {
        throw InputError("network " + name, place, what);
    };
    if (setup.part_images < 1)
        refuse("part_images", std::to_string(setup.part_images) + " is not allowed, 1 or more is");
    if (setup.step_rule == StepRule::none) return;
    if (setup.precision.batch_norm == BatchNormPlacement::weights) {
        refuse("batch_norm", "fine-tuning keeps batch norm in the multiplier; \"weights\" is for post-training only");
    }
    if (setup.step_rule == StepRule::learned && setup.precision.scales == ScaleKind::power_of_two) {
        refuse("scales", "learned steps are free; power_of_two needs calibrated ones");
    }
}

/// The probability of the dropout behind a stage, if there is one.
double drop_probability(const Network& network, const FusedGraph& fused, const Stage& stage) {
    for (NodeId id = 0; id < network.nodes.size(); ++id) {
        const Node& node = network.nodes[id];
        if (node.op == OpKind::dropout && !node.training_only && fused.value_of[id] == stage.last) {
            return node.drop_probability;
        }
    }
    return 0;
}

}  // namespace

template <typename Scalar>
GraphState<Scalar>::GraphState(const Network& graph, const Parameters& parameters, const TrainingSetup& training_setup,
                               const TrainedSteps& steps)
    : network(graph), setup(training_setup), share(training_setup.ranks) {
    check_setup(network.name, setup);
    structure = quantize_structure(network, stored_precision(setup), kWidestAccumulatorBits);
    slots_ = plan_gradient_slots(structure, !quantizes());
    tensors.resize(structure.tensors.size());
    if (quantizes() && steps.activation_steps.size() != tensors.size()) {
        throw InputError("network " + network.name, "activation steps",
                         std::to_string(steps.activation_steps.size()) + " are given, " +
                             std::to_string(tensors.size()) + " are needed");
    }
    for (std::size_t i = 0; quantizes() && i < tensors.size(); ++i) tensors[i].step = steps.activation_steps[i];
    add_parameters(parameters);
    add_stages(steps);
}

template <typename Scalar>
void GraphState<Scalar>::add_parameters(const Parameters& parameters) {
    for (const auto& node : network.nodes) {
        if (node.training_only) continue;
        for (const auto& spec : parameters_of(network, node)) {
            const Tensor& tensor = parameters.at(spec.name);
            const std::vector<Scalar> values(tensor.values.begin(), tensor.values.end());
            if (!spec.trainable) {
                buffers[spec.name] = values;
                continue;
            }
            index[spec.name] = trained.size();
            const std::vector<Scalar> zeros(values.size());
            trained.push_back({spec.name, spec.shape, values, zeros, zeros, spec.shape.size() > 1});
        }
    }
}

template <typename Scalar>
void GraphState<Scalar>::add_stages(const TrainedSteps& steps) {
    const FusedGraph fused = fuse(network);
    for (std::size_t i = 0; i < fused.stages.size(); ++i) {
        TrainingStage<Scalar> stage;
        stage.node = structure.nodes[i];
        stage.main = &network.nodes[fused.stages[i].main];
        if (fused.stages[i].batch_norm) stage.norm = &network.nodes[*fused.stages[i].batch_norm];
        stage.shapes = kernel_shapes(stage.node);
        stage.drop_probability = drop_probability(network, fused, fused.stages[i]);
        if (stage.node.op == QuantizedOp::convolution) link_weights(stage, steps);
        if (stage.norm != nullptr) link_norm(stage);
        const auto note = [&](const TensorView& view) {
            if (view.channels != structure.tensors[view.tensor].shape.channels)
                tensors[view.tensor].read_in_parts = true;
        };
        note(stage.node.input);
        if (stage.node.residual) note(*stage.node.residual);
        stages.push_back(std::move(stage));
    }
    find_codes();
    find_computed();
}

template <typename Scalar>
void GraphState<Scalar>::find_codes() {
    may_keep_codes.assign(tensors.size(), false);
    if (!quantizes()) return;
    std::vector<bool> is_read(tensors.size());
    for (TensorId tensor = 0; tensor < tensors.size(); ++tensor) may_keep_codes[tensor] = quantizes(tensor);
    for (const auto& stage : stages) {
        const TensorView& in = stage.node.input;
        const bool is_whole = in.channels == structure.tensors[in.tensor].shape.channels;
        const auto steps = conv_steps(stage);
        if (!is_whole || !stage.has_weights() || !takes_codes<Scalar>(*steps, fastest_conv_backend())) {
            may_keep_codes[in.tensor] = false;
        }
        is_read[in.tensor] = true;
        if (stage.node.residual) may_keep_codes[stage.node.residual->tensor] = false;
        for (const Destination& to : stage.node.destinations) {
            if (structure.tensors[to.tensor].shape.channels != stage.channels()) may_keep_codes[to.tensor] = false;
        }
    }
    for (TensorId tensor = 0; tensor < tensors.size(); ++tensor) {
        if (!is_read[tensor]) may_keep_codes[tensor] = false;
    }
}

template <typename Scalar>
void GraphState<Scalar>::find_computed() {
    writer_of_computed.assign(tensors.size(), std::nullopt);
    if (quantizes()) return;
    std::vector<int> reads(tensors.size());
    for (const auto& stage : stages) {
        const TensorView& in = stage.node.input;
        const bool is_whole = in.channels == structure.tensors[in.tensor].shape.channels;
        constexpr int kTooMany = 2;
        reads[in.tensor] += is_whole && stage.has_weights() ? 1 : kTooMany;
        if (stage.node.residual) reads[stage.node.residual->tensor] += kTooMany;
    }
    for (std::size_t i = 0; i < stages.size(); ++i) {
        const TrainingStage<Scalar>& stage = stages[i];
        if (stage.node.destinations.size() != 1) continue;
        const TensorId to = stage.node.destinations[0].tensor;
        const bool is_whole = structure.tensors[to].shape.channels == stage.channels();
        const bool is_plain =
            stage.has_weights() && stage.norm != nullptr && !stage.node.residual && stage.drop_probability == 0;
        if (is_whole && is_plain && reads[to] == 1 && to != structure.output) writer_of_computed[to] = i;
    }
}

template <typename Scalar>
void GraphState<Scalar>::link_weights(TrainingStage<Scalar>& stage, const TrainedSteps& steps) {
    stage.weights.tensor = &tensor_named(stage.main->name + ".weight");
    if (stage.main->has_bias) stage.bias = &tensor_named(stage.main->name + ".bias");
    const auto channels = static_cast<std::size_t>(stage.channels());
    stage.weights.step_gradients.resize(channels);
    stage.weights.step_momenta.resize(channels);
    if (!quantizes()) return;
    const auto given = steps.weight_steps.find(stage.main->name);
    if (given != steps.weight_steps.end()) {
        stage.weights.steps = given->second;
        return;
    }
    const std::vector<float> values(stage.weights.tensor->values.begin(), stage.weights.tensor->values.end());
    stage.weights.steps = weight_steps(values, stage.channels(), stage.node.weight_bits, setup.precision);
}

template <typename Scalar>
void GraphState<Scalar>::link_norm(TrainingStage<Scalar>& stage) {
    stage.gamma = &tensor_named(stage.norm->name + ".weight");
    stage.beta = &tensor_named(stage.norm->name + ".bias");
    stage.running_mean = &buffers.at(stage.norm->name + ".running_mean");
    stage.running_variance = &buffers.at(stage.norm->name + ".running_var");
    const auto channels = static_cast<std::size_t>(stage.channels());
    stage.memory.mean.resize(channels);
    stage.memory.inverse_deviation.resize(channels);
}

template <typename Scalar>
std::int64_t GraphState<Scalar>::parts_per_group(const TrainingStage<Scalar>& stage) const {
    constexpr std::size_t kElementsOfAllGroups = std::size_t{1} << 24;
    const std::size_t weights = stage.has_weights() ? stage.weights.tensor->values.size() : 1;
    const auto allowed = static_cast<std::int64_t>(std::max<std::size_t>(2, kElementsOfAllGroups / weights));
    std::int64_t size = 1;
    while ((parts() + size - 1) / size > allowed) size *= 2;
    return size;
}

template <typename Scalar>
void GraphState<Scalar>::divide(std::int64_t batch_images) {
    images = batch_images;
    std::int64_t unit = 1;
    for (const auto& stage : stages) unit = std::max(unit, parts_per_group(stage));
    share.divide(parts(), unit);
}

template <typename Scalar>
void GraphState<Scalar>::resize(std::int64_t batch_images) {
    divide(batch_images);
    const auto count = static_cast<std::size_t>(images);
    const bool trains = mode == Mode::training;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const auto elements = count * static_cast<std::size_t>(structure.tensors[i].shape.elements());
        if (keeps_codes(i)) {
            tensors[i].codes.resize(elements);
        } else if (computed_by(i) == nullptr) {
            tensors[i].values.resize(elements);
        }
    }
    largest_output = 0;
    for (auto& stage : stages) {
        const auto elements = count * static_cast<std::size_t>(stage.node.output_shape.elements());
        largest_output = std::max(largest_output, stage.node.output_shape.elements());
        if (!stage.is_elementwise()) stage.memory.main_output.resize(elements);
        if (notes_passes(stage)) stage.memory.passes.resize(elements);
        if (stage.has_weights() && quantizes() && !keeps_codes(stage.node.input.tensor)) {
            stage.memory.codes.resize(count * static_cast<std::size_t>(stage.node.input_shape.elements()));
        }
        if (stage.node.op == QuantizedOp::max_pool) stage.memory.winners.resize(elements);
        if (stage.node.input.channels != structure.tensors[stage.node.input.tensor].shape.channels) {
            stage.memory.input.resize(count * static_cast<std::size_t>(stage.node.input_shape.elements()));
        }
    }
    if (!trains) return;
    stage_gradient.resize(static_cast<std::size_t>(images * largest_output));
    resize_gradients();
}

template <typename Scalar>
void GraphState<Scalar>::resize_gradients() {
    gradient_memory.resize(slots_.elements.size());
    for (std::size_t slot = 0; slot < gradient_memory.size(); ++slot) {
        gradient_memory[slot].resize(static_cast<std::size_t>(images * slots_.elements[slot]));
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (!slots_.of_tensor[i]) continue;
        const auto elements = static_cast<std::size_t>(images * structure.tensors[i].shape.elements());
        tensors[i].gradient = std::span(gradient_memory[*slots_.of_tensor[i]]).first(elements);
    }
}

template struct GraphState<float>;
template struct GraphState<double>;

}  // namespace npusim
