// A random network with fewer layers: what is left when some of its nodes go, or when it begins in its middle.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "npusim/models/quantization/quantized_network.h"

namespace npusim::test {

class NetworkCut {
public:
    /// `image` becomes the input: what wrote it goes. `gone` holds nodes that go.
    NetworkCut(const QuantizedNetwork& network, TensorId image, std::set<std::size_t> gone)
        : network_(network), image_(image), gone_(std::move(gone)) {}

    /// Nothing where no node is left.
    [[nodiscard]] std::optional<QuantizedNetwork> left() {
        while (drop_unfed()) {
        }
        QuantizedNetwork cut = network_;
        cut.nodes.clear();
        for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
            if (!gone_.contains(i)) cut.nodes.push_back(network_.nodes[i]);
        }
        if (cut.nodes.empty()) return std::nullopt;
        number_anew(cut);
        return cut;
    }

private:
    static bool writes(const QuantizedNode& node, TensorId tensor) {
        return std::any_of(node.destinations.begin(), node.destinations.end(),
                           [&](const Destination& to) { return to.tensor == tensor; });
    }

    /// Whether all of the tensor is there: it is the image, or no part of what wrote it is gone.
    [[nodiscard]] bool is_whole(TensorId tensor) const {
        if (tensor == image_) return true;
        bool written = false;
        for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
            if (!writes(network_.nodes[i], tensor)) continue;
            if (gone_.contains(i)) return false;
            written = true;
        }
        return written;
    }

    /// Nodes that lack what they read, or that write the image.
    bool drop_unfed() {
        const std::size_t before = gone_.size();
        for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
            const QuantizedNode& node = network_.nodes[i];
            const bool fed = is_whole(node.input.tensor) && (!node.residual || is_whole(node.residual->tensor));
            if (!fed || writes(node, image_)) gone_.insert(i);
        }
        return gone_.size() != before;
    }

    /// Tensors that are left, the image first.
    void number_anew(QuantizedNetwork& cut) const {
        std::vector<TensorId> kept{image_};
        for (TensorId id = 0; id < network_.tensors.size(); ++id) {
            const bool written = std::any_of(cut.nodes.begin(), cut.nodes.end(),
                                             [&](const QuantizedNode& node) { return writes(node, id); });
            if (written) kept.push_back(id);
        }
        std::map<TensorId, TensorId> number;
        cut.tensors.clear();
        for (const TensorId id : kept) {
            number[id] = cut.tensors.size();
            cut.tensors.push_back(network_.tensors[id]);
        }
        for (auto& node : cut.nodes) {
            node.input.tensor = number.at(node.input.tensor);
            if (node.residual) node.residual->tensor = number.at(node.residual->tensor);
            for (auto& to : node.destinations) {
                const bool alone = !is_whole(to.tensor);
                to.tensor = number.at(to.tensor);
                if (!alone) continue;
                // The other half of a concatenation is gone, and with it all that read both.
                cut.tensors[to.tensor].shape.channels = node.output_shape.channels;
                to.channel_begin = 0;
            }
        }
        cut.output = cut.nodes.back().destinations.front().tensor;
    }

    const QuantizedNetwork& network_;
    TensorId image_;
    std::set<std::size_t> gone_;
};

}  // namespace npusim::test
