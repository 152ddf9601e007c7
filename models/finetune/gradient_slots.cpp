#include "gradient_slots.h"

#include <algorithm>

namespace npusim {

namespace {

/// The stages, by number, between which a tensor's gradient lives, ends included.
struct Life {
    std::size_t first_writer = 0;
    std::optional<std::size_t> last_reader;
};

std::vector<Life> lives_of(const QuantizedNetwork& network) {
    std::vector<Life> lives(network.tensors.size());
    for (std::size_t i = network.nodes.size(); i-- > 0;) {
        const QuantizedNode& node = network.nodes[i];
        for (const Destination& destination : node.destinations) lives[destination.tensor].first_writer = i;
        const auto read = [&](TensorId tensor) {
            if (!lives[tensor].last_reader) lives[tensor].last_reader = i;
        };
        read(node.input.tensor);
        if (node.residual) read(node.residual->tensor);
    }
    // The loss reads the network's output, behind all stages.
    lives[network.output].last_reader = network.nodes.size();
    lives.front().last_reader.reset();
    return lives;
}

/// Slots that are handed out and taken back.
class SlotPool {
public:
    /// The smallest free slot that is large enough; else the largest, which grows; else a new one.
    std::size_t take(std::int64_t elements) {
        const auto wins = [&](std::size_t a, std::size_t b) {
            const bool fits_a = sizes[a] >= elements;
            if (fits_a != (sizes[b] >= elements)) return fits_a;
            return fits_a ? sizes[a] < sizes[b] : sizes[a] > sizes[b];
        };
        if (free_.empty()) {
            free_.push_back(sizes.size());
            sizes.push_back(0);
        }
        const auto best = std::min_element(free_.begin(), free_.end(), wins);
        const std::size_t slot = *best;
        free_.erase(best);
        sizes[slot] = std::max(sizes[slot], elements);
        return slot;
    }
    void give_back(std::size_t slot) { free_.push_back(slot); }

    std::vector<std::int64_t> sizes;

private:
    std::vector<std::size_t> free_;
};

bool is_read_whole(const QuantizedNetwork& network, TensorId tensor) {
    const std::int64_t channels = network.tensors[tensor].shape.channels;
    return std::all_of(network.nodes.begin(), network.nodes.end(), [&](const QuantizedNode& node) {
        const auto is_whole = [&](const TensorView& view) {
            return view.tensor != tensor || view.channels == channels;
        };
        return is_whole(node.input) && (!node.residual || is_whole(*node.residual));
    });
}

/// The tensor whose gradient becomes that of `tensor`: what a stage writes, when that is all it writes and `tensor` its
/// residual.
std::optional<TensorId> handed_on(const QuantizedNetwork& network, std::size_t stage, TensorId tensor) {
    if (stage >= network.nodes.size()) return std::nullopt;
    const QuantizedNode& node = network.nodes[stage];
    if (!node.residual || node.residual->tensor != tensor || node.destinations.size() != 1) return std::nullopt;
    const TensorId given = node.destinations[0].tensor;
    const bool is_whole = network.tensors[given].shape.channels == node.output_shape.channels;
    if (!is_whole || !is_read_whole(network, tensor)) return std::nullopt;
    return given;
}

}  // namespace

GradientSlots plan_gradient_slots(const QuantizedNetwork& network, bool plain) {
    const std::vector<Life> lives = lives_of(network);
    GradientSlots plan;
    plan.of_tensor.resize(network.tensors.size());
    std::vector<bool> is_handed_on(network.tensors.size());
    SlotPool pool;
    for (std::size_t stage = network.nodes.size() + 1; stage-- > 0;) {
        for (std::size_t t = 0; t < lives.size(); ++t) {
            if (lives[t].last_reader != stage) continue;
            const auto given = plain ? handed_on(network, stage, t) : std::nullopt;
            if (given) is_handed_on[*given] = true;
            plan.of_tensor[t] = given ? plan.of_tensor[*given] : pool.take(network.tensors[t].shape.elements());
        }
        for (std::size_t t = 0; t < lives.size(); ++t) {
            const std::size_t end = lives[t].first_writer - (plain && lives[t].first_writer > 0 ? 1 : 0);
            if (plan.of_tensor[t] && !is_handed_on[t] && end == stage) pool.give_back(*plan.of_tensor[t]);
        }
    }
    plan.elements = std::move(pool.sizes);
    return plan;
}

}  // namespace npusim
