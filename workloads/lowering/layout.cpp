#include "npusim/workloads/lowering/layout.h"

#include <algorithm>
#include <utility>

#include "npusim/base/integer_math.h"

namespace npusim {

std::int64_t TensorLayout::block_count() const {
    return ceil_div(shape.channels, channel_block);
}

std::int64_t TensorLayout::block_channels(std::int64_t block) const {
    return std::min(channel_block, shape.channels - block * channel_block);
}

std::int64_t TensorLayout::pixel_bytes(std::int64_t block) const {
    return ceil_div<std::int64_t>(block_channels(block) * bits, 8);
}

std::uint64_t TensorLayout::block_address(std::int64_t block) const {
    // All blocks before this one are full.
    return address + static_cast<std::uint64_t>(block * pixel_bytes(0) * shape.height * shape.width);
}

std::int64_t TensorLayout::bytes() const {
    const std::int64_t last = block_count() - 1;
    return (last * pixel_bytes(0) + pixel_bytes(last)) * shape.height * shape.width;
}

Region Region::shifted(std::int64_t channels) const {
    Region region = *this;
    region.channel_begin += channels;
    region.channel_end += channels;
    return region;
}

namespace {

struct BlockPart {
    std::int64_t channel_begin;
    std::int64_t channel_end;
    std::int64_t byte_begin;  ///< in the pixel
    std::int64_t byte_end;
    std::int64_t bit_offset;
};

BlockPart part_of_block(const TensorLayout& layout, const Region& region, std::int64_t block) {
    const std::int64_t first = block * layout.channel_block;
    BlockPart part{};
    part.channel_begin = std::max(region.channel_begin, first);
    part.channel_end = std::min(region.channel_end, first + layout.block_channels(block));
    const std::int64_t bit_begin = (part.channel_begin - first) * layout.bits;
    part.byte_begin = bit_begin / 8;
    part.byte_end = ceil_div<std::int64_t>((part.channel_end - first) * layout.bits, 8);
    part.bit_offset = bit_begin % 8;
    return part;
}

/// Pixels of an image that lie one behind the other in storage.
std::int64_t run_pixels(const TensorLayout& layout, const Region& region, std::int64_t block, const BlockPart& part) {
    if (part.byte_end - part.byte_begin != layout.pixel_bytes(block)) return 1;
    return region.columns() == layout.shape.width ? region.map_pixels() : region.columns();
}

template <typename Visit>
void for_each_block(const TensorLayout& layout, const Region& region, const Visit& visit) {
    for (std::int64_t block = region.channel_begin / layout.channel_block;
         block * layout.channel_block < region.channel_end; ++block) {
        visit(block, part_of_block(layout, region, block));
    }
}

/// The same for sums: alike blocks, all but the first and the last, are visited once with their number.
template <typename Visit>
void for_each_kind_of_block(const TensorLayout& layout, const Region& region, const Visit& visit) {
    if (region.channels() <= 0) return;
    const std::int64_t first = region.channel_begin / layout.channel_block;
    const std::int64_t last = (region.channel_end - 1) / layout.channel_block;
    visit(first, part_of_block(layout, region, first), std::int64_t{1});
    if (last - first > 1) visit(first + 1, part_of_block(layout, region, first + 1), last - first - 1);
    if (last > first) visit(last, part_of_block(layout, region, last), std::int64_t{1});
}

/// The inverse of decode_signed, or the plain bits.
std::uint32_t field_of(std::int32_t value, const TensorLayout& layout) {
    if (layout.is_signed && layout.bits == 1) return value < 0 ? 1 : 0;
    return static_cast<std::uint32_t>(value);
}

/// Visits every integer of the region in the order of its chunks, with those bytes of its chunk, its bit in them and
/// its index [image][pixel][channel] in the region. `place_of` says where a chunk begins in `storage`.
template <typename Byte, typename Place, typename Visit>
void for_each_field(const TensorLayout& layout, const Region& region, std::span<Byte> storage, Place& place_of,
                    const Visit& visit) {
    for_each_chunk(layout, region, [&](const Chunk& chunk) {
        const auto bytes = storage.subspan(place_of(chunk), static_cast<std::size_t>(chunk.bytes));
        for (std::int64_t pixel = 0; pixel < chunk.pixels; ++pixel) {
            std::int64_t bit = pixel * chunk.pixel_bytes * 8 + chunk.bit_offset;
            auto index = static_cast<std::size_t>((chunk.first_pixel + pixel) * region.channels() +
                                                  chunk.channel_begin - region.channel_begin);
            for (std::int64_t c = chunk.channel_begin; c < chunk.channel_end; ++c, ++index, bit += layout.bits) {
                visit(bytes, bit, index);
            }
        }
    });
}

/// Chunks of a region that was loaded: one behind the other.
class Packed {
public:
    std::size_t operator()(const Chunk& chunk) {
        return std::exchange(at_, at_ + static_cast<std::size_t>(chunk.bytes));
    }

private:
    std::size_t at_ = 0;
};

/// Chunks of a tensor that lies there as a whole.
std::size_t own_place(const Chunk& chunk) {
    return static_cast<std::size_t>(chunk.address);
}

template <typename Place>
std::vector<std::int32_t> values_of(const TensorLayout& layout, const Region& region,
                                    std::span<const std::byte> storage, Place place_of) {
    std::vector<std::int32_t> values(static_cast<std::size_t>(region.elements()));
    const auto take = [&](std::span<const std::byte> bytes, std::int64_t bit, std::size_t index) {
        const std::uint32_t field = read_bits(bytes, bit, layout.bits);
        values[index] = layout.is_signed ? decode_signed(field, layout.bits) : static_cast<std::int32_t>(field);
    };
    for_each_field(layout, region, storage, place_of, take);
    return values;
}

template <typename Place>
void put_values(const TensorLayout& layout, const Region& region, std::span<const std::int32_t> values,
                std::span<std::byte> storage, Place place_of) {
    const auto put = [&](std::span<std::byte> bytes, std::int64_t bit, std::size_t index) {
        write_bits(bytes, bit, layout.bits, field_of(values[index], layout));
    };
    for_each_field(layout, region, storage, place_of, put);
}

}  // namespace

void for_each_chunk(const TensorLayout& layout, const Region& region, const std::function<void(const Chunk&)>& visit) {
    for (std::int64_t image = 0; image < region.images(); ++image) {
        const std::int64_t image_bytes = (region.image_begin + image) * layout.image_stride_bytes;
        for_each_block(layout, region, [&](std::int64_t block, const BlockPart& part) {
            const std::int64_t stride_bytes = layout.pixel_bytes(block);
            const std::int64_t pixel_bytes = part.byte_end - part.byte_begin;
            const std::int64_t run = run_pixels(layout, region, block, part);
            for (std::int64_t first = 0; first < region.map_pixels(); first += run) {
                const std::int64_t y = region.y_begin + first / region.columns();
                const std::int64_t x = region.x_begin + first % region.columns();
                const std::int64_t offset = image_bytes + (y * layout.shape.width + x) * stride_bytes + part.byte_begin;
                visit({layout.block_address(block) + static_cast<std::uint64_t>(offset), run * pixel_bytes,
                       image * region.map_pixels() + first, run, pixel_bytes, part.bit_offset, part.channel_begin,
                       part.channel_end});
            }
        });
    }
}

std::int64_t region_bytes(const TensorLayout& layout, const Region& region) {
    std::int64_t pixel_bytes = 0;
    for_each_kind_of_block(layout, region, [&](std::int64_t, const BlockPart& part, std::int64_t count) {
        pixel_bytes += count * (part.byte_end - part.byte_begin);
    });
    return pixel_bytes * region.pixels();
}

std::int64_t estimate_bus_bytes(const TensorLayout& layout, const Region& region, std::int64_t burst_bytes) {
    std::int64_t total = 0;
    for_each_kind_of_block(layout, region, [&](std::int64_t block, const BlockPart& part, std::int64_t count) {
        const std::int64_t run = run_pixels(layout, region, block, part);
        const std::int64_t bytes = run * (part.byte_end - part.byte_begin);
        const std::int64_t straddled = bytes % burst_bytes == 0 ? 0 : burst_bytes / 2;
        if (run > 0) total += count * (region.pixels() / run) * (round_up(bytes, burst_bytes) + straddled);
    });
    return total;
}

bool is_byte_aligned(const TensorLayout& layout, std::int64_t channel_begin, std::int64_t channel_end) {
    const auto aligned = [&](std::int64_t channel) {
        return channel == layout.shape.channels || channel % layout.channel_block * layout.bits % 8 == 0;
    };
    return aligned(channel_begin) && aligned(channel_end);
}

std::uint32_t read_bits(std::span<const std::byte> bytes, std::int64_t bit_offset, int bits) {
    const auto first = static_cast<std::size_t>(bit_offset / 8);
    const int shift = static_cast<int>(bit_offset % 8);
    const auto touched = static_cast<std::size_t>(ceil_div(shift + bits, 8));
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < touched; ++i) word |= std::to_integer<std::uint32_t>(bytes[first + i]) << (8 * i);
    return (word >> shift) & ((1U << bits) - 1U);
}

