// Makes a random pair small for as long as something stays true of it.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "npusim/base/error.h"
#include "npusim/models/quantization/reference.h"
#include "support/cut_network.h"
#include "support/layer_json.h"
#include "support/random_pair.h"
#include "support/smaller_chip.h"
#include "support/smaller_layer.h"

namespace npusim::test {

class PairShrinker {
public:
    using Check = std::function<bool(const RandomPair&)>;

    /// `holds` is true of the pair that shrinks, and of what it becomes.
    explicit PairShrinker(Check holds) : holds_(std::move(holds)) {}

    /// Greedy, in a fixed order, until no change is left that the check survives: the same pair gives the same one.
    [[nodiscard]] RandomPair shrunk(RandomPair pair) {
        seen_ = {key_of(pair)};
        for (bool smaller = true; smaller;) {
            smaller = false;
            for (const Steps steps : {cuts, parts_dropped, layers_changed, chips_changed}) {
                if (take_steps(pair, steps)) smaller = true;
            }
        }
        return pair;
    }

private:
    /// Makes a pair, or none where it would be no valid one.
    using Step = std::function<std::optional<RandomPair>()>;

    using Steps = std::vector<Step> (*)(const RandomPair& pair);

    /// Every step that the check survives, each from where the one before has led.
    bool take_steps(RandomPair& pair, Steps steps_of) {
        bool smaller = false;
        auto steps = steps_of(pair);
        for (std::size_t i = 0; i < steps.size();) {
            auto next = made(steps[i], pair.batch);
            // A chip's reader may put back what a step has changed: no pair is taken twice.
            if (!next || seen_.contains(key_of(*next)) || !holds_(*next)) {
                ++i;
                continue;
            }
            seen_.insert(key_of(*next));
            pair = std::move(*next);
            steps = steps_of(pair);
            smaller = true;
        }
        return smaller;
    }

    static std::string key_of(const RandomPair& pair) {
        std::string key = std::to_string(pair.batch) + to_json(pair.arch).dump();
        for (const auto& node : pair.network.nodes) key += layer_json(pair.network, node).dump();
        return key;
    }

    /// Steps that do not say otherwise (0) leave the batch.
    static std::optional<RandomPair> made(const Step& step, std::int64_t batch) {
        try {
            auto pair = step();
            if (!pair) return std::nullopt;
            validate(pair->network);
            if (pair->batch == 0) pair->batch = batch;
            pair->program = lower(pair->network, pair->arch, pair->batch);
            return pair;
        } catch (const InputError&) {
            return std::nullopt;
        }
    }

    static Step cut(const RandomPair& pair, TensorId image, const std::set<std::size_t>& gone) {
        return [&pair, image, gone]() -> std::optional<RandomPair> {
            auto network = NetworkCut(pair.network, image, gone).left();
            if (!network || network->nodes.size() == pair.network.nodes.size()) return std::nullopt;
            RandomPair smaller{pair.seed, std::move(*network), pair.arch, pair.image, {}, 0};
            if (image != 0) smaller.image = reference_run(pair.network, pair.image)[image].values;
            return smaller;
        };
    }

    /// One layer alone first, then the network without its end, without its beginning, without a layer.
    static std::vector<Step> cuts(const RandomPair& pair) {
        const std::size_t nodes = pair.network.nodes.size();
        std::vector<Step> steps;
        const auto all_but = [&](std::size_t begin, std::size_t end) {
            std::set<std::size_t> others;
            for (std::size_t i = 0; i < nodes; ++i) {
                if (i < begin || i >= end) others.insert(i);
            }
            return others;
        };
        for (std::size_t i = 0; i < nodes; ++i) {
            steps.push_back(cut(pair, pair.network.nodes[i].input.tensor, all_but(i, i + 1)));
        }
        for (std::size_t i = 1; i < nodes; ++i) steps.push_back(cut(pair, 0, all_but(0, i)));
        for (TensorId tensor = pair.network.tensors.size(); tensor-- > 1;) steps.push_back(cut(pair, tensor, {}));
        for (std::size_t i = 0; i < nodes; ++i) steps.push_back(cut(pair, 0, {i}));
        return steps;
    }

