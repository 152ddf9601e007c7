// How tensors lie in DRAM, against an address computed element by element.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <utility>

#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/layout.h"

namespace npusim {

namespace {

std::int64_t below(std::mt19937_64& generator, std::int64_t end) {
    return static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(end));
}

TensorLayout random_layout(std::mt19937_64& generator) {
    constexpr int widths[] = {1, 2, 3, 4, 5, 6, 7, 8, 16};
    TensorLayout layout;
    layout.address = 4096 * static_cast<std::uint64_t>(below(generator, 5));
    layout.shape = {1 + below(generator, 30), 1 + below(generator, 6), 1 + below(generator, 6)};
    layout.bits = widths[below(generator, 9)];
    layout.is_signed = layout.bits > 1 && below(generator, 2) == 0;
    layout.channel_block = 1 + below(generator, 20);
    return layout;
}

Region random_region(std::mt19937_64& generator, const TensorShape& shape) {
    const auto draw = [&](std::int64_t extent, std::int64_t& begin, std::int64_t& end) {
        begin = below(generator, extent);
        end = begin + 1 + below(generator, extent - begin);
    };
    Region region;
    draw(shape.height, region.y_begin, region.y_end);
    draw(shape.width, region.x_begin, region.x_end);
    draw(shape.channels, region.channel_begin, region.channel_end);
    return region;
}

/// First bit of an element in DRAM: blocks of channels, pixels of whole bytes.
std::int64_t bit_address(const TensorLayout& layout, std::int64_t y, std::int64_t x, std::int64_t channel) {
    std::int64_t bytes = static_cast<std::int64_t>(layout.address);
    const std::int64_t block = layout.channel_block;
    for (std::int64_t first = 0; first < layout.shape.channels; first += block) {
        const std::int64_t channels = std::min(block, layout.shape.channels - first);
        const std::int64_t pixel_bytes = ceil_div<std::int64_t>(channels * layout.bits, 8);
        if (channel < first + channels) {
            return (bytes + (y * layout.shape.width + x) * pixel_bytes) * 8 + (channel - first) * layout.bits;
        }
        bytes += pixel_bytes * layout.shape.height * layout.shape.width;
    }
    return -1;
}

/// Where the chunks say that each element of the region lies, [pixel][channel].
std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> elements_of_chunks(const TensorLayout& layout,
                                                                                 const Region& region) {
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> found;
    std::int64_t bytes = 0;
    for_each_chunk(layout, region, [&](const Chunk& chunk) {
        REQUIRE(chunk.bytes == chunk.pixels * chunk.pixel_bytes);
        REQUIRE(chunk.bit_offset + (chunk.channel_end - chunk.channel_begin) * layout.bits <= chunk.pixel_bytes * 8);
        bytes += chunk.bytes;
        for (std::int64_t pixel = 0; pixel < chunk.pixels; ++pixel) {
            std::int64_t bit = (static_cast<std::int64_t>(chunk.address) + pixel * chunk.pixel_bytes) * 8;
            bit += chunk.bit_offset;
            for (std::int64_t c = chunk.channel_begin; c < chunk.channel_end; ++c, bit += layout.bits) {
                REQUIRE(found.emplace(std::pair{chunk.first_pixel + pixel, c}, bit).second);
            }
        }
    });
    REQUIRE(bytes == region_bytes(layout, region));
    return found;
}

}  // namespace

TEST_CASE("Every element of a random region lies in exactly one chunk, at its address") {
    std::mt19937_64 generator(1);
    for (int i = 0; i < 600; ++i) {
        const TensorLayout layout = random_layout(generator);
        const Region region = random_region(generator, layout.shape);
        const auto found = elements_of_chunks(layout, region);
        REQUIRE(static_cast<std::int64_t>(found.size()) == region.elements());
        for (const auto& [element, bit] : found) {
            const std::int64_t y = region.y_begin + element.first / region.columns();
            const std::int64_t x = region.x_begin + element.first % region.columns();
            REQUIRE(bit == bit_address(layout, y, x, element.second));
        }
    }
}

TEST_CASE("No two elements of a tensor share a bit, and all lie within its bytes") {
    std::mt19937_64 generator(2);
    for (int i = 0; i < 100; ++i) {
        const TensorLayout layout = random_layout(generator);
        const TensorShape& shape = layout.shape;
        const Region whole{0, shape.height, 0, shape.width, 0, shape.channels};
        std::set<std::int64_t> bits;
        for (const auto& [element, first] : elements_of_chunks(layout, whole)) {
            for (int bit = 0; bit < layout.bits; ++bit) REQUIRE(bits.insert(first + bit).second);
        }
        REQUIRE(*bits.begin() >= static_cast<std::int64_t>(layout.address) * 8);
        REQUIRE(*bits.rbegin() < (static_cast<std::int64_t>(layout.address) + layout.bytes()) * 8);
        REQUIRE(region_bytes(layout, whole) == layout.bytes());
    }
}

