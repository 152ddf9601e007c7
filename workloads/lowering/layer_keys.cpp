#include "npusim/workloads/lowering/layer_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "npusim/base/files.h"
#include "npusim/base/integer_math.h"
#include "residency.h"

namespace npusim {

namespace {

/// DRAM regions begin on a burst of any kind.
constexpr std::uint64_t kAlignment = 4096;

/// Channels, banks and rows follow from addresses, so that a layer's time depends on where its data lies.
bool sees_addresses(const DramSpec& dram) {
    return !dram.ideal && (dram.channels > 1 || dram.timing);
}

/// What a layer sees of the machine: everything but names, prices and the precision of other layers. Transfers know the
/// clock only by the cycles that they take.
nlohmann::json machine_key(const ArchSpec& arch) {
    nlohmann::json key = to_json(arch);
    key["machine_revision"] = kMachineRevision;
    for (const char* unseen : {"name", "description", "technology", "precision", "clock_mhz"}) key.erase(unseen);
    // Of dataflows a layer sees its own.
    for (const char* unseen : {"dataflow", "auto_goal", "layer_dataflows"}) key["array"].erase(unseen);
    nlohmann::json& dram = key["dram"];
    for (const char* unseen : {"type", "bandwidth_gb_s", "latency_ns"}) dram.erase(unseen);
    if (!arch.dram.ideal) {
        const std::int64_t common = std::gcd(arch.dram.bandwidth_mb_s, std::int64_t{arch.clock_mhz});
        dram["bytes_per_cycle"] = {arch.dram.bandwidth_mb_s / common, arch.clock_mhz / common};
    }
    if (sees_addresses(arch.dram)) dram["clock_mhz"] = arch.clock_mhz;  // its times are nanoseconds
    // An ideal DRAM has no latency, but a changed rule there should not go unnoticed.
    dram["latency_cycles"] = ceil_div(std::int64_t{arch.dram.latency_ns} * arch.clock_mhz, std::int64_t{1000});
    return key;
}

std::string addresses_of(const QuantizedNode& node, const std::vector<TensorLayout>& layouts) {
    std::string text;
    const auto add = [&](TensorId tensor) { text += " " + std::to_string(layouts[tensor].address); };
    add(node.input.tensor);
    for (const auto& to : node.destinations) add(to.tensor);
    if (node.residual) add(node.residual->tensor);
    return text;
}

/// Weights lie one layer's behind the other's: where, follows from all layers.
void add_neighbours(std::vector<std::string>& keys) {
    std::string all;
    for (const std::string& key : keys) all += key;
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = content_hash(keys[i] + std::to_string(i) + all);
}

}  // namespace

std::vector<TensorLayout> place_tensors(const QuantizedNetwork& network, const ArchSpec& arch, std::int64_t batch,
                                        std::uint64_t& end) {
    std::vector<TensorLayout> layouts;
    layouts.reserve(network.tensors.size());
    const std::int64_t block = std::max(arch.array.rows, arch.array.columns);
    for (const auto& tensor : network.tensors) {
        layouts.push_back({end, tensor.shape, tensor.bits, tensor.is_signed, block, batch});
        TensorLayout& layout = layouts.back();
        // Every image lies to bursts as the first one does.
        const std::uint64_t stride = round_up(static_cast<std::uint64_t>(layout.bytes()), kAlignment);
        layout.image_stride_bytes = static_cast<std::int64_t>(stride);
        end += static_cast<std::uint64_t>(batch) * stride;
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
                                  layer.batch(),
                                  node.weight_bits};
    const auto add_place = [&](TensorId tensor, std::int64_t channel_begin) {
        key.insert(key.end(), {layer.layouts[tensor].bits, layer.layouts[tensor].shape.channels, channel_begin});
    };
    key.insert(key.end(), {static_cast<std::int64_t>(node.destinations.size()), node.residual ? 1 : 0});
    add_place(node.input.tensor, node.input.channel_begin);
    for (const auto& to : node.destinations) add_place(to.tensor, to.channel_begin);
    if (node.residual) add_place(node.residual->tensor, node.residual->channel_begin);
    const StaysOnChip& stays = layer.stays;
    key.insert(key.end(), {stays.input ? 1 : 0, stays.residual ? 1 : 0, stays.weights ? 1 : 0, stays.activation_bytes,
                           stays.weight_bytes});
    for (std::size_t d = 0; d < node.destinations.size(); ++d) key.push_back(stays.output(d) ? 1 : 0);
    return key;
}

std::vector<std::string> layer_keys(const QuantizedNetwork& network, const ArchSpec& arch, std::int64_t batch) {
    std::uint64_t end = 0;
    const std::vector<TensorLayout> layouts = place_tensors(network, arch, batch, end);
    const std::string machine = content_hash(machine_key(arch).dump());
    std::vector<std::string> keys;
    keys.reserve(network.nodes.size());
    TilingMemory tilings;
    for (const LayerContext& layer : plan_lowering(network, arch, layouts, tilings).layers) {
        std::string text = machine + " ";
        text += name_of(layer.arch.array.dataflow);
        for (const std::int64_t number : tiling_key(layer)) {
            text += ' ';
            text += std::to_string(number);
        }
        if (sees_addresses(arch.dram)) text += addresses_of(layer.node, layouts);
        keys.push_back(content_hash(text));
    }
    if (sees_addresses(arch.dram)) add_neighbours(keys);
    return keys;
}

}  // namespace npusim
