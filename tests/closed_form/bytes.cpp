// Bytes and accesses: never fewer than the layer needs, and those of its commands.
#include <catch2/catch.hpp>
#include <set>

#include "npusim/base/integer_math.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sweeps/precision_ladder.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

std::vector<WorkerOutcome> time_all(const std::vector<test::RandomPair>& pairs) {
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        jobs.emplace_back([&pair](const FractionSink&) {
            return simulate({pair.network, pair.arch, pair.program, {}, {}, {}});
        });
    }
    return run_in_workers(jobs);
}

/// Input coordinates along one axis that some window touches.
std::int64_t touched(std::int64_t outputs, std::int64_t inputs, std::int64_t kernel, std::int64_t stride,
                     std::int64_t dilation, std::int64_t pad, bool adaptive) {
    std::set<std::int64_t> seen;
    for (std::int64_t at = 0; at < outputs; ++at) {
        const std::int64_t begin = window_begin(at, stride, pad, adaptive, inputs, outputs);
        for (std::int64_t k = 0; k < kernel; ++k) {
            const std::int64_t i = begin + k * dilation;
            if (i >= 0 && i < inputs) seen.insert(i);
        }
    }
    return static_cast<std::int64_t>(seen.size());
}

std::int64_t touched_pixels(const QuantizedNode& node) {
    const Window& w = node.window;
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    return touched(out.height, in.height, w.kernel_height, w.stride_height, w.dilation_height, w.pad_top,
                   node.adaptive) *
           touched(out.width, in.width, w.kernel_width, w.stride_width, w.dilation_width, w.pad_left, node.adaptive);
}

std::int64_t whole_bytes(const TensorLayout& layout, std::int64_t channel_begin, std::int64_t channels,
                         std::int64_t pixels) {
    return region_bytes(layout, {0, 1, 0, 1, channel_begin, channel_begin + channels}) * pixels;
}

void check_layer(const test::RandomPair& pair, const QuantizedNode& node, const DramCounters& dram) {
    const auto& layouts = pair.program.layouts;
    const std::int64_t map = node.output_shape.height * node.output_shape.width;
    const std::int64_t channels = node.output_shape.channels;
    std::int64_t weights = 0;
    if (node.op == QuantizedOp::convolution) weights = channels * node.reduction_size() * node.weight_bits;
    CHECK(static_cast<std::int64_t>(dram.weight_read_bytes) * 8 >= weights);
    const auto constants = channels * static_cast<std::int64_t>(node.destinations.size()) * kRequantizerBytes;
    CHECK(static_cast<std::int64_t>(dram.parameter_read_bytes) >= constants);
    CHECK(static_cast<std::int64_t>(dram.input_read_bytes) >=
          whole_bytes(layouts[node.input.tensor], node.input.channel_begin, node.input.channels, touched_pixels(node)));
    // Outputs and residuals move exactly once.
    std::int64_t outputs = 0;
    for (const auto& to : node.destinations) {
        outputs += whole_bytes(layouts[to.tensor], to.channel_begin, channels, map);
    }
    CHECK(static_cast<std::int64_t>(dram.output_write_bytes) == outputs);
    std::int64_t residual = 0;
    if (node.residual) {
        residual = whole_bytes(layouts[node.residual->tensor], node.residual->channel_begin, channels, map);
    }
    CHECK(static_cast<std::int64_t>(dram.residual_read_bytes) == residual);
    CHECK(dram.moved_bytes() % static_cast<std::uint64_t>(pair.arch.dram.burst_bytes) == 0);
}

/// Accesses of the buffers that the commands of a layer make, from the two closed forms and the sizes of transfers.
struct Accesses {
    BufferCounters weights, activations, accumulators;
};

