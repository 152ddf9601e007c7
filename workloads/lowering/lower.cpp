#include "npusim/workloads/lowering/lower.h"

#include <algorithm>
#include <utility>

#include "layer_emitter.h"
#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"
#include "residency.h"
#include "tensor_lives.h"

namespace npusim {
namespace {

/// Every destination must begin and end on whole bytes, or neighbours in a concatenation would be overwritten.
void check_alignment(const QuantizedNetwork& network, const std::vector<TensorLayout>& layouts) {
    for (const auto& node : network.nodes) {
        for (const auto& to : node.destinations) {
            if (!is_byte_aligned(layouts[to.tensor], to.channel_begin, to.channel_begin + node.output_shape.channels)) {
                throw InputError("network " + network.name, node.name,
                                 "channels " + std::to_string(to.channel_begin) + " onwards of " +
                                     network.tensors[to.tensor].name + " at " +
                                     std::to_string(layouts[to.tensor].bits) +
                                     " bits do not begin and end on whole bytes; use 1, 2, 4, 8 or 16 bits");
            }
        }
    }
}

void check_signs(const QuantizedNetwork& network) {
    for (const auto& tensor : network.tensors) {
        if (tensor.bits > 1 || !tensor.is_signed) continue;
        throw InputError("network " + network.name, tensor.name, "is signed and has one bit, which holds no zero");
    }
}

/// The largest sum of bytes of tensors that are alive at once: from the first node that writes to the last that reads.
std::int64_t peak_activation_bytes(const QuantizedNetwork& network, const std::vector<TensorLayout>& layouts) {
    const std::vector<TensorLife> lives = tensor_lives(network);
    std::int64_t peak = 0;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        std::int64_t alive = 0;
        for (std::size_t t = 0; t < layouts.size(); ++t) {
            if (lives[t].is_alive(i)) alive += layouts[t].images * layouts[t].bytes();
        }
        peak = std::max(peak, alive);
    }
    return peak;
}

}  // namespace

Program lower(const QuantizedNetwork& network, const ArchSpec& arch, std::int64_t batch) {
    Program program;
    program.network = network.name;
    program.batch = batch;
    std::uint64_t end = 0;
    program.layouts = place_tensors(network, arch, batch, end);
    check_signs(network);
    check_alignment(network, program.layouts);
    const std::uint64_t weights_begin = end;
    TilingMemory tilings;
    LoweringPlan plan = plan_lowering(network, arch, program.layouts, tilings);
    program.residents = std::move(plan.residents);
    for (std::size_t i = 0; i < plan.layers.size(); ++i) {
        const LayerContext& layer = plan.layers[i];
        // Where a layer's weights begin within a burst must not depend on the layers before it.
        end = round_up(end, static_cast<std::uint64_t>(arch.dram.burst_bytes));
        program.layers.push_back(emit_layer(layer, tilings.choose(layer), i, end, program.weight_tiles));
        program.layers.back().dataflow_reason = std::move(plan.dataflows[i].reason);
        program.layers.back().dataflow_forecasts = std::move(plan.dataflows[i].forecasts);
    }
    program.dram_bytes = end;
    program.weight_bytes = static_cast<std::int64_t>(end - weights_begin);
    program.peak_activation_bytes = peak_activation_bytes(network, program.layouts);
    return program;
}

}  // namespace npusim
