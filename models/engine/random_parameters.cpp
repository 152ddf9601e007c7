#include <algorithm>
#include <cmath>
#include <utility>

#include "float_operators.h"
#include "npusim/models/engine/float_executor.h"
#include "random_source.h"

namespace npusim {

namespace {

/// Small images leave few pixels in the last maps: more of them are needed for statistics that hold for others too.
std::int64_t images_for(const TensorShape& shape) {
    constexpr std::int64_t pixels = std::int64_t{2} * 224 * 224;
    return std::clamp<std::int64_t>(pixels / (shape.height * shape.width), 2, 32);
}

using Activations = std::vector<std::vector<float>>;  ///< by node

struct Moments {
    double sum = 0;
    double squares = 0;
    double count = 0;
    [[nodiscard]] double mean() const { return sum / count; }
    [[nodiscard]] double variance() const { return std::max(squares / count - mean() * mean(), 0.0); }
};

class ParameterMaker {
public:
    ParameterMaker(const Network& network, std::uint64_t seed) : network_(network), random_(seed) {
        const std::int64_t count = images_for(network.input_shape());
        for (const auto& image : random_images(network.input_shape(), count, seed + 1)) {
            activations_.emplace_back(network.nodes.size());
            activations_.back()[0] = image;
        }
    }

    Parameters make() {
        const std::vector<NodeId> last = last_readers(network_);
        for (NodeId id = 1; id < network_.nodes.size(); ++id) {
            const Node& node = network_.nodes[id];
            if (node.training_only) continue;
            draw_parameters(node);
            compute(id);
            for (const NodeId from : node.inputs) {
                if (last[from] != id) continue;
                for (auto& image : activations_) std::vector<float>().swap(image[from]);
            }
        }
        return std::move(parameters_);
    }

private:
    void compute(NodeId id) {
        const Node& node = network_.nodes[id];
        const NodeParameters parameters = find_parameters(network_, node, parameters_);
        for (auto& image : activations_) {
            std::vector<const float*> inputs;
            for (const NodeId from : node.inputs) inputs.push_back(image[from].data());
            image[id].resize(static_cast<std::size_t>(node.shape.elements()));
            compute_node(network_, node, parameters, inputs, image[id].data(), columns_);
        }
    }

    void draw_parameters(const Node& node) {
        const auto specs = parameters_of(network_, node);
        for (const auto& spec : specs) {
            std::size_t elements = 1;
            for (const std::int64_t extent : spec.shape) elements *= static_cast<std::size_t>(extent);
            parameters_[spec.name] = {spec.shape, std::vector<float>(elements)};
        }
        if (node.op == OpKind::batch_norm) {
            draw_batch_norm(node, specs);
        } else if (!specs.empty()) {
            const auto& weight = parameters_[specs[0].name];
            const auto fan_in = static_cast<double>(weight.values.size()) / static_cast<double>(weight.shape[0]);
            const double gain = node.op == OpKind::linear ? 1.0 : 2.0;
            draw_normal(specs[0].name, 0, std::sqrt(gain / fan_in));
            if (specs.size() > 1) draw_normal(specs[1].name, 0, 0.05);
        }
    }

    void draw_normal(const std::string& name, double mean, double deviation) {
        for (float& value : parameters_[name].values) {
            value = static_cast<float>(mean + deviation * random_.normal());
        }
    }

    void draw_batch_norm(const Node& node, const std::vector<ParameterSpec>& specs) {
        for (float& gamma : parameters_[specs[0].name].values) gamma = static_cast<float>(random_.uniform(0.7, 1.3));
        // A little above 0, so that a following ReLU passes rather more than half.
        draw_normal(specs[1].name, 0.1, 0.2);
        const std::vector<Moments> channels = measure(node);
        double variance_of_layer = 0;
        for (const Moments& channel : channels) variance_of_layer += channel.variance();
        variance_of_layer /= static_cast<double>(channels.size());
        // A map of few pixels says little about one channel: the layer's mean variance stands in for some pixels.
        constexpr double prior_pixels = 8;
        for (std::size_t c = 0; c < channels.size(); ++c) {
            const double weighted = channels[c].count * channels[c].variance() + prior_pixels * variance_of_layer;
            const double variance = weighted / (channels[c].count + prior_pixels);
            parameters_[specs[2].name].values[c] = static_cast<float>(channels[c].mean());
            parameters_[specs[3].name].values[c] = static_cast<float>(variance > 0 ? variance : 1.0);
        }
    }

    std::vector<Moments> measure(const Node& node) const {
        std::vector<Moments> channels(static_cast<std::size_t>(node.shape.channels));
        const std::int64_t map = node.shape.height * node.shape.width;
        for (const auto& image : activations_) {
            auto value = image[node.inputs[0]].begin();
            for (Moments& channel : channels) {
                for (std::int64_t i = 0; i < map; ++i, ++value) {
                    channel.sum += *value;
                    channel.squares += static_cast<double>(*value) * *value;
                }
                channel.count += static_cast<double>(map);
            }
        }
        return channels;
    }

    const Network& network_;
    RandomSource random_;
    std::vector<Activations> activations_;  ///< by image
    Parameters parameters_;
    std::vector<float> columns_;
};

}  // namespace

Parameters random_parameters(const Network& network, std::uint64_t seed) {
    return ParameterMaker(network, seed).make();
}

}  // namespace npusim
