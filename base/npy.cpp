#include "npusim/base/npy.h"

#include <bit>
#include <concepts>
#include <stdexcept>
#include <string>

#include "npusim/base/files.h"
#include "npusim/base/integer_math.h"

namespace npusim {
namespace {

static_assert(std::endian::native == std::endian::little, "the values are written as they lie in memory");

/// NumPy's type code, e.g. "<f4"; a single byte has no order.
template <typename T>
std::string type_code() {
    std::string code(sizeof(T) == 1 ? "|" : "<");
    code += std::integral<T> ? 'i' : 'f';
    return code.append(std::to_string(sizeof(T)));
}

/// A Python tuple: "()", "(3,)", "(3, 4)".
std::string tuple_of(const std::vector<std::int64_t>& shape) {
    std::string text = "(";
    for (std::size_t i = 0; i < shape.size(); ++i) text.append(i == 0 ? "" : ", ").append(std::to_string(shape[i]));
    return text + (shape.size() == 1 ? ",)" : ")");
}

/// Magic string, version, length of the rest of the header (two bytes), then a Python dictionary padded with spaces
/// so that the values start at a multiple of 64 bytes (numpy.lib.format).
std::string header_of(const std::string& type, const std::vector<std::int64_t>& shape) {
    constexpr std::size_t alignment = 64;
    constexpr std::size_t bytes_before_dictionary = 10;
    constexpr std::size_t largest_length = 65535;
    std::string dictionary = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + tuple_of(shape) + ", }";
    const std::size_t total = round_up(bytes_before_dictionary + dictionary.size() + 1, alignment);
    dictionary.resize(total - bytes_before_dictionary - 1, ' ');
    dictionary += '\n';
    const std::size_t length = dictionary.size();
    if (length > largest_length) throw std::invalid_argument("write_npy: too many dimensions");
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(length & 0xff);
    header += static_cast<char>(length >> 8);
    return header + dictionary;
}

template <typename T>
void write(const std::filesystem::path& path, const std::vector<std::int64_t>& shape, std::span<const T> values) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : shape) {
        if (extent < 0 || __builtin_mul_overflow(elements, extent, &elements)) {
            throw std::invalid_argument("write_npy: impossible shape " + tuple_of(shape));
        }
    }
    if (static_cast<std::size_t>(elements) != values.size()) {
        throw std::invalid_argument("write_npy: shape " + tuple_of(shape) + " does not hold " +
                                    std::to_string(values.size()) + " values");
    }
    std::string content = header_of(type_code<T>(), shape);
    content.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    write_whole_file(path, content);
}

}  // namespace

void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int8_t> values) {
    write(path, shape, values);
}

void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int16_t> values) {
    write(path, shape, values);
}

void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int32_t> values) {
    write(path, shape, values);
}

void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const std::int64_t> values) {
    write(path, shape, values);
}

void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const float> values) {
    write(path, shape, values);
}

void write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
               std::span<const double> values) {
    write(path, shape, values);
}

}  // namespace npusim
