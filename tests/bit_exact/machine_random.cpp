// The SystemC machine against the reference operators on random networks and random architectures: all tensors.
#include <catch2/catch.hpp>
#include <map>

#include "support/random_pair.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

/// What a set of pairs has exercised, by name.
using Coverage = std::map<std::string, int>;

void note_tiling(const QuantizedNode& node, const Tiling& tiling, Coverage& seen) {
    const TensorShape& out = node.output_shape;
    const bool many_n = tiling.out_channels < out.channels;
    const bool many_m = tiling.rows < out.height || tiling.columns < out.width;
    if (many_n && many_m) ++seen[tiling.weights_outer ? "weights outer" : "pixels outer"];
    if (out.channels % tiling.out_channels != 0) ++seen["partial channel tiles"];
    if (out.height % tiling.rows != 0) ++seen["partial row tiles"];
    if (tiling.columns < out.width) ++seen["column splits"];
    if (node.op != QuantizedOp::convolution) return;
    if (tiling.reduce_channels < node.input_shape.channels / node.groups) {
        ++seen["reduction tiles"];
        if (!tiling.weights_whole) ++seen["parts of weights"];
        if (!tiling.inputs_whole) ++seen["parts of inputs"];
    }
}

void note_node(const test::RandomPair& pair, const QuantizedNode& node, Coverage& seen) {
    ++seen[std::string(name_of(node.op))];
    if (node.destinations.size() > 1) ++seen["several destinations"];
    if (node.residual) ++seen["residuals"];
    if (node.op != QuantizedOp::convolution) return;
    const ArraySpec& array = pair.arch.array;
    const std::int64_t group_out = node.output_shape.channels / node.groups;
    if (node.groups > 1) ++seen["groups"];
    if (node.groups == 1 && group_out < array.columns) ++seen["idle columns"];
    if (node.weight_bits > array.pe.weight_bits) ++seen["weight slices"];
    if (node.input_bits > array.pe.activation_bits) ++seen["activation slices"];
}

void note(const test::RandomPair& pair, Coverage& seen) {
    for (const auto& layer : pair.program.layers) {
        const QuantizedNode& node = pair.network.nodes[layer.node];
        note_node(pair, node, seen);
        note_tiling(node, layer.tiling, seen);
        if (layer.slots == 2 && layer.commands.size() > 4) ++seen["two slots"];
        if (layer.slots == 1 && layer.commands.size() > 4) ++seen["one slot"];
        const TensorLayout& input = pair.program.layouts[node.input.tensor];
        if (input.block_channels(input.block_count() - 1) < input.channel_block) ++seen["partial blocks"];
    }
    if (pair.arch.dram.ideal) ++seen["ideal DRAM"];
}

/// Runs all pairs, a child each, and requires equality; returns what they exercised.
Coverage check_pairs(std::uint64_t first_seed, std::size_t wanted, const test::RandomNetworkOptions& options) {
    const auto pairs = test::random_pairs(first_seed, wanted, options);
    Coverage seen;
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        note(pair, seen);
        jobs.emplace_back([&pair](const FractionSink&) {
            return test::simulate_and_compare(
                pair.network, pair.arch, pair.program, {pair.image},
                [&](const test::Image& image) { return reference_run(pair.network, image); });
        });
    }
    const auto outcomes = run_in_workers(jobs, {0, std::chrono::seconds(60), {}});
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const auto* failure = std::get_if<WorkerFailure>(&outcomes[i]);
        INFO("seed " << pairs[i].seed << ": " << (failure != nullptr ? failure->reason : ""));
        CHECK(failure == nullptr);
        if (failure == nullptr && std::get<RunResult>(outcomes[i]).total.accumulator_overflows > 0) ++seen["overflows"];
    }
    return seen;
}

}  // namespace

TEST_CASE("The machine equals the reference in every tensor on random networks and architectures") {
    const Coverage seen = check_pairs(1, 400, {});
    for (const char* name : {"convolution",
                             "max_pool",
                             "average_pool",
                             "slice_pad",
                             "elementwise",
                             "reduction tiles",
                             "parts of weights",
                             "parts of inputs",
                             "weights outer",
                             "pixels outer",
                             "partial channel tiles",
                             "partial row tiles",
                             "column splits",
                             "partial blocks",
                             "several destinations",
                             "residuals",
                             "groups",
                             "idle columns",
                             "two slots",
                             "one slot",
                             "weight slices",
                             "activation slices",
                             "ideal DRAM",
                             "overflows"}) {
        INFO(name);
        const auto found = seen.find(name);
        CHECK((found != seen.end() && found->second >= 10));
    }
}

TEST_CASE("The machine equals the reference on convolutions only, where reductions are long and buffers small") {
    test::RandomNetworkOptions options;
    options.ops = {QuantizedOp::convolution};
    options.residuals = true;
    const Coverage seen = check_pairs(100'000, 150, options);
    CHECK(seen.at("reduction tiles") >= 30);
}

}  // namespace npusim
