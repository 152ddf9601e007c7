#include "npusim/workloads/lowering/layer_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "npusim/base/files.h"
#include "npusim/base/integer_math.h"
#include "tiling.h"

namespace npusim {

namespace {

/// DRAM regions begin on a burst of any kind.
constexpr std::uint64_t kAlignment = 4096;

/// What a layer sees of the machine: everything but names, prices and the precision of other layers. Transfers know the
/// clock only by the cycles that they take.
nlohmann::json machine_key(const ArchSpec& arch) {
    nlohmann::json key = to_json(arch);
    key["machine_revision"] = kMachineRevision;
    for (const char* unseen : {"name", "description", "technology", "precision", "clock_mhz"}) key.erase(unseen);
    nlohmann::json& dram = key["dram"];
    for (const char* unseen : {"type", "bandwidth_gb_s", "latency_ns"}) dram.erase(unseen);
    if (!arch.dram.ideal) {
        const std::int64_t common = std::gcd(arch.dram.bandwidth_mb_s, std::int64_t{arch.clock_mhz});
        dram["bytes_per_cycle"] = {arch.dram.bandwidth_mb_s / common, arch.clock_mhz / common};
    }
    // An ideal DRAM has no latency, but a changed rule there should not go unnoticed.
    dram["latency_cycles"] = ceil_div(std::int64_t{arch.dram.latency_ns} * arch.clock_mhz, std::int64_t{1000});
    return key;
}

}  // namespace

std::vector<TensorLayout> place_tensors(const QuantizedNetwork& network, const ArchSpec& arch, std::uint64_t& end) {
    std::vector<TensorLayout> layouts;
    const std::int64_t block = std::max(arch.array.rows, arch.array.columns);
    for (const auto& tensor : network.tensors) {
        layouts.push_back({end, tensor.shape, tensor.bits, tensor.is_signed, block});
        end = round_up(end + static_cast<std::uint64_t>(layouts.back().bytes()), kAlignment);
    }
    return layouts;
}

std::vector<std::int64_t> tiling_key(const LayerContext& layer) {
    const QuantizedNode& node = layer.node;
    const Window& w = node.window;
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    std::vector<std::int64_t> key{static_cast<std::int64_t>(node.op),
                                  in.channels,
                                  in.height,
                                  in.width,
                                  out.channels,
                                  out.height,
                                  out.width,
                                  w.kernel_height,
                                  w.kernel_width,
                                  w.stride_height,
                                  w.stride_width,
                                  w.dilation_height,
                                  w.dilation_width,
                                  w.pad_top,
                                  w.pad_left,
                                  w.pad_bottom,
                                  w.pad_right,
                                  node.groups,
                                  node.adaptive ? 1 : 0,
                                  node.channels_before,
                                  node.weight_bits};
    const auto add_place = [&](TensorId tensor, std::int64_t channel_begin) {
        key.insert(key.end(), {layer.layouts[tensor].bits, layer.layouts[tensor].shape.channels, channel_begin});
    };
    key.insert(key.end(), {static_cast<std::int64_t>(node.destinations.size()), node.residual ? 1 : 0});
    add_place(node.input.tensor, node.input.channel_begin);
    for (const auto& to : node.destinations) add_place(to.tensor, to.channel_begin);
    if (node.residual) add_place(node.residual->tensor, node.residual->channel_begin);
    return key;
}

std::vector<std::string> layer_keys(const QuantizedNetwork& network, const ArchSpec& arch) {
    std::uint64_t end = 0;
    const std::vector<TensorLayout> layouts = place_tensors(network, arch, end);
    const std::string machine = machine_key(arch).dump();
    std::vector<std::string> keys;
    for (const QuantizedNode& node : network.nodes) {
        std::string text = machine;
        for (const std::int64_t number : tiling_key({network, node, layouts, arch})) {
            text += ' ';
            text += std::to_string(number);
        }
        keys.push_back(content_hash(text));
    }
    return keys;
}

}  // namespace npusim
