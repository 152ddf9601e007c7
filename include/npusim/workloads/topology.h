// Layer lists as SCALE-Sim's users have them: shapes without weights, to be timed as they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

/// A convolution without padding. Its output has ⌈(input − filter + stride) / stride⌉ rows and columns, SCALE-Sim's
/// rule, which may be one more than fit; what lies outside of the input is 0.
struct TopologyLayer {
    std::string name;
    std::int64_t input_height = 1;
    std::int64_t input_width = 1;
    std::int64_t filter_height = 1;
    std::int64_t filter_width = 1;
    std::int64_t channels = 1;
    std::int64_t filters = 1;
    std::int64_t stride = 1;
    [[nodiscard]] std::int64_t output_height() const;
    [[nodiscard]] std::int64_t output_width() const;
};

/// Reads a CSV with a heading: either "name, ifmap height, ifmap width, filter height, filter width, channels,
/// filters, stride", or "name, M, N, K" of a matrix product (M × K) · (K × N), which becomes a 1×1 convolution of M
/// pixels. A comma at a line's end is allowed. Throws InputError with every problem at once, by line and column.
[[nodiscard]] std::vector<TopologyLayer> read_topology(const std::filesystem::path& path);

/// The layers one after another, each with an input of its own, all at the precision's weight and activation bits
/// (none counts as first or last). Structure only.
[[nodiscard]] QuantizedNetwork topology_network(const std::string& name, const std::vector<TopologyLayer>& layers,
                                                const PrecisionSpec& precision, int accumulator_bits);

}  // namespace npusim