TEST_CASE("Whole blocks of whole rows are one chunk, of part of a row one a row, part of a block one a pixel") {
    const TensorLayout layout{0, {32, 5, 7}, 8, false, 16};
    const auto chunks = [&](const Region& region) {
        int count = 0;
        for_each_chunk(layout, region, [&](const Chunk&) { ++count; });
        return count;
    };
    CHECK(chunks({0, 5, 0, 7, 0, 16}) == 1);
    CHECK(chunks({1, 3, 0, 7, 0, 32}) == 2);
    CHECK(chunks({1, 4, 2, 6, 16, 32}) == 3);
    CHECK(chunks({1, 4, 2, 6, 0, 8}) == 12);
}

TEST_CASE("A channel range is byte aligned exactly when no other channel has bits in its bytes") {
    std::mt19937_64 generator(3);
    for (int i = 0; i < 300; ++i) {
        const TensorLayout layout = random_layout(generator);
        const Region region = random_region(generator, layout.shape);
        const auto bytes_of = [&](std::int64_t c) {
            const std::int64_t bit = bit_address(layout, 0, 0, c);
            return std::pair{bit / 8, (bit + layout.bits - 1) / 8};
        };
        std::set<std::int64_t> inside;
        std::set<std::int64_t> outside;
        for (std::int64_t c = 0; c < layout.shape.channels; ++c) {
            const auto [first, last] = bytes_of(c);
            auto& bytes = c >= region.channel_begin && c < region.channel_end ? inside : outside;
            for (std::int64_t byte = first; byte <= last; ++byte) bytes.insert(byte);
        }
        std::vector<std::int64_t> shared;
        std::set_intersection(inside.begin(), inside.end(), outside.begin(), outside.end(), std::back_inserter(shared));
        REQUIRE(is_byte_aligned(layout, region.channel_begin, region.channel_end) == shared.empty());
    }
}

TEST_CASE("Packing a region and unpacking it gives the integers back, at every width and sign") {
    std::mt19937_64 generator(4);
    for (int i = 0; i < 600; ++i) {
        const TensorLayout layout = random_layout(generator);
        const Region region = random_region(generator, layout.shape);
        const std::int64_t low = layout.is_signed ? -(std::int64_t{1} << (layout.bits - 1)) : 0;
        std::vector<std::int32_t> values(static_cast<std::size_t>(region.elements()));
        for (auto& value : values) {
            value = static_cast<std::int32_t>(low + below(generator, std::int64_t{1} << layout.bits));
        }
        std::vector<std::byte> sram(static_cast<std::size_t>(region_bytes(layout, region)) + 3, std::byte{0xA5});
        pack_region(layout, region, values, sram);
        REQUIRE(unpack_region(layout, region, sram) == values);
        for (std::size_t tail = sram.size() - 3; tail < sram.size(); ++tail) REQUIRE(sram[tail] == std::byte{0xA5});
    }
}

TEST_CASE("Signed integers of one bit are +1 and -1, packed and unpacked") {
    const TensorLayout layout{0, {5, 1, 2}, 1, true, 16};
    const Region whole{0, 1, 0, 2, 0, 5};
    const std::vector<std::int32_t> values{1, -1, -1, 1, 1, -1, 1, -1, -1, -1};
    std::vector<std::byte> sram(static_cast<std::size_t>(layout.bytes()));
    pack_region(layout, whole, values, sram);
    CHECK(unpack_region(layout, whole, sram) == values);
}

TEST_CASE("Bits are written without touching their neighbours") {
    std::mt19937_64 generator(5);
    for (int i = 0; i < 500; ++i) {
        std::vector<std::byte> bytes(6);
        for (auto& byte : bytes) byte = static_cast<std::byte>(generator() & 0xFFU);
        const auto before = bytes;
        const int width = 1 + static_cast<int>(below(generator, 16));
        const std::int64_t offset = below(generator, 48 - width + 1);
        const auto value = static_cast<std::uint32_t>(below(generator, std::int64_t{1} << width));
        write_bits(bytes, offset, width, value);
        REQUIRE(read_bits(bytes, offset, width) == value);
        for (std::int64_t bit = 0; bit < 48; ++bit) {
            if (bit >= offset && bit < offset + width) continue;
            REQUIRE(read_bits(bytes, bit, 1) == read_bits(before, bit, 1));
        }
    }
}

}  // namespace npusim
