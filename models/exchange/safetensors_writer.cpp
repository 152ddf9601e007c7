#include <stdexcept>

#include "dtype.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/integer_math.h"

namespace npusim {
namespace {

constexpr std::size_t header_alignment = 8;

/// The JSON of the header; nlohmann's objects are sorted by name, so that equal tensors give equal bytes.
nlohmann::json header_of(const SafetensorsFile& file) {
    nlohmann::json header = nlohmann::json::object();
    if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
    std::int64_t begin = 0;
    for (const auto& [name, tensor] : file.tensors) {
        const auto bytes = static_cast<std::int64_t>(tensor.bytes.size());
        if (exchange::bytes_of(tensor.dtype, tensor.shape) != bytes || name == "__metadata__") {
            throw std::invalid_argument("write_safetensors: tensor " + name + " of shape " +
                                        exchange::list_text(tensor.shape) + " has " + std::to_string(bytes) + " bytes");
        }
        header[name] = {{"dtype", exchange::name_of(tensor.dtype)},
                        {"shape", tensor.shape},
                        {"data_offsets", {begin, begin + bytes}}};
        begin += bytes;
    }
    return header;
}

}  // namespace

void write_safetensors(const SafetensorsFile& file, const std::filesystem::path& path) {
    std::string header;
    try {
        header = header_of(file).dump();
    } catch (const nlohmann::json::type_error&) {
        throw InputError(path.string(), "", "a tensor name or metadata is not UTF-8, the format allows nothing else");
    }
    header.resize(round_up(header.size(), header_alignment), ' ');

    std::string content;
    for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i) {
        content += static_cast<char>((std::uint64_t{header.size()} >> (8 * i)) & 0xff);
    }
    content += header;
    for (const auto& [name, tensor] : file.tensors) {
        content.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    }
    write_whole_file(path, content);
}

}  // namespace npusim
