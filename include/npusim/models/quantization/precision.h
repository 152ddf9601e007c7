// The precision at which a network is quantized: what an architecture asks for and the quantizer obeys.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "npusim/models/quantization/arithmetic.h"

namespace npusim {

enum class ScaleKind { power_of_two, free };
enum class Granularity { per_tensor, per_channel };
/// Where batch norm goes: into the requantizer's multiplier and bias, or into the weights before quantization.
enum class BatchNormPlacement { multiplier, weights };

/// Bits of one convolution or linear layer: of its weights, and of the activations that it reads.
struct LayerBits {
    int weight_bits = 8;
    int activation_bits = 8;
    friend bool operator==(const LayerBits&, const LayerBits&) = default;
};

/// The precision of a network on this chip. Bits are 1–8 or 16 (32 in the fp32 format).
struct PrecisionSpec {
    int weight_bits = 8;
    int activation_bits = 8;
    /// Weights and activations of the first and the last layer (McKinstry et al. 2018 keep them at 8).
    int first_last_bits = 8;
    /// The normalized image, signed; stored in at least 2 bits, because it holds zeros.
    int input_bits = 8;
    /// Stored precision of tensors that are added, normalized or averaged later; at least activation_bits.
    int residual_bits = 8;
    Rounding rounding = Rounding::half_up;
    ScaleKind scales = ScaleKind::free;
    Granularity granularity = Granularity::per_channel;
    BatchNormPlacement batch_norm = BatchNormPlacement::multiplier;
    /// Layers with bits of their own, by name; they go before all of the above. The image keeps input_bits.
    std::map<std::string, LayerBits> layers;
    friend bool operator==(const PrecisionSpec&, const PrecisionSpec&) = default;
};

[[nodiscard]] std::string_view name_of(Rounding rounding);
[[nodiscard]] std::string_view name_of(ScaleKind scales);
[[nodiscard]] std::string_view name_of(Granularity granularity);
[[nodiscard]] std::string_view name_of(BatchNormPlacement placement);

}  // namespace npusim
