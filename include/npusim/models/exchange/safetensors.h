// The safetensors file format (github.com/huggingface/safetensors): 8-byte little-endian header length, a JSON
// header {name: {dtype, shape, data_offsets}}, then the data.
#pragma once

#include <filesystem>
#include <map>
#include <span>

#include "npusim/models/graph/network.h"
#include "npusim/models/parameters.h"

namespace npusim {

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

struct SafetensorsEntry {
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::vector<std::byte> bytes;  ///< little endian, row major
};

struct SafetensorsFile {
    std::string path;
    std::map<std::string, std::string> metadata;
    std::map<std::string, SafetensorsEntry> tensors;
    std::string content_hash;  ///< of the whole file
};

/// Reads and checks a file: header length and JSON, dtypes, shapes against byte counts, offsets inside the data,
/// without overlap or hole. Throws InputError that names the file, the tensor, the value and what is allowed.
[[nodiscard]] SafetensorsFile read_safetensors(const std::filesystem::path& path);
/// Written whole or not at all.
void write_safetensors(const SafetensorsFile& file, const std::filesystem::path& path);

/// Values widened to fp32 (f64 is rounded). Throws InputError when the dtype is not a floating-point one.
[[nodiscard]] Tensor to_fp32(const SafetensorsFile& file, const std::string& name);

/// The parameters that `network` needs at inference, by its names. A leading "module." in the file is ignored, as
/// are "num_batches_tracked" and the auxiliary head. All missing, misshaped, non-finite and unknown tensors are
/// reported at once in one InputError, with the nearest names.
[[nodiscard]] Parameters load_parameters(const SafetensorsFile& file, const Network& network);

}  // namespace npusim
