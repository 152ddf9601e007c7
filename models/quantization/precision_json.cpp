#include "npusim/models/quantization/precision_json.h"

#include <algorithm>
#include <limits>

namespace npusim {
namespace {

constexpr int default_bits = 8;
constexpr int fp32_bits = 32;

/// The names that precision.h gives to the values of its enumerations.
template <typename Enum>
NamedValues<Enum> named(std::initializer_list<Enum> values) {
    NamedValues<Enum> table;
    for (const Enum value : values) table.emplace_back(name_of(value), value);
    return table;
}

/// For the schema: what checked_bits allows.
const char* allowed_bits(bool is_fp32) {
    return is_fp32 ? R"({"enum": [32]})" : R"({"enum": [1, 2, 3, 4, 5, 6, 7, 8, 16]})";
}

/// Bits of an operand: 1..8 or 16, or 32 in the fp32 format.
std::optional<int> checked_bits(JsonReader& reader, const std::string& key, bool is_fp32) {
    constexpr Range<std::int64_t> any{std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max()};
    const auto bits = reader.checked_integer(key, any);
    reader.refine(key, allowed_bits(is_fp32));
    if (!bits) return std::nullopt;
    const bool allowed = is_fp32 ? *bits == fp32_bits : (*bits >= 1 && *bits <= 8) || *bits == 16;
    if (allowed) return static_cast<int>(*bits);
    reader.problem(key, std::to_string(*bits) + " is not allowed, allowed are " +
                            (is_fp32 ? "32 (number_format is fp32)" : "1..8, 16 (and 32 where number_format is fp32)"));
    return std::nullopt;
}

/// The same for a key that may be absent; `fallback` also where the value is wrong.
int read_bits_or(JsonReader& reader, const std::string& key, bool is_fp32, int fallback) {
    if (reader.has(key)) return checked_bits(reader, key, is_fp32).value_or(fallback);
    const auto bits = static_cast<int>(reader.integer_or(key, {1, fp32_bits}, fallback));
    reader.refine(key, allowed_bits(is_fp32));
    return bits;
}

std::map<std::string, LayerBits> read_layers(JsonReader reader, bool is_fp32) {
    std::map<std::string, LayerBits> layers;
    for (auto& [name, layer] : reader.named_objects()) {
        layers[name] = {read_bits(layer, "weight_bits", is_fp32), read_bits(layer, "activation_bits", is_fp32)};
        layer.reject_unknown_keys();
    }
    return layers;
}

}  // namespace

int read_bits(JsonReader& reader, const std::string& key, bool is_fp32) {
    return checked_bits(reader, key, is_fp32).value_or(default_bits);
}

PrecisionSpec read_precision(JsonReader reader, bool is_fp32) {
    PrecisionSpec spec;
    const int format_bits = is_fp32 ? fp32_bits : default_bits;
    spec.weight_bits = read_bits(reader, "weight_bits", is_fp32);
    const auto activation_bits = checked_bits(reader, "activation_bits", is_fp32);
    spec.activation_bits = activation_bits.value_or(default_bits);
    spec.first_last_bits = read_bits(reader, "first_last_bits", is_fp32);
    spec.input_bits = read_bits_or(reader, "input_bits", is_fp32, format_bits);
    spec.residual_bits = read_bits_or(reader, "residual_bits", is_fp32, std::max(format_bits, spec.activation_bits));
    if (activation_bits && spec.residual_bits < spec.activation_bits) {
        reader.problem("residual_bits", std::to_string(spec.residual_bits) + " is below activation_bits (" +
                                            std::to_string(spec.activation_bits) + "), the least allowed");
    }
    spec.rounding = reader.choice_or(
        "rounding", named({Rounding::half_up, Rounding::half_even, Rounding::half_away, Rounding::double_rounding}),
        spec.rounding);
    spec.scales = reader.choice_or("scales", named({ScaleKind::power_of_two, ScaleKind::free}), spec.scales);
    spec.granularity =
        reader.choice_or("granularity", named({Granularity::per_tensor, Granularity::per_channel}), spec.granularity);
    spec.batch_norm = reader.choice_or(
        "batch_norm", named({BatchNormPlacement::multiplier, BatchNormPlacement::weights}), spec.batch_norm);
    if (auto layers = reader.object_if_given("layers")) spec.layers = read_layers(*layers, is_fp32);
    reader.reject_unknown_keys();
    return spec;
}

FieldTexts precision_texts(const std::string& place) {
    return {{place + "/weight_bits", "bits of weights, but for the first and last layer and the layers named"},
            {place + "/activation_bits", "bits of the activations that layers read, with the same exceptions"},
            {place + "/first_last_bits", "bits of weights and activations of the first and the last layer"},
            {place + "/input_bits", "bits of the image"},
            {place + "/residual_bits", "bits of tensors that are added or averaged later; at least activation_bits"},
            {place + "/rounding", "how a requantized value is rounded"},
            {place + "/scales", "whether steps are powers of two"},
            {place + "/granularity", "one weight step a tensor, or one a channel"},
            {place + "/batch_norm", "where batch norm goes: into the multiplier, or into the weights before rounding"},
            {place + "/layers", "layers with bits of their own, by name"},
            {place + "/layers/*/weight_bits", "bits of the layer's weights"},
            {place + "/layers/*/activation_bits", "bits of the activations that the layer reads"}};
}

nlohmann::json to_json(const PrecisionSpec& spec) {
    nlohmann::json json = {{"weight_bits", spec.weight_bits},         {"activation_bits", spec.activation_bits},
                           {"first_last_bits", spec.first_last_bits}, {"input_bits", spec.input_bits},
                           {"residual_bits", spec.residual_bits},     {"rounding", name_of(spec.rounding)},
                           {"scales", name_of(spec.scales)},          {"granularity", name_of(spec.granularity)},
                           {"batch_norm", name_of(spec.batch_norm)}};
    for (const auto& [name, bits] : spec.layers) {
        json["layers"][name] = {{"weight_bits", bits.weight_bits}, {"activation_bits", bits.activation_bits}};
    }
    return json;
}

}  // namespace npusim
