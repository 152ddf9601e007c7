// Tensors and weights that stay on chip lie where nothing else does, for as long as they are needed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "support/random_pair.h"

namespace npusim {

namespace {

/// Byte ranges of a buffer; ends are exclusive.
using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;

bool overlap(const Ranges& ranges) {
    Ranges sorted = ranges;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i].first < sorted[i - 1].second) return true;
    }
    return false;
}

/// The first node that writes a tensor, and the last that touches it.
std::pair<std::size_t, std::size_t> life(const QuantizedNetwork& network, TensorId tensor) {
    std::pair<std::size_t, std::size_t> found{network.nodes.size(), 0};
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const QuantizedNode& node = network.nodes[i];
        const bool writes = std::any_of(node.destinations.begin(), node.destinations.end(),
                                        [&](const Destination& to) { return to.tensor == tensor; });
        const bool reads = node.input.tensor == tensor || (node.residual && node.residual->tensor == tensor);
        if (writes) found.first = std::min(found.first, i);
        if (writes || reads) found.second = i;
    }
    return found;
}

Ranges residents_at(const test::RandomPair& pair, std::size_t node) {
    Ranges ranges;
    for (TensorId tensor = 0; tensor < pair.program.residents.size(); ++tensor) {
        const auto& layout = pair.program.residents[tensor];
        if (!layout) continue;
        const auto [first, last] = life(pair.network, tensor);
        if (node < first || last < node) continue;
        const auto begin = static_cast<std::int64_t>(layout->address);
        ranges.emplace_back(begin, begin + layout->images * layout->image_stride_bytes);
    }
    return ranges;
}

/// Whatever DMA moves to or from the activation buffer, and the tensors that it moves.
struct Moved {
    Ranges activations, weights;
    std::set<TensorId> tensors;
};

Moved moved_in(const test::RandomPair& pair, const std::vector<Command>& commands) {
    Moved moved;
    const auto add = [&](TensorId tensor, const Region& region, std::uint64_t address) {
        const auto begin = static_cast<std::int64_t>(address);
        moved.activations.emplace_back(begin, begin + region_bytes(pair.program.layouts[tensor], region));
        moved.tensors.insert(tensor);
    };
    for (const Command& command : commands) {
        if (const auto* load = std::get_if<LoadCommand>(&command.work)) {
            if (load->kind == LoadKind::weights) {
                const auto begin = static_cast<std::int64_t>(load->sram_address);
                moved.weights.emplace_back(begin, begin + load->weight_bytes + load->parameter_bytes);
            } else {
                add(load->tensor, load->region, load->sram_address);
            }
        } else if (const auto* store = std::get_if<StoreCommand>(&command.work)) {
            add(store->tensor, store->region, store->sram_address);
        }
    }
    return moved;
}

std::vector<test::RandomPair> keeping_pairs(std::uint64_t first_seed, std::size_t wanted) {
    std::vector<test::RandomPair> pairs = test::random_pairs(first_seed, wanted);
    std::mt19937_64 random(first_seed);
    for (auto& pair : pairs) {
        pair.arch.keep_on_chip = {true, true};
        pair.arch.activation_buffer.bytes <<= random() % 8;
        pair.arch.weight_buffer.bytes <<= random() % 5;
        pair.program = lower(pair.network, pair.arch, 1 + static_cast<std::int64_t>(random() % 3));
    }
    return pairs;
}

}  // namespace

TEST_CASE("Tensors that stay on chip lie in the buffer, apart from each other and from every slot of their time") {
    int seen = 0;
    for (const auto& pair : keeping_pairs(530'000, 200)) {
        for (const LayerProgram& layer : pair.program.layers) {
            INFO("seed " << pair.seed << ", layer " << layer.name);
            const Ranges residents = residents_at(pair, layer.node);
            seen += residents.empty() ? 0 : 1;
            REQUIRE_FALSE(overlap(residents));
            std::int64_t lowest = pair.arch.activation_buffer.bytes;
            for (const auto& [begin, end] : residents) {
                REQUIRE(begin >= 0);
                REQUIRE(end <= pair.arch.activation_buffer.bytes);
                lowest = std::min(lowest, begin);
            }
            for (const auto& [begin, end] : moved_in(pair, layer.commands).activations) REQUIRE(end <= lowest);
        }
    }
    CHECK(seen > 100);
}

TEST_CASE("No DMA command moves a tensor that stays on chip; the image and the logits never stay") {
    for (const auto& pair : keeping_pairs(540'000, 150)) {
        if (pair.program.residents.empty()) continue;
        INFO("seed " << pair.seed);
        CHECK_FALSE(pair.program.residents[0]);
        CHECK_FALSE(pair.program.residents[pair.network.output]);
        for (const LayerProgram& layer : pair.program.layers) {
            for (const TensorId tensor : moved_in(pair, layer.commands).tensors) {
                CHECK_FALSE(pair.program.residents[tensor]);
            }
        }
    }
}

TEST_CASE("Weights that stay on chip are loaded once, apart from each other and from the slots of the other layers") {
    int seen = 0;
    for (const auto& pair : keeping_pairs(550'000, 150)) {
        INFO("seed " << pair.seed);
        Ranges staying;
        std::int64_t slots_end = 0;
        for (const LayerProgram& layer : pair.program.layers) {
            if (layer.weights_stay) {
                CHECK(moved_in(pair, layer.commands).weights.empty());
                const Ranges loaded = moved_in(pair, layer.first_commands).weights;
                staying.insert(staying.end(), loaded.begin(), loaded.end());
                ++seen;
            } else {
                CHECK(layer.first_commands.empty());
                for (const auto& [begin, end] : moved_in(pair, layer.commands).weights) {
                    slots_end = std::max(slots_end, end);
                }
            }
        }
        CHECK_FALSE(overlap(staying));
        for (const auto& [begin, end] : staying) {
            CHECK(begin >= slots_end);
            CHECK(end <= pair.arch.weight_buffer.bytes);
        }
    }
    CHECK(seen > 50);
}

TEST_CASE("Residency never refuses a network that fits without it") {
    for (const auto& pair : test::random_pairs(560'000, 150)) {
        ArchSpec arch = pair.arch;
        arch.keep_on_chip = {true, true};
        INFO("seed " << pair.seed);
        CHECK_NOTHROW((void)lower(pair.network, arch, 3));
    }
}

}  // namespace npusim
