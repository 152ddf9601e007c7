#include "npusim/models/quantization/precision_json.h"

#include <algorithm>
#include <limits>

namespace npusim {
namespace {

constexpr int default_bits = 8;
constexpr int widest_bits = 32;

/// The names that precision.h gives to the values of its enumerations.
template <typename Enum>
NamedValues<Enum> named(std::initializer_list<Enum> values) {
    NamedValues<Enum> table;
    for (const Enum value : values) table.emplace_back(name_of(value), value);
    return table;
}

/// For the schema: what checked_bits allows.
std::string allowed_bits(int format_bits) {
    if (format_bits != 0) return R"({"enum": [)" + std::to_string(format_bits) + "]}";
    return R"({"enum": [1, 2, 3, 4, 5, 6, 7, 8, 16]})";
}

std::string allowed_text(int format_bits) {
    if (format_bits == 0) return "1..8, 16 (and 32 where number_format is fp32)";
    return std::to_string(format_bits) + " (number_format is " +
           (format_bits == widest_bits ? "fp32" : "fp16 or bf16") + ")";
}

std::optional<int> checked_bits(JsonReader& reader, const std::string& key, int format_bits) {
    constexpr Range<std::int64_t> any{std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max()};
    const auto bits = reader.checked_integer(key, any);
    reader.refine(key, allowed_bits(format_bits));
    if (!bits) return std::nullopt;
    const bool allowed = format_bits != 0 ? *bits == format_bits : (*bits >= 1 && *bits <= 8) || *bits == 16;
    if (allowed) return static_cast<int>(*bits);
    reader.problem(key, std::to_string(*bits) + " is not allowed, allowed are " + allowed_text(format_bits));
    return std::nullopt;
}

/// The same for a key that may be absent; `fallback` also where the value is wrong.
int read_bits_or(JsonReader& reader, const std::string& key, int format_bits, int fallback) {
    if (reader.has(key)) return checked_bits(reader, key, format_bits).value_or(fallback);
    const auto bits = static_cast<int>(reader.integer_or(key, {1, widest_bits}, fallback));
    reader.refine(key, allowed_bits(format_bits));
    return bits;
}

std::map<std::string, LayerBits> read_layers(JsonReader reader, int format_bits) {
    std::map<std::string, LayerBits> layers;
    for (auto& [name, layer] : reader.named_objects()) {
        layers[name] = {read_bits(layer, "weight_bits", format_bits), read_bits(layer, "activation_bits", format_bits)};
        layer.reject_unknown_keys();
    }
    return layers;
}

}  // namespace

int read_bits(JsonReader& reader, const std::string& key, int format_bits) {
    return checked_bits(reader, key, format_bits).value_or(default_bits);
}

PrecisionSpec read_precision(JsonReader reader, int format_bits) {
    PrecisionSpec spec;
    const int usual_bits = format_bits != 0 ? format_bits : default_bits;
    spec.weight_bits = read_bits(reader, "weight_bits", format_bits);
    const auto activation_bits = checked_bits(reader, "activation_bits", format_bits);
    spec.activation_bits = activation_bits.value_or(default_bits);
    spec.first_last_bits = read_bits(reader, "first_last_bits", format_bits);
    spec.input_bits = read_bits_or(reader, "input_bits", format_bits, usual_bits);
    spec.residual_bits = read_bits_or(reader, "residual_bits", format_bits, std::max(usual_bits, spec.activation_bits));
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
    if (auto layers = reader.object_if_given("layers")) spec.layers = read_layers(*layers, format_bits);
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
