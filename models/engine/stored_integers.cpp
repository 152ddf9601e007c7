#include "stored_integers.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace npusim {

Storage storage_of(int bits, bool is_signed) {
    if (bits > 8) return Storage::i32;
    return is_signed ? Storage::s8 : Storage::u8;
}

Storage storage_of_sums(std::int64_t largest_magnitude) {
    return largest_magnitude <= std::numeric_limits<std::int32_t>::max() ? Storage::i32 : Storage::i64;
}

std::int64_t bytes_of(Storage storage) {
    std::int64_t bytes = 0;
    with_element(storage, [&](auto element) { bytes = sizeof(element); });
    return bytes;
}

void widen(const IntegerView& from, std::int64_t first, std::int64_t pixels, std::int64_t channels, std::int32_t* out) {
    with_element(from.storage, [&]<typename T>(T) {
        const T* in = from.pixel<T>(first);
        const bool dense = from.pixel_stride == channels;
        const std::int64_t rows = dense ? 1 : pixels;
        const std::int64_t length = dense ? pixels * channels : channels;
        for (std::int64_t row = 0; row < rows; ++row, in += from.pixel_stride, out += length) {
            // NOLINTNEXTLINE(bugprone-signed-char-misuse): bytes are numbers here
            for (std::int64_t i = 0; i < length; ++i) out[i] = static_cast<std::int32_t>(in[i]);
        }
    });
}

void narrow(const std::int32_t* from, std::int64_t first, std::int64_t pixels, std::int64_t channels,
            const WritableView& out) {
    with_element(out.storage, [&]<typename T>(T) {
        T* to = out.pixel<T>(first);
        const bool dense = out.pixel_stride == channels;
        const std::int64_t rows = dense ? 1 : pixels;
        const std::int64_t length = dense ? pixels * channels : channels;
        for (std::int64_t row = 0; row < rows; ++row, from += length, to += out.pixel_stride) {
            for (std::int64_t i = 0; i < length; ++i) to[i] = static_cast<T>(from[i]);
        }
    });
}

void close_gaps(const IntegerView& from, std::int64_t pixels, std::int64_t channels, std::byte* out) {
    const std::int64_t element = bytes_of(from.storage);
    const auto length = static_cast<std::size_t>(channels * element);
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel, out += length) {
        std::memcpy(out, from.data + pixel * from.pixel_stride * element, length);
    }
}

}  // namespace npusim