Accesses accesses_of(const test::RandomPair& pair, const LayerProgram& layer) {
    const ArchSpec& arch = pair.arch;
    const auto moves = [](std::int64_t bytes, const BufferSpec& buffer) {
        return static_cast<std::uint64_t>(ceil_div<std::int64_t>(bytes * 8, buffer.width_bits));
    };
    Accesses sum;
    for (const auto& command : layer.commands) {
        if (const auto* load = std::get_if<LoadCommand>(&command.work)) {
            if (load->kind == LoadKind::weights) {
                sum.weights.writes += moves(load->weight_bytes + load->parameter_bytes, arch.weight_buffer);
            } else {
                const auto bytes = region_bytes(pair.program.layouts[load->tensor], load->region);
                sum.activations.writes += moves(bytes, arch.activation_buffer);
            }
        } else if (const auto* store = std::get_if<StoreCommand>(&command.work)) {
            const auto bytes = region_bytes(pair.program.layouts[store->tensor], store->region);
            sum.activations.reads += moves(bytes, arch.activation_buffer);
        } else if (const auto* array = std::get_if<ArrayCommand>(&command.work)) {
            const ArrayTiming timing = dataflow_policy(layer.dataflow).time(arch, array->work);
            sum.weights.reads += timing.weight_reads;
            sum.activations.reads += timing.activation_reads;
            sum.accumulators += {timing.accumulator_reads, timing.accumulator_writes};
        } else {
            const VectorTiming timing = time_vector(arch, std::get<VectorCommand>(command.work).work);
            sum.activations += {timing.activation_reads, timing.activation_writes};
            sum.accumulators.reads += timing.accumulator_reads;
        }
    }
    return sum;
}

}  // namespace

TEST_CASE("Every layer moves its weights, constants and inputs at least once, its outputs and residual exactly once") {
    const auto pairs = test::random_pairs(300'000, 120);
    const auto outcomes = time_all(pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        for (const auto& layer : result_or_throw(outcomes[i]).layers) {
            INFO("seed " << pairs[i].seed << ", layer " << layer.name);
            check_layer(pairs[i], pairs[i].network.nodes[layer.node], layer.counters.dram);
        }
    }
}

TEST_CASE("The buffers' accesses are those of the transfers, of the dataflow and of the vector unit") {
    const auto pairs = test::random_pairs(310'000, 120);
    const auto outcomes = time_all(pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const RunResult& result = result_or_throw(outcomes[i]);
        for (std::size_t l = 0; l < result.layers.size(); ++l) {
            INFO("seed " << pairs[i].seed << ", layer " << result.layers[l].name);
            const Accesses expected = accesses_of(pairs[i], pairs[i].program.layers[l]);
            const Counters& counters = result.layers[l].counters;
            CHECK(counters.weight_buffer == expected.weights);
            CHECK(counters.activation_buffer == expected.activations);
            CHECK(counters.accumulator_buffer == expected.accumulators);
        }
    }
}

TEST_CASE("Halving the bits of a whole chip never moves more bytes") {
    std::vector<Network> networks;
    for (const char* name : {"resnet20", "resnet18", "densenet161"}) networks.push_back(make_network(name, 64));
    networks[0] = make_network("resnet20");
    const ArchSpec base = read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int8_array.json");
    std::vector<WorkerJob> jobs;
    for (const Network& network : networks) {
        for (const int bits : kLadderBits) {
            jobs.emplace_back([&, bits](const FractionSink& progress) {
                return run_timing(network, at_uniform_bits(base, bits), progress);
            });
        }
    }
    const auto outcomes = run_in_workers(jobs);
    constexpr std::size_t rungs = std::size(kLadderBits);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (i % rungs == 0) continue;
        const DramCounters& more = result_or_throw(outcomes[i - 1]).total.dram;
        const DramCounters& fewer = result_or_throw(outcomes[i]).total.dram;
        INFO(networks[i / rungs].name << " at " << kLadderBits[i % rungs] << " bits");
        CHECK(fewer.moved_bytes() <= more.moved_bytes());
        CHECK(fewer.weight_read_bytes <= more.weight_read_bytes);
        CHECK(fewer.read_bytes() <= more.read_bytes());
    }
}

}  // namespace npusim
