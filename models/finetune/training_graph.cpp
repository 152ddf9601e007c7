#include "npusim/models/finetune/training_graph.h"

#include <algorithm>
#include <cmath>

#include "graph_state.h"
#include "npusim/base/error.h"
#include "npusim/models/layers/optimizer.h"
#include "npusim/models/quantization/weight_quantizer.h"

namespace npusim {

template <typename Scalar>
struct BasicTrainingGraph<Scalar>::Impl : GraphState<Scalar> {
    using Base = GraphState<Scalar>;
    using Base::Base;

    void clear_gradients() {
        for (auto& tensor : this->trained) std::fill(tensor.gradient.begin(), tensor.gradient.end(), Scalar{0});
        for (auto& tensor : this->tensors) tensor.step_gradient = 0;
        for (auto& stage : this->stages) {
            std::fill(stage.weights.step_gradients.begin(), stage.weights.step_gradients.end(), 0.0);
        }
    }

    void load_images(std::span<const Scalar> batch) {
        BatchTensor<Scalar>& input = this->tensors.front();
        if (batch.size() != static_cast<std::size_t>(this->images * this->structure.tensors.front().shape.elements())) {
            throw InputError("network " + this->network.name, "input", "a batch of another shape");
        }
        this->for_each_part([&](const Part& part, PartScratch<Scalar>&) {
            const TensorShape& shape = this->structure.tensors.front().shape;
            const std::size_t begin = this->place(part, shape);
            const std::int64_t elements = part.count * shape.elements();
            if (this->quantizes()) {
                store_quantized(*this, 0, elements, batch.data() + begin, begin);
            } else {
                std::copy_n(batch.data() + begin, elements, input.values.data() + begin);
            }
        });
    }

    void forward(std::span<const Scalar> batch, std::int64_t count, Mode new_mode) {
        this->mode = new_mode;
        this->resize(count);
        load_images(batch);
        ++this->weights_version;
        tbb::parallel_for(std::size_t{0}, this->stages.size(), [&](std::size_t i) {
            if (this->stages[i].has_weights()) prepare_weights<Scalar>(*this, this->stages[i]);
        });
        run_forward<Scalar>(*this);
        // The loss and its gradient are of the whole batch, on every rank.
        this->share.gather(std::span(this->tensors[this->structure.output].values),
                           this->setup.part_images * this->network.classes());
    }

