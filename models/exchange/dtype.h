// What the reader, the writer and the conversion to fp32 share about element types and shapes.
#pragma once

#include <bit>

#include "npusim/base/json_reader.h"
#include "npusim/models/exchange/safetensors.h"

namespace npusim::exchange {

static_assert(std::endian::native == std::endian::little, "safetensors data is used as it lies in the file");

/// The names of the file format, in the order of DType.
[[nodiscard]] const NamedValues<DType>& dtype_names();
[[nodiscard]] const std::string& name_of(DType dtype);
[[nodiscard]] std::int64_t bytes_of(DType dtype);
[[nodiscard]] bool is_floating(DType dtype);

/// The bytes of a tensor of non-negative extents; nothing when the number does not fit into 63 bits.
[[nodiscard]] std::optional<std::int64_t> bytes_of(DType dtype, const std::vector<std::int64_t>& shape);

/// "[64, 3, 7, 7]"
[[nodiscard]] std::string list_text(const std::vector<std::int64_t>& shape);

/// IEEE 754 binary16 to binary32, exactly.
[[nodiscard]] float widen_f16(std::uint16_t bits);
/// The upper half of a binary32, exactly.
[[nodiscard]] float widen_bf16(std::uint16_t bits);

}  // namespace npusim::exchange
