// How the integer engine keeps tensors: batches in (N, H, W, C), as narrow as their range allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

enum class Storage { u8, s8, i32, i64 };

/// Of the integers of a tensor.
[[nodiscard]] Storage storage_of(int bits, bool is_signed);
/// Of sums of at most this magnitude.
[[nodiscard]] Storage storage_of_sums(std::int64_t largest_magnitude);
[[nodiscard]] std::int64_t bytes_of(Storage storage);

/// Some channels of a batch; pixels of all images follow each other `pixel_stride` elements apart.
struct IntegerView {
    const std::byte* data = nullptr;
    Storage storage = Storage::i32;
    std::int64_t pixel_stride = 0;

    template <typename T>
    [[nodiscard]] const T* pixel(std::int64_t index) const {
        return static_cast<const T*>(static_cast<const void*>(data)) + index * pixel_stride;
    }
};

struct WritableView {
    std::byte* data = nullptr;
    Storage storage = Storage::i32;
    std::int64_t pixel_stride = 0;

    template <typename T>
    [[nodiscard]] T* pixel(std::int64_t index) const {
        return static_cast<T*>(static_cast<void*>(data)) + index * pixel_stride;
    }
};

/// use(T{}) with T the type of the elements.
template <typename Use>
void with_element(Storage storage, Use use) {
    switch (storage) {
        case Storage::u8:
            return use(std::uint8_t{});
        case Storage::s8:
            return use(std::int8_t{});
        case Storage::i32:
            return use(std::int32_t{});
        case Storage::i64:
            return use(std::int64_t{});
    }
}

/// `channels` of `pixels` pixels from pixel `first` on, without gaps in 32 bits. Of sums in 64 bits the lower half.
void widen(const IntegerView& from, std::int64_t first, std::int64_t pixels, std::int64_t channels, std::int32_t* out);
/// The way back.
void narrow(const std::int32_t* from, std::int64_t first, std::int64_t pixels, std::int64_t channels,
            const WritableView& out);
/// The same channels without gaps, in the same storage.
void close_gaps(const IntegerView& from, std::int64_t pixels, std::int64_t channels, std::byte* out);

/// Pixels (P, C) → planes (C, P), and back. The values must fit.
template <typename From, typename To>
void transpose_integers(const From* from, std::int64_t from_stride, std::int64_t rows, std::int64_t columns, To* to,
                        std::int64_t to_stride) {
    // Cache lines of both sides are used in full within a tile.
    constexpr std::int64_t tile = 32;
    for (std::int64_t row = 0; row < rows; row += tile) {
        const std::int64_t row_end = row + tile < rows ? row + tile : rows;
        for (std::int64_t column = 0; column < columns; ++column) {
            for (std::int64_t i = row; i < row_end; ++i) {
                // NOLINTNEXTLINE(bugprone-signed-char-misuse): bytes are numbers here
                to[column * to_stride + i] = static_cast<To>(from[i * from_stride + column]);
            }
        }
    }
}

/// Memory on cache lines that grows and never shrinks; its content is undefined after it grew.
class AlignedBuffer {
public:
    template <typename T>
    [[nodiscard]] T* get(std::int64_t elements) {
        const auto size_bytes = static_cast<std::size_t>(elements) * sizeof(T);
        if (size_bytes > size_bytes_ || memory_ == nullptr) {
            memory_.reset();
            memory_.reset(static_cast<std::byte*>(::operator new(size_bytes, alignment)));
            size_bytes_ = size_bytes;
        }
        return static_cast<T*>(static_cast<void*>(memory_.get()));
    }

private:
    static constexpr std::align_val_t alignment{64};
    struct Free {
        void operator()(std::byte* memory) const { ::operator delete(memory, alignment); }
    };
    std::unique_ptr<std::byte, Free> memory_;
    std::size_t size_bytes_ = 0;
};

}  // namespace npusim