    static Step without(const RandomPair& pair, const std::function<bool(QuantizedNode&)>& drop, std::size_t node) {
        return [&pair, drop, node]() -> std::optional<RandomPair> {
            RandomPair smaller{pair.seed, pair.network, pair.arch, pair.image, {}, 0};
            if (!drop(smaller.network.nodes[node])) return std::nullopt;
            auto network = NetworkCut(smaller.network, 0, {}).left();
            if (!network || network->nodes.size() != smaller.network.nodes.size()) return std::nullopt;
            smaller.network = std::move(*network);
            return smaller;
        };
    }

    /// Residuals, and destinations that nobody reads.
    static std::vector<Step> parts_dropped(const RandomPair& pair) {
        const auto residual = [](QuantizedNode& node) {
            const bool had = node.residual.has_value();
            node.residual.reset();
            return had;
        };
        const auto last = [](QuantizedNode& node) {
            if (node.destinations.size() == 1) return false;
            node.destinations.pop_back();
            return true;
        };
        const auto first = [](QuantizedNode& node) {
            if (node.destinations.size() == 1) return false;
            node.destinations.erase(node.destinations.begin());
            return true;
        };
        std::vector<Step> steps;
        for (std::size_t i = 0; i < pair.network.nodes.size(); ++i) {
            for (const std::function<bool(QuantizedNode&)>& drop :
                 {std::function<bool(QuantizedNode&)>(residual), std::function<bool(QuantizedNode&)>(last),
                  std::function<bool(QuantizedNode&)>(first)}) {
                steps.push_back(without(pair, drop, i));
            }
        }
        return steps;
    }

    /// Shapes and widths, once one layer is left.
    static std::vector<Step> layers_changed(const RandomPair& pair) {
        std::vector<Step> steps;
        if (pair.network.nodes.size() != 1) return steps;
        for (const LayerChange& change : layer_changes_of()) {
            steps.emplace_back([&pair, change]() -> std::optional<RandomPair> {
                RandomPair smaller{pair.seed, pair.network, pair.arch, {}, {}, 0};
                if (!change(smaller.network.nodes.front(), smaller.network.tensors.front())) return std::nullopt;
                settle(smaller.network);
                smaller.image = fitted(pair.image, smaller.network.tensors.front());
                return smaller;
            });
        }
        for (const Destination& to : pair.network.nodes.front().destinations) {
            steps.emplace_back([&pair, tensor = to.tensor]() -> std::optional<RandomPair> {
                RandomPair smaller{pair.seed, pair.network, pair.arch, pair.image, {}, 0};
                if (std::exchange(smaller.network.tensors[tensor].bits, 8) == 8) return std::nullopt;
                return smaller;
            });
        }
        return steps;
    }

    static std::vector<std::int32_t> fitted(const std::vector<std::int32_t>& image, const QuantizedTensor& tensor) {
        const IntegerRange range = tensor.range();
        std::vector<std::int32_t> values(static_cast<std::size_t>(tensor.shape.elements()));
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] =
                static_cast<std::int32_t>(std::clamp<std::int64_t>(image[i % image.size()], range.low, range.high));
        }
        return values;
    }

    static std::vector<Step> chips_changed(const RandomPair& pair) {
        std::vector<Step> steps;
        steps.emplace_back([&pair]() -> std::optional<RandomPair> {
            return RandomPair{pair.seed, pair.network, pair.arch, pair.image, {}, 1};
        });
        for (const nlohmann::json& chip : nearer_to_plain(to_json(pair.arch))) {
            steps.emplace_back([&pair, chip]() -> std::optional<RandomPair> {
                return RandomPair{pair.seed, pair.network, parse_arch(chip, pair.arch.name), pair.image, {}, 0};
            });
        }
        return steps;
    }

    Check holds_;
    std::set<std::string> seen_;  ///< what the pair has been
};

}  // namespace npusim::test
