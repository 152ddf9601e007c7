#include <algorithm>
#include <limits>

#include "dtype.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim {
namespace {

using exchange::bytes_of;
using exchange::list_text;

constexpr std::size_t length_bytes = 8;
/// The limit of the format's own reader.
constexpr std::uint64_t most_header_bytes = 100'000'000;
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view metadata_key = "__metadata__";

struct Placed {
    std::string name;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
};

std::string_view header_text(const std::string& path, std::string_view content) {
    if (content.size() < length_bytes) {
        throw InputError(path, "",
                         "has " + std::to_string(content.size()) +
                             " bytes, a safetensors file starts with a header length of 8 bytes");
    }
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        length |= std::uint64_t{static_cast<unsigned char>(content[i])} << (8 * i);
    }
    const std::uint64_t allowed = std::min<std::uint64_t>(content.size() - length_bytes, most_header_bytes);
    if (length > allowed) {
        throw InputError(path, "header length",
                         std::to_string(length) + " is outside 0.." + std::to_string(allowed) + " (the file has " +
                             std::to_string(content.size()) + " bytes)");
    }
    return content.substr(length_bytes, length);
}

std::map<std::string, std::string> read_metadata(JsonReader metadata) {
    std::map<std::string, std::string> values;
    for (const std::string& key : metadata.keys()) values[key] = metadata.text(key);
    return values;
}

/// One entry of the header, checked by itself and against the number of data bytes.
Placed read_entry(JsonReader& header, const std::string& name, std::int64_t data_bytes) {
    const std::size_t problems_before = header.problem_count();
    JsonReader entry = header.object(name);
    Placed placed;
    placed.name = name;
    placed.dtype = entry.choice("dtype", exchange::dtype_names());
    placed.shape = entry.integers("shape", {0, int64_max});
    const std::vector<std::int64_t> offsets = entry.integers("data_offsets", {0, data_bytes});
    entry.reject_unknown_keys();
    if (header.problem_count() > problems_before) return placed;
    if (offsets.size() != 2) {
        entry.problem("data_offsets", "has " + std::to_string(offsets.size()) + " numbers, begin and end are needed");
        return placed;
    }
    placed.begin = offsets[0];
    placed.end = offsets[1];
    const std::string range = list_text(offsets);
    if (placed.begin > placed.end) entry.problem("data_offsets", range + " ends before it begins");
    const std::optional<std::int64_t> needed = bytes_of(placed.dtype, placed.shape);
    const std::string tensor = "shape " + list_text(placed.shape) + " of " + exchange::name_of(placed.dtype);
    if (!needed) {
        entry.problem("shape", tensor + " needs more bytes than 64 bits can count");
    } else if (placed.begin <= placed.end && placed.end - placed.begin != *needed) {
        entry.problem("data_offsets", range + " holds " + std::to_string(placed.end - placed.begin) + " bytes, " +
                                          tensor + " needs " + std::to_string(*needed));
    }
    return placed;
}

/// The tensors must cover the data exactly: no byte twice, none left out.
void check_coverage(JsonReader& header, std::vector<Placed>& tensors, std::int64_t data_bytes) {
    std::stable_sort(tensors.begin(), tensors.end(), [](const Placed& a, const Placed& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::int64_t covered = 0;
    for (const Placed& tensor : tensors) {
        if (tensor.begin != covered) {
            header.problem(tensor.name, "begins at data byte " + std::to_string(tensor.begin) +
                                            (tensor.begin < covered ? ", which another tensor covers too"
                                                                    : ", but no tensor covers the bytes before it") +
                                            "; " + std::to_string(covered) + " is needed");
        }
        covered = std::max(covered, tensor.end);
    }
    if (covered != data_bytes) {
        header.problem("", "the tensors cover " + std::to_string(covered) + " of " + std::to_string(data_bytes) +
                               " data bytes, all are needed");
    }
}

}  // namespace

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
    const std::string content = read_text_file(path);
    SafetensorsFile file{path.string(), {}, {}, content_hash(content)};
    const std::string_view text = header_text(file.path, content);
    const std::string_view data = std::string_view(content).substr(length_bytes + text.size());
    const nlohmann::json json = parse_json(text, file.path + ": header");

    JsonReader header(json, file.path + ": header");
    header.finish();
    const auto data_bytes = static_cast<std::int64_t>(data.size());
    std::vector<Placed> tensors;
    for (const std::string& name : header.keys()) {
        if (name == metadata_key) {
            file.metadata = read_metadata(header.object(name));
        } else {
            tensors.push_back(read_entry(header, name, data_bytes));
        }
    }
    header.finish();
    check_coverage(header, tensors, data_bytes);
    header.finish();

    for (Placed& tensor : tensors) {
        const auto bytes =
            std::as_bytes(std::span(data))
                .subspan(static_cast<std::size_t>(tensor.begin), static_cast<std::size_t>(tensor.end - tensor.begin));
        file.tensors[tensor.name] = {tensor.dtype, std::move(tensor.shape), {bytes.begin(), bytes.end()}};
    }
    return file;
}

}  // namespace npusim
