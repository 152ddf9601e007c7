#include <optional>

#include "stage_collection.h"

namespace npusim {
namespace {

/// The second half: through batch norm and the main operation, to the input's gradient and the weights'.
template <typename Scalar>
class StagePropagation {
public:
    StagePropagation(GraphState<Scalar>& state, TrainingStage<Scalar>& stage, StageCollection<Scalar>&& collected)
        : state_(state), stage_(stage), collected_(std::move(collected)) {
        bias_gradients_.assign(static_cast<std::size_t>(state.parts()),
                               std::vector<Scalar>(stage.bias != nullptr ? stage.bias->values.size() : 0));
    }

    /// Before the first group is propagated.
    void begin() {
        if (stage_.node.input.tensor != 0) prepare_gradient(state_.tensors[stage_.node.input.tensor]);
        if (weight_gradients_.size() < groups_) weight_gradients_.resize(groups_);
        BatchTensor<Scalar>& input = state_.tensors[stage_.node.input.tensor];
        input_has_gradient_ = input.has_gradient;
        input.has_gradient = true;
    }

    /// The parts whose weight gradients are summed where they are made.
    [[nodiscard]] std::int64_t parts_of_group() const { return group_parts_; }

    /// A group's parts come in their order.
    void propagate(const Part& part, PartScratch<Scalar>& scratch) {
        std::vector<Scalar>& sum = weight_gradients_[static_cast<std::size_t>(part.number / group_parts_)];
        if (part.number % group_parts_ == 0) sum.assign(stage_.weights.used.size(), Scalar{0});
        run_input(part, propagate_norm(part, scratch), sum.data(), scratch);
    }

    void finish() {
        if (stage_.has_weights()) reduce_weights();
        if (stage_.bias != nullptr) reduce_bias();
    }

private:
    /// The part's gradient before batch norm.
    const Scalar* propagate_norm(const Part& part, PartScratch<Scalar>& scratch) {
        const PixelBlock whole = pixels_of(stage_, part);
        const Scalar* behind_norm = collected_.stage_gradient(part);
        const Scalar* before_norm = behind_norm;
        if (stage_.norm != nullptr) {
            before_norm = through_norm(whole, behind_norm, room_for(part, scratch));
        }
        if (stage_.bias != nullptr) {
            bias_backward(whole.count, stage_.channels(), before_norm,
                          bias_gradients_[static_cast<std::size_t>(part.number)].data());
        }
        return before_norm;
    }

    /// What batch norm makes of a part's gradient is read at once by this thread alone: always at the same place, as
    /// long as that may stay in the second-level cache.
    Scalar* room_for(const Part& part, PartScratch<Scalar>& scratch) const {
        constexpr std::size_t kCachedBytes = std::size_t{1} << 20;
        const auto elements = static_cast<std::size_t>(part.count * stage_.pixels() * stage_.channels());
        if (elements * sizeof(Scalar) > kCachedBytes) return collected_.room_behind(part);
        scratch.gradient.resize(elements);
        return scratch.gradient.data();
    }

    const Scalar* through_norm(const PixelBlock& whole, const Scalar* behind_norm, Scalar* gradient) {
        const Scalar* main = main_output(state_, stage_, whole);
        const BatchNorm<Scalar>& norm = stage_.memory.norm;
        const bool relu = collected_.is_masked_by_norm();
        if (state_.uses_batch_statistics()) {
            const double* sums = collected_.norm_sums().data();
            batch_norm_backward<Scalar>(whole.count, main, behind_norm, norm, relu, state_.images * stage_.pixels(),
                                        sums, sums + stage_.channels(), gradient);
        } else {
            batch_norm_backward_frozen<Scalar>(whole.count, main, behind_norm, norm, relu, gradient);
        }
        return gradient;
    }

    [[nodiscard]] const Scalar* input(const Part& part, PartScratch<Scalar>& scratch) const {
        const TensorView& view = stage_.node.input;
        if (const auto* writer = state_.computed_by(view.tensor)) return compute_input(state_, *writer, part, scratch);
        const BatchVector<Scalar>& values =
            stage_.memory.input.empty() ? state_.tensors[view.tensor].values : stage_.memory.input;
        return values.data() + state_.place(part, stage_.node.input_shape);
    }

    void run_input(const Part& part, const Scalar* gradient, Scalar* weight_gradient, PartScratch<Scalar>& scratch) {
        const TensorView& view = stage_.node.input;
        if (view.tensor == 0) return run_kernel(part, gradient, nullptr, weight_gradient, scratch);
        BatchTensor<Scalar>& to = state_.tensors[view.tensor];
        const std::int64_t in_pixels = stage_.node.input_shape.height * stage_.node.input_shape.width;
        const PixelBlock whole{part.first * in_pixels, part.count * in_pixels};
        if (stage_.is_elementwise()) {
            add_to_tensor(state_, view, whole, input_has_gradient_, gradient);
            return;
        }
        if (!input_has_gradient_) {
            run_kernel(part, gradient, to.gradient.data() + whole.first * view.channels, weight_gradient, scratch);
            return;
        }
        scratch.part.resize(static_cast<std::size_t>(whole.count * view.channels));
        run_kernel(part, gradient, scratch.part.data(), weight_gradient, scratch);
        add_to_tensor(state_, view, whole, true, scratch.part.data());
    }

