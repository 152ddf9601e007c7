#include <algorithm>
#include <cmath>
#include <numeric>

#include "graph_state.h"

namespace npusim {
namespace {

struct Step {
    double* value;
    double* momentum;
    double gradient;
};

/// LSQ scales a step's gradient by 1/√(elements · largest integer), so that steps move as fast as weights do (Esser et
/// al. 2020, section 2.2).
void move(const Step& step, const SgdOptions& options, double elements, std::int64_t highest) {
    *step.momentum =
        options.momentum * *step.momentum + step.gradient / std::sqrt(elements * static_cast<double>(highest));
    // A step that turned negative would flip signs; half of the old one is as far as it goes at once.
    *step.value = std::max(*step.value - options.learning_rate * *step.momentum, *step.value / 2);
}

template <typename Scalar>
void update_weight_steps(TrainingStage<Scalar>& stage, const TrainingSetup& setup, const SgdOptions& options) {
    StageWeights<Scalar>& weights = stage.weights;
    const std::int64_t highest = stage.node.weight_bits == 1 ? 1 : signed_range(stage.node.weight_bits).high;
    const auto depth = static_cast<double>(stage.shapes.conv.depth());
    if (setup.precision.granularity == Granularity::per_tensor) {
        const double sum = std::accumulate(weights.step_gradients.begin(), weights.step_gradients.end(), 0.0);
        move({weights.steps.data(), weights.step_momenta.data(), sum}, options,
             depth * static_cast<double>(stage.channels()), highest);
        std::fill(weights.steps.begin(), weights.steps.end(), weights.steps[0]);
        return;
    }
    for (std::size_t c = 0; c < weights.steps.size(); ++c) {
        move({&weights.steps[c], &weights.step_momenta[c], weights.step_gradients[c]}, options, depth, highest);
    }
}

}  // namespace

template <typename Scalar>
void update_steps(GraphState<Scalar>& state, const SgdOptions& options) {
    // Tensor 0 is the image, whose step belongs to the loader.
    for (std::size_t i = 1; i < state.tensors.size(); ++i) {
        if (!state.quantizes(i)) continue;
        BatchTensor<Scalar>& tensor = state.tensors[i];
        const QuantizedTensor& stored = state.structure.tensors[i];
        move({&tensor.step, &tensor.step_momentum, tensor.step_gradient}, options,
             static_cast<double>(stored.shape.elements()), stored.range().high);
    }
    for (auto& stage : state.stages) {
        if (stage.has_weights()) update_weight_steps(stage, state.setup, options);
    }
}

template void update_steps(GraphState<float>&, const SgdOptions&);
template void update_steps(GraphState<double>&, const SgdOptions&);

}  // namespace npusim
