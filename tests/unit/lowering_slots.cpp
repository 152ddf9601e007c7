// Programs keep to the buffers: every tile lies in its slot, and slots do not overlap.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "support/random_pair.h"

namespace npusim {

namespace {

/// Byte ranges of one buffer, by what lies there and where it begins.
class BufferMap {
public:
    void add(const std::string& role, std::uint64_t address, std::int64_t bytes) {
        std::int64_t& most = ranges_[{role, address}];
        most = std::max(most, bytes);
    }
    /// Every range ends inside the buffer and touches no other.
    void check(std::int64_t buffer_bytes) const {
        std::map<std::uint64_t, std::int64_t> by_address;
        for (const auto& [key, bytes] : ranges_) {
            if (bytes == 0) continue;
            INFO(key.first << " at " << key.second << ", " << bytes << " bytes");
            REQUIRE(by_address.emplace(key.second, bytes).second);
        }
        std::int64_t end = 0;
        for (const auto& [address, bytes] : by_address) {
            INFO("at " << address);
            REQUIRE(static_cast<std::int64_t>(address) >= end);
            end = static_cast<std::int64_t>(address) + bytes;
        }
        REQUIRE(end <= buffer_bytes);
    }
    [[nodiscard]] std::size_t slots(const std::string& role) const {
        return static_cast<std::size_t>(std::count_if(ranges_.begin(), ranges_.end(),
                                                      [&](const auto& range) { return range.first.first == role; }));
    }

private:
    std::map<std::pair<std::string, std::uint64_t>, std::int64_t> ranges_;
};

struct LayerBuffers {
    BufferMap weights;
    BufferMap activations;
};

LayerBuffers map_layer(const test::RandomPair& pair, const LayerProgram& layer) {
    LayerBuffers buffers;
    for (const auto& command : layer.commands) {
        if (const auto* load = std::get_if<LoadCommand>(&command.work)) {
            if (load->kind == LoadKind::weights) {
                buffers.weights.add("weights", load->sram_address, load->weight_bytes + load->parameter_bytes);
            } else {
                const std::string role = load->kind == LoadKind::residual ? "residual" : "inputs";
                const auto bytes = region_bytes(pair.program.layouts[load->tensor], load->region);
                buffers.activations.add(role, load->sram_address, bytes);
            }
        } else if (const auto* store = std::get_if<StoreCommand>(&command.work)) {
            const auto bytes = region_bytes(pair.program.layouts[store->tensor], store->region);
            buffers.activations.add("outputs of " + std::to_string(store->destination), store->sram_address, bytes);
        }
    }
    return buffers;
}

/// Rows of accumulators that a command's sums take, each as wide as the array.
std::int64_t accumulator_rows(const QuantizedNode& node, const Region& output, std::int64_t columns,
                              Dataflow dataflow) {
    if (dataflow == Dataflow::input_stationary) {
        return output.channels() * ((output.pixels() + columns - 1) / columns);
    }
    const std::int64_t group = std::min(node.output_shape.channels / node.groups, output.channels());
    return output.pixels() * (output.channels() / group) * ((group + columns - 1) / columns);
}

}  // namespace

TEST_CASE("Tiles of random layers lie in slots that fit the buffers and do not overlap") {
    for (const auto& pair : test::random_pairs(500'000, 250)) {
        INFO("seed " << pair.seed);
        for (const auto& layer : pair.program.layers) {
            INFO("layer " << layer.name);
            const LayerBuffers buffers = map_layer(pair, layer);
            buffers.weights.check(pair.arch.weight_buffer.bytes);
            buffers.activations.check(pair.arch.activation_buffer.bytes);
            const auto slots = static_cast<std::size_t>(layer.slots);
            REQUIRE(buffers.weights.slots("weights") <= slots);
            REQUIRE(buffers.activations.slots("inputs") <= slots);
            REQUIRE(buffers.activations.slots("residual") <= slots);
        }
    }
}

TEST_CASE("Accumulators of random layers fit the accumulator buffer, all slots together") {
    for (const auto& pair : test::random_pairs(510'000, 150)) {
        const ArraySpec& array = pair.arch.array;
        for (const auto& layer : pair.program.layers) {
            const QuantizedNode& node = pair.network.nodes[layer.node];
            for (const auto& command : layer.commands) {
                const auto* work = std::get_if<ArrayCommand>(&command.work);
                if (work == nullptr) continue;
                const auto bits = accumulator_rows(node, work->output, array.columns, layer.dataflow) * layer.slots *
                                  array.columns * array.accumulator_bits;
                INFO("seed " << pair.seed << ", layer " << layer.name);
                REQUIRE(bits <= pair.arch.accumulator_buffer.bytes * 8);
            }
        }
    }
}

TEST_CASE("The stores of a layer write every element of its destinations exactly once") {
    for (const auto& pair : test::random_pairs(520'000, 150)) {
        for (const auto& layer : pair.program.layers) {
            const QuantizedNode& node = pair.network.nodes[layer.node];
            std::vector<std::map<std::array<std::int64_t, 3>, int>> written(node.destinations.size());
            for (const auto& command : layer.commands) {
                const auto* store = std::get_if<StoreCommand>(&command.work);
                if (store == nullptr) continue;
                const Region& region = store->region;
                for (std::int64_t y = region.y_begin; y < region.y_end; ++y) {
                    for (std::int64_t x = region.x_begin; x < region.x_end; ++x) {
                        for (std::int64_t c = region.channel_begin; c < region.channel_end; ++c) {
                            ++written[store->destination][{c, y, x}];
                        }
                    }
                }
            }
            for (std::size_t d = 0; d < written.size(); ++d) {
                INFO("seed " << pair.seed << ", layer " << layer.name);
                REQUIRE(static_cast<std::int64_t>(written[d].size()) == node.output_shape.elements());
                for (const auto& [element, times] : written[d]) {
                    REQUIRE(times == 1);
                    REQUIRE(element[0] >= node.destinations[d].channel_begin);
                    REQUIRE(element[0] < node.destinations[d].channel_begin + node.output_shape.channels);
                }
            }
        }
    }
}

}  // namespace npusim