    /// Writes the gradient of the part's input, unless `to` is null (the network's input needs none), and adds the
    /// weights'.
    void run_kernel(const Part& part, const Scalar* gradient, Scalar* to, Scalar* weight_gradient,
                    PartScratch<Scalar>& scratch) {
        if (stage_.node.op == QuantizedOp::convolution) {
            convolve_back(part, gradient, to, weight_gradient, scratch);
        } else if (to != nullptr) {
            run_plain_kernel(part, gradient, to);
        }
    }

    void convolve_back(const Part& part, const Scalar* gradient, Scalar* to, Scalar* weight_gradient,
                       PartScratch<Scalar>& scratch) {
        ConvWorkspace& workspace = scratch.conv;
        const ConvShape& shape = stage_.shapes.conv;
        const Scalar* weights = stage_.weights.used.data();
        const std::size_t place = state_.place(part, stage_.node.input_shape);
        const auto steps = state_.conv_steps(stage_);
        workspace.expect_weights(state_.weights_version);
        if (!steps) {
            conv2d_backward_weights(shape, part.count, input(part, scratch), gradient, weight_gradient, workspace);
            if (to != nullptr) conv2d_backward_input(shape, part.count, gradient, weights, to, workspace);
        } else if (state_.keeps_codes(stage_.node.input.tensor)) {
            const std::uint8_t* codes = state_.tensors[stage_.node.input.tensor].codes.data() + place;
            quantized_conv2d_backward(shape, part.count, *steps, codes, weights, gradient, to, weight_gradient,
                                      workspace);
        } else {
            const std::uint8_t* codes = stage_.memory.codes.data() + place;
            quantized_conv2d_backward(shape, part.count, *steps, input(part, scratch), codes, weights, gradient, to,
                                      weight_gradient, workspace);
        }
    }

    void run_plain_kernel(const Part& part, const Scalar* gradient, Scalar* to) {
        const KernelShapes& shapes = stage_.shapes;
        switch (stage_.node.op) {
            case QuantizedOp::max_pool:
                max_pool_backward(shapes.pool, part.count, gradient,
                                  stage_.memory.winners.data() + state_.place(part, stage_.node.output_shape), to);
                break;
            case QuantizedOp::average_pool:
                if (stage_.node.adaptive) {
                    adaptive_average_pool_backward(shapes.pool, part.count, gradient, to);
                } else {
                    average_pool_backward(shapes.pool, part.count, gradient, to);
                }
                break;
            case QuantizedOp::slice_pad:
                slice_pad_backward(shapes.slice, part.count, gradient, to);
                break;
            case QuantizedOp::convolution:
            case QuantizedOp::elementwise:
                break;
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
        sum_parts(state_.share, bias_gradients_);
        accumulate(stage_.channels(), bias_gradients_[0].data(), stage_.bias->gradient.data());
    }

    GraphState<Scalar>& state_;
    TrainingStage<Scalar>& stage_;
    StageCollection<Scalar> collected_;
    std::int64_t group_parts_ = state_.parts_per_group(stage_);
    std::size_t groups_ = static_cast<std::size_t>(state_.weight_groups(stage_));
    bool input_has_gradient_ = false;                                               ///< of stages behind this one
    std::vector<std::vector<Scalar>> bias_gradients_;                               ///< [part][channel]
    std::vector<std::vector<Scalar>>& weight_gradients_ = state_.weight_gradients;  ///< [group][HWIO]
};

}  // namespace

template <typename Scalar>
void run_backward(GraphState<Scalar>& state) {
    std::optional<StagePropagation<Scalar>> behind;  // it propagates while the stage before it collects
    const auto run = [&](StageCollection<Scalar>* before) {
        if (behind) behind->begin();
        if (before != nullptr) before->begin();
        state.for_each_group(behind ? behind->parts_of_group() : 1, [&](const Part& part, auto& scratch) {
            if (behind) behind->propagate(part, scratch);
            if (before != nullptr) before->collect(part, scratch);
        });
        if (behind) behind->finish();
        if (before != nullptr) before->finish();
    };
    for (std::size_t i = state.stages.size(); i-- > 0;) {
        StageCollection<Scalar> current(state, state.stages[i]);
        run(&current);
        behind.emplace(state, state.stages[i], std::move(current));
    }
    run(nullptr);
}

template void run_backward(GraphState<float>&);
template void run_backward(GraphState<double>&);

}  // namespace npusim
