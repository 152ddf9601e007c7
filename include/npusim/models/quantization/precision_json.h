// A precision as JSON: in architectures, recipes and saved networks.
#pragma once

#include "npusim/base/json_reader.h"
#include "npusim/base/json_schema.h"
#include "npusim/models/quantization/precision.h"

namespace npusim {

/// Bits of an operand: 1..8 or 16, or the `format_bits` of a floating-point format (0: integers). Problems are noted in
/// the reader.
[[nodiscard]] int read_bits(JsonReader& reader, const std::string& key, int format_bits);

/// Reads the whole object: weight_bits, activation_bits and first_last_bits are required. Problems are noted in the
/// reader, unknown keys among them.
[[nodiscard]] PrecisionSpec read_precision(JsonReader reader, int format_bits = 0);

/// What the object's fields are, for a schema that holds it at `place`.
[[nodiscard]] FieldTexts precision_texts(const std::string& place);

[[nodiscard]] nlohmann::json to_json(const PrecisionSpec& spec);

}  // namespace npusim
