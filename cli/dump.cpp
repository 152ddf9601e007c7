#include "cli/dump.h"

#include <stdlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/printers.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/npy.h"

namespace npusim::cli {
namespace {

using nlohmann::json;

/// A folder that is removed unless it gets its name.
class NewFolder {
public:
    explicit NewFolder(const std::filesystem::path& final_path) : final_path_(final_path) {
        std::string name = final_path.string() + ".XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw InputError(final_path.string(), "", std::strerror(errno));
        path_ = name;
        std::filesystem::permissions(path_, std::filesystem::perms(0755));
    }
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;
    ~NewFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    void commit() {
        if (std::rename(path_.c_str(), final_path_.c_str()) != 0) {
            throw InputError(final_path_.string(), "", std::strerror(errno));
        }
        path_.clear();
    }

private:
    std::filesystem::path final_path_;
    std::filesystem::path path_;
};

std::string numbered(const std::string& kind, std::size_t index, const std::string& name) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%03zu", index);
    std::string file = kind + digits + "_";
    for (const char c : name) file += c == '/' ? '_' : c;
    return file;
}

template <typename T>
json write_array(const NewFolder& folder, const std::string& file, const std::vector<std::int64_t>& shape,
                 const std::vector<T>& values) {
    write_npy(folder / file, shape, std::span<const T>(values));
    return file;
}

std::vector<std::int64_t> extents(const TensorShape& shape) {
    return {shape.channels, shape.height, shape.width};
}

json view_json(const TensorView& view) {
    return {{"tensor", view.tensor}, {"channel_begin", view.channel_begin}, {"channels", view.channels}};
}

json window_json(const Window& window) {
    return {{"kernel", {window.kernel_height, window.kernel_width}},
            {"stride", {window.stride_height, window.stride_width}},
            {"dilation", {window.dilation_height, window.dilation_width}},
            {"pad_top_left", {window.pad_top, window.pad_left}},
            {"pad_bottom_right", {window.pad_bottom, window.pad_right}},
            {"ceil_mode", window.ceil_mode}};
}

json destination_json(const NewFolder& folder, const std::string& stem, const Destination& destination) {
    std::vector<std::int32_t> multipliers, residual_multipliers, shifts;
    std::vector<std::int64_t> biases;
    for (const ChannelRequantizer& channel : destination.channels) {
        multipliers.push_back(channel.multiplier);
        residual_multipliers.push_back(channel.residual_multiplier);
        shifts.push_back(channel.shift);
        biases.push_back(channel.bias);
    }
    const std::vector<std::int64_t> shape{std::ssize(destination.channels)};
    return {
        {"tensor", destination.tensor},
        {"channel_begin", destination.channel_begin},
        {"multipliers", write_array(folder, stem + ".multipliers.npy", shape, multipliers)},
        {"residual_multipliers", write_array(folder, stem + ".residual_multipliers.npy", shape, residual_multipliers)},
        {"shifts", write_array(folder, stem + ".shifts.npy", shape, shifts)},
        {"biases", write_array(folder, stem + ".biases.npy", shape, biases)}};
}

json node_json(const NewFolder& folder, std::size_t index, const QuantizedNode& node) {
    const std::string stem = numbered("layer", index, node.name);
    json object{{"name", node.name},
                {"op", name_of(node.op)},
                {"input", view_json(node.input)},
                {"input_shape", extents(node.input_shape)},
                {"output_shape", extents(node.output_shape)},
                {"window", window_json(node.window)},
                {"groups", node.groups},
                {"adaptive", node.adaptive},
                {"channels_before", node.channels_before},
                {"relu", node.relu},
                {"weight_bits", node.weight_bits}};
    if (node.residual) object["residual"] = view_json(*node.residual);
    if (!node.weights.empty()) {
        const std::vector<std::int64_t> shape{node.output_shape.channels, node.input_shape.channels / node.groups,
                                              node.window.kernel_height, node.window.kernel_width};
        object["weights"] = write_array(folder, stem + ".weights.npy", shape, node.weights);
    }
    for (std::size_t i = 0; i < node.destinations.size(); ++i) {
        object["destinations"].push_back(
            destination_json(folder, stem + ".to" + std::to_string(i), node.destinations[i]));
    }
    return object;
}

json tensor_json(const NewFolder& folder, std::size_t index, const QuantizedTensor& tensor,
                 const std::vector<std::int32_t>& values) {
    const std::string file = numbered("tensor", index, tensor.name) + ".npy";
    return {{"name", tensor.name}, {"shape", extents(tensor.shape)},
            {"bits", tensor.bits}, {"is_signed", tensor.is_signed},
            {"step", tensor.step}, {"file", write_array(folder, file, extents(tensor.shape), values)}};
}

}  // namespace

void write_dump(const std::filesystem::path& path, const Provenance& from, const QuantizedNetwork& network,
                const std::vector<std::vector<std::int32_t>>& tensors) {
    NewFolder folder(path);
    json index{{"provenance", provenance_json(from)},
               {"network", network.name},
               {"rounding", name_of(network.precision.rounding)},
               {"accumulator_bits", network.accumulator_bits},
               {"output", network.output}};
    for (std::size_t i = 0; i < network.tensors.size(); ++i) {
        index["tensors"].push_back(tensor_json(folder, i, network.tensors[i], tensors.at(i)));
    }
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        index["layers"].push_back(node_json(folder, i, network.nodes[i]));
    }
    write_whole_file(folder / "index.json", index.dump(1) + "\n");
    folder.commit();
}

}  // namespace npusim::cli
