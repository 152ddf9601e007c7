#include "npusim/workloads/lowering/lower.h"

#include <algorithm>
#include <map>

#include "layer_emitter.h"
#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"

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
    std::vector<std::size_t> first(layouts.size(), 0);
    std::vector<std::size_t> last(layouts.size(), 0);
    std::vector<bool> written(layouts.size(), false);
    written[0] = true;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const auto& node = network.nodes[i];
        for (const auto& to : node.destinations) {
            if (!written[to.tensor]) first[to.tensor] = i;
            written[to.tensor] = true;
            last[to.tensor] = i;
        }
        const auto read = [&](TensorId tensor) {
            if (!written[tensor]) first[tensor] = i;  // an input of a layer list: there when its layer begins
            written[tensor] = true;
            last[tensor] = i;
        };
        read(node.input.tensor);
        if (node.residual) read(node.residual->tensor);
    }
    std::int64_t peak = 0;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        std::int64_t alive = 0;
        for (std::size_t t = 0; t < layouts.size(); ++t) {
            if (first[t] <= i && i <= last[t]) alive += layouts[t].bytes();
        }
        peak = std::max(peak, alive);
    }
    return peak;
}

}  // namespace

Program lower(const QuantizedNetwork& network, const ArchSpec& arch) {
    Program program;
    program.network = network.name;
    std::uint64_t end = 0;
    program.layouts = place_tensors(network, arch, end);
    check_signs(network);
    check_alignment(network, program.layouts);
    const std::uint64_t weights_begin = end;
    std::map<std::vector<std::int64_t>, Tiling> tilings;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const LayerContext layer{network, network.nodes[i], program.layouts, arch};
        // Where a layer's weights begin within a burst must not depend on the layers before it.
        end = round_up(end, static_cast<std::uint64_t>(arch.dram.burst_bytes));
        const auto key = tiling_key(layer);
        auto known = tilings.find(key);
        if (known == tilings.end()) known = tilings.emplace(key, choose_tiling(layer)).first;
        program.layers.push_back(emit_layer(layer, known->second, i, end, program.weight_tiles));
    }
    program.dram_bytes = end;
    program.weight_bytes = static_cast<std::int64_t>(end - weights_begin);
    program.peak_activation_bytes = peak_activation_bytes(network, program.layouts);
    return program;
}

}  // namespace npusim