    void backward() {
        for (auto& tensor : this->tensors) tensor.has_gradient = false;
        this->tensors[this->structure.output].has_gradient = true;
        run_backward<Scalar>(*this);
    }
};

template <typename Scalar>
BasicTrainingGraph<Scalar>::BasicTrainingGraph(const Network& network, const Parameters& parameters,
                                               const TrainingSetup& setup, const TrainedSteps& steps)
    : impl_(std::make_unique<Impl>(network, parameters, setup, steps)) {}
template <typename Scalar>
BasicTrainingGraph<Scalar>::~BasicTrainingGraph() = default;
template <typename Scalar>
BasicTrainingGraph<Scalar>::BasicTrainingGraph(BasicTrainingGraph&&) noexcept = default;
template <typename Scalar>
BasicTrainingGraph<Scalar>& BasicTrainingGraph<Scalar>::operator=(BasicTrainingGraph&&) noexcept = default;

template <typename Scalar>
BatchLoss BasicTrainingGraph<Scalar>::forward_backward(std::span<const Scalar> images,
                                                       std::span<const std::int32_t> labels, std::int64_t total_images,
                                                       bool accumulate, std::span<const Scalar> teacher) {
    Impl& graph = *impl_;
    graph.integers = nullptr;
    if (!accumulate) graph.clear_gradients();
    graph.forward(images, static_cast<std::int64_t>(labels.size()), Mode::training);
    BatchTensor<Scalar>& logits = graph.tensors[graph.structure.output];
    const Loss loss = softmax_cross_entropy<Scalar>(graph.images, graph.network.classes(), logits.values.data(),
                                                    labels.data(), teacher.empty() ? nullptr : teacher.data(),
                                                    graph.setup.loss, total_images, logits.gradient.data());
    if (!std::isfinite(loss.sum)) {
        throw InputError("network " + graph.network.name, "loss",
                         "is not finite; a smaller learning rate or other weights are needed");
    }
    graph.backward();
    ++graph.passes;
    return {loss.sum, loss.correct_top1, graph.images};
}

template <typename Scalar>
std::pair<std::int64_t, std::int64_t> BasicTrainingGraph<Scalar>::own_images(std::int64_t count) const {
    impl_->divide(count);
    const PartRange own = impl_->share.own();
    return {impl_->part_begin(own.begin), std::min(count, impl_->part_begin(own.end))};
}

template <typename Scalar>
void BasicTrainingGraph<Scalar>::step(const SgdOptions& options) {
    tbb::parallel_for(std::size_t{0}, impl_->trained.size(), [&](std::size_t i) {
        TrainedTensor<Scalar>& tensor = impl_->trained[i];
        const Sgd sgd{options.learning_rate, options.momentum, tensor.decays ? options.weight_decay : 0.0,
                      options.nesterov};
        sgd_step(static_cast<std::int64_t>(tensor.values.size()), sgd, tensor.gradient.data(), tensor.momentum.data(),
                 tensor.values.data());
    });
    if (impl_->learns_steps()) update_steps<Scalar>(*impl_, options);
}

template <typename Scalar>
std::span<const Scalar> BasicTrainingGraph<Scalar>::logits(std::span<const Scalar> images, std::int64_t count) {
    impl_->integers = nullptr;
    impl_->forward(images, count, Mode::evaluation);
    return impl_->tensors[impl_->structure.output].values;
}

template <typename Scalar>
std::span<const Scalar> BasicTrainingGraph<Scalar>::logits(std::span<const Scalar> images, std::int64_t count,
                                                           const QuantizedNetwork& integers) {
    if (!impl_->quantizes() || integers.nodes.size() != impl_->stages.size()) {
        throw InputError("network " + impl_->network.name, "integers", "are not those of this graph");
    }
    impl_->integers = &integers;
    impl_->forward(images, count, Mode::evaluation);
    return impl_->tensors[impl_->structure.output].values;
}

template <typename Scalar>
Parameters BasicTrainingGraph<Scalar>::parameters() const {
    Parameters parameters;
    const auto as_float = [](const std::vector<Scalar>& values) {
        return std::vector<float>(values.begin(), values.end());
    };
    for (const auto& tensor : impl_->trained) parameters[tensor.name] = {tensor.shape, as_float(tensor.values)};
    for (const auto& [name, values] : impl_->buffers) {
        parameters[name] = {{static_cast<std::int64_t>(values.size())}, as_float(values)};
    }
    return parameters;
}

template <typename Scalar>
TrainedSteps BasicTrainingGraph<Scalar>::steps() const {
    TrainedSteps steps;
    for (const auto& tensor : impl_->tensors) steps.activation_steps.push_back(tensor.step);
    for (const auto& stage : impl_->stages) {
        if (!stage.has_weights()) continue;
        std::vector<double>& channel_steps = steps.weight_steps[stage.main->name];
        channel_steps = stage.weights.steps;
        if (impl_->learns_steps()) continue;
        // Calibrated steps follow the weights, which have moved since the last forward pass.
        const std::vector<float> values(stage.weights.tensor->values.begin(), stage.weights.tensor->values.end());
        channel_steps = weight_steps(values, stage.channels(), stage.node.weight_bits, impl_->setup.precision);
    }
    return steps;
}

template <typename Scalar>
OptimizerState BasicTrainingGraph<Scalar>::optimizer_state() const {
    OptimizerState state;
    state.passes = impl_->passes;
    for (const auto& tensor : impl_->trained) {
        state.momenta[tensor.name] = {tensor.shape, std::vector<float>(tensor.momentum.begin(), tensor.momentum.end())};
    }
    if (!impl_->learns_steps()) return state;
    for (const auto& tensor : impl_->tensors) state.step_momenta.activation_steps.push_back(tensor.step_momentum);
    for (const auto& stage : impl_->stages) {
        if (stage.has_weights()) state.step_momenta.weight_steps[stage.main->name] = stage.weights.step_momenta;
    }
    return state;
}

template <typename Scalar>
void BasicTrainingGraph<Scalar>::set_optimizer_state(const OptimizerState& state) {
    impl_->passes = state.passes;
    for (auto& tensor : impl_->trained) {
        const std::vector<float>& momentum = state.momenta.at(tensor.name).values;
        tensor.momentum.assign(momentum.begin(), momentum.end());
    }
    if (!impl_->learns_steps()) return;
    for (std::size_t i = 0; i < impl_->tensors.size(); ++i) {
        impl_->tensors[i].step_momentum = state.step_momenta.activation_steps.at(i);
    }
    for (auto& stage : impl_->stages) {
        if (stage.has_weights()) stage.weights.step_momenta = state.step_momenta.weight_steps.at(stage.main->name);
    }
}

template <typename Scalar>
const std::vector<Scalar>& BasicTrainingGraph<Scalar>::gradient(const std::string& parameter) const {
    return impl_->tensor_named(parameter).gradient;
}

template <typename Scalar>
std::vector<std::string> BasicTrainingGraph<Scalar>::trained_names() const {
    std::vector<std::string> names;
    for (const auto& tensor : impl_->trained) names.push_back(tensor.name);
    return names;
}

template class BasicTrainingGraph<float>;
template class BasicTrainingGraph<double>;

}  // namespace npusim
