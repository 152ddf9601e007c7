#include "dtype.h"

#include <algorithm>
#include <bit>

#include "npusim/base/error.h"

namespace npusim::exchange {

const NamedValues<DType>& dtype_names() {
    static const NamedValues<DType> names = {
        {"F64", DType::f64}, {"F32", DType::f32}, {"F16", DType::f16}, {"BF16", DType::bf16}, {"I64", DType::i64},
        {"I32", DType::i32}, {"I16", DType::i16}, {"I8", DType::i8},   {"U8", DType::u8},     {"BOOL", DType::boolean}};
    return names;
}

const std::string& name_of(DType dtype) {
    return dtype_names().at(static_cast<std::size_t>(dtype)).first;
}

std::int64_t bytes_of(DType dtype) {
    switch (dtype) {
        case DType::f64:
        case DType::i64:
            return 8;
        case DType::f32:
        case DType::i32:
            return 4;
        case DType::f16:
        case DType::bf16:
        case DType::i16:
            return 2;
        default:
            return 1;
    }
}

bool is_floating(DType dtype) {
    return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

std::optional<std::int64_t> bytes_of(DType dtype, const std::vector<std::int64_t>& shape) {
    std::int64_t bytes = bytes_of(dtype);
    for (const std::int64_t extent : shape) {
        if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
    }
    return bytes;
}

std::string list_text(const std::vector<std::int64_t>& shape) {
    std::vector<std::string> extents;
    extents.reserve(shape.size());
    for (const std::int64_t extent : shape) extents.push_back(std::to_string(extent));
    return std::string("[").append(join(extents)).append("]");
}

float widen_f16(std::uint16_t bits) {
    const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fU;
    const std::uint32_t fraction = bits & 0x3ffU;
    if (exponent == 0) {
        constexpr float smallest_subnormal = 0x1p-24F;
        const float magnitude = static_cast<float>(fraction) * smallest_subnormal;
        return sign != 0 ? -magnitude : magnitude;
    }
    // The bias is 15 in binary16 and 127 in binary32; all ones stay all ones (infinity, NaN).
    const std::uint32_t wide_exponent = exponent == 0x1f ? 0xffU : exponent + (127 - 15);
    return std::bit_cast<float>(sign | (wide_exponent << 23) | (fraction << 13));
}

float widen_bf16(std::uint16_t bits) {
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

}  // namespace npusim::exchange
