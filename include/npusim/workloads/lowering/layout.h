// How tensors lie in DRAM and in SRAM: packed bits, pixels of channel blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "npusim/models/graph/network.h"

namespace npusim {

/// An activation tensor of a batch, in DRAM or in the activation buffer: images one behind the other, each of them
/// blocks of `channel_block` channels (the last may have fewer), each block a map of pixels, each pixel its block's
/// channels packed at `bits` bits, least significant first, padded to whole bytes.
struct TensorLayout {
    std::uint64_t address = 0;
    TensorShape shape;
    int bits = 8;
    bool is_signed = false;
    std::int64_t channel_block = 16;
    std::int64_t images = 1;
    std::int64_t image_stride_bytes = 0;  ///< from one image to the next; without meaning for one

    [[nodiscard]] std::int64_t block_channels(std::int64_t block) const;
    [[nodiscard]] std::int64_t pixel_bytes(std::int64_t block) const;
    [[nodiscard]] std::int64_t block_count() const;
    [[nodiscard]] std::uint64_t block_address(std::int64_t block) const;  ///< of the first image
    [[nodiscard]] std::int64_t bytes() const;                             ///< of one image
};

/// A box of a tensor, the same one of several images; ends are exclusive.
struct Region {
    std::int64_t y_begin = 0, y_end = 0;
    std::int64_t x_begin = 0, x_end = 0;
    std::int64_t channel_begin = 0, channel_end = 0;
    std::int64_t image_begin = 0, image_end = 1;
    [[nodiscard]] std::int64_t rows() const { return y_end - y_begin; }
    [[nodiscard]] std::int64_t columns() const { return x_end - x_begin; }
    [[nodiscard]] std::int64_t channels() const { return channel_end - channel_begin; }
    [[nodiscard]] std::int64_t images() const { return image_end - image_begin; }
    [[nodiscard]] std::int64_t map_pixels() const { return rows() * columns(); }  ///< of one image
    [[nodiscard]] std::int64_t pixels() const { return images() * map_pixels(); }
    [[nodiscard]] std::int64_t elements() const { return pixels() * channels(); }
    /// The same pixels, `channels` further.
    [[nodiscard]] Region shifted(std::int64_t channels) const;
    friend bool operator==(const Region&, const Region&) = default;
};

/// Contiguous bytes in storage: `pixels` consecutive pixels of one image in row-major order of the region, of the
/// channels [channel_begin, channel_end), which begin `bit_offset` bits into each pixel's bytes.
struct Chunk {
    std::uint64_t address = 0;
    std::int64_t bytes = 0;
    std::int64_t first_pixel = 0;  ///< index in the region, image by image, row major
    std::int64_t pixels = 0;
    std::int64_t pixel_bytes = 0;
    std::int64_t bit_offset = 0;
    std::int64_t channel_begin = 0;
    std::int64_t channel_end = 0;
};

/// The chunks of a region in the order they move, image by image; one lies behind the other in SRAM. Whole blocks of
/// whole rows are one chunk, whole blocks of part of a row one chunk a row, part of a block one chunk a pixel.
void for_each_chunk(const TensorLayout& layout, const Region& region, const std::function<void(const Chunk&)>& visit);

/// Bytes of the region in SRAM: the sum of its chunks.
[[nodiscard]] std::int64_t region_bytes(const TensorLayout& layout, const Region& region);

/// About the bytes that the bus moves for the region in whole bursts: a chunk that is no multiple of a burst is
/// taken to begin in the middle of one.
[[nodiscard]] std::int64_t estimate_bus_bytes(const TensorLayout& layout, const Region& region,
                                              std::int64_t burst_bytes);

/// Can the channels [begin, end) be written without touching a neighbour's bits?
[[nodiscard]] bool is_byte_aligned(const TensorLayout& layout, std::int64_t channel_begin, std::int64_t channel_end);

/// Reads and writes `bits` (1 … 16) at a bit offset, little endian.
[[nodiscard]] std::uint32_t read_bits(std::span<const std::byte> bytes, std::int64_t bit_offset, int bits);
void write_bits(std::span<std::byte> bytes, std::int64_t bit_offset, int bits, std::uint32_t value);

/// Signed integers from packed fields: two's complement of `bits` bits; a one-bit weight is 0 → +1, 1 → −1.
[[nodiscard]] std::int32_t decode_signed(std::uint32_t field, int bits);

/// The region's integers [image][pixel][channel] from its bytes in SRAM, and back.
[[nodiscard]] std::vector<std::int32_t> unpack_region(const TensorLayout& layout, const Region& region,
                                                      std::span<const std::byte> sram);
void pack_region(const TensorLayout& layout, const Region& region, std::span<const std::int32_t> values,
                 std::span<std::byte> sram);

/// The same where the whole tensor lies in `buffer`, at the layout's address.
[[nodiscard]] std::vector<std::int32_t> read_region(const TensorLayout& layout, const Region& region,
                                                    std::span<const std::byte> buffer);
void write_region(const TensorLayout& layout, const Region& region, std::span<const std::int32_t> values,
                  std::span<std::byte> buffer);

}  // namespace npusim