void write_bits(std::span<std::byte> bytes, std::int64_t bit_offset, int bits, std::uint32_t value) {
    const auto first = static_cast<std::size_t>(bit_offset / 8);
    const int shift = static_cast<int>(bit_offset % 8);
    const std::uint32_t mask = ((1U << bits) - 1U) << shift;
    const std::uint32_t word = (value << shift) & mask;
    for (std::size_t i = 0; (mask >> (8 * i)) != 0; ++i) {
        const auto kept = bytes[first + i] & ~static_cast<std::byte>((mask >> (8 * i)) & 0xFFU);
        bytes[first + i] = kept | static_cast<std::byte>((word >> (8 * i)) & 0xFFU);
    }
}

std::int32_t decode_signed(std::uint32_t field, int bits) {
    if (bits == 1) return field == 0 ? 1 : -1;
    const auto value = static_cast<std::int32_t>(field);
    return (field >> (bits - 1)) != 0 ? value - (1 << bits) : value;
}

std::vector<std::int32_t> unpack_region(const TensorLayout& layout, const Region& region,
                                        std::span<const std::byte> sram) {
    return values_of(layout, region, sram, Packed{});
}

void pack_region(const TensorLayout& layout, const Region& region, std::span<const std::int32_t> values,
                 std::span<std::byte> sram) {
    put_values(layout, region, values, sram, Packed{});
}

std::vector<std::int32_t> read_region(const TensorLayout& layout, const Region& region,
                                      std::span<const std::byte> buffer) {
    return values_of(layout, region, buffer, own_place);
}

void write_region(const TensorLayout& layout, const Region& region, std::span<const std::int32_t> values,
                  std::span<std::byte> buffer) {
    put_values(layout, region, values, buffer, own_place);
}

}  // namespace npusim
