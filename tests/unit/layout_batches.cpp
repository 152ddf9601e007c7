// The tensors of a batch lie image by image, each as it lies alone.
#include <catch2/catch.hpp>
#include <random>

#include "npusim/workloads/lowering/layout.h"

namespace npusim {

namespace {

std::vector<Chunk> chunks_of(const TensorLayout& layout, const Region& region) {
    std::vector<Chunk> chunks;
    for_each_chunk(layout, region, [&](const Chunk& chunk) { chunks.push_back(chunk); });
    return chunks;
}

struct Drawn {
    TensorLayout layout;
    Region region;
    std::vector<std::int32_t> values;
};

Drawn draw(std::mt19937_64& random) {
    const auto upto = [&](std::int64_t most) {
        return 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
    };
    Drawn drawn;
    drawn.layout = {64, {upto(20), upto(5), upto(5)}, static_cast<int>(upto(8)), false, upto(16)};
    drawn.layout.images = upto(5);
    drawn.layout.image_stride_bytes = drawn.layout.bytes() + upto(100);
    const TensorShape& shape = drawn.layout.shape;
    drawn.region = {0, upto(shape.height), 0, upto(shape.width), 0, upto(shape.channels)};
    drawn.region.image_end = upto(drawn.layout.images);
    drawn.region.image_begin = upto(drawn.region.image_end) - 1;
    drawn.values.resize(static_cast<std::size_t>(drawn.region.elements()));
    for (auto& value : drawn.values) value = static_cast<std::int32_t>(random() % (1ULL << drawn.layout.bits));
    return drawn;
}

}  // namespace

TEST_CASE("A region of several images is the chunks of each image, a stride apart") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 300; ++round) {
        const Drawn drawn = draw(random);
        std::vector<Chunk> expected;
        for (std::int64_t image = drawn.region.image_begin; image < drawn.region.image_end; ++image) {
            Region one = drawn.region;
            one.image_begin = 0;
            one.image_end = 1;
            for (Chunk chunk : chunks_of(drawn.layout, one)) {
                chunk.address += static_cast<std::uint64_t>(image * drawn.layout.image_stride_bytes);
                chunk.first_pixel += (image - drawn.region.image_begin) * one.pixels();
                expected.push_back(chunk);
            }
        }
        const auto found = chunks_of(drawn.layout, drawn.region);
        REQUIRE(found.size() == expected.size());
        std::int64_t bytes = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            REQUIRE(found[i].address == expected[i].address);
            REQUIRE(found[i].first_pixel == expected[i].first_pixel);
            REQUIRE(found[i].bytes == expected[i].bytes);
            bytes += found[i].bytes;
        }
        REQUIRE(region_bytes(drawn.layout, drawn.region) == bytes);
    }
}

TEST_CASE("Integers come back from slots and from tensors that lie in a buffer as a whole") {
    std::mt19937_64 random(8);
    for (int round = 0; round < 300; ++round) {
        const Drawn drawn = draw(random);
        std::vector<std::byte> slot(static_cast<std::size_t>(region_bytes(drawn.layout, drawn.region)));
        pack_region(drawn.layout, drawn.region, drawn.values, slot);
        REQUIRE(unpack_region(drawn.layout, drawn.region, slot) == drawn.values);
        const auto end =
            static_cast<std::int64_t>(drawn.layout.address) + drawn.layout.images * drawn.layout.image_stride_bytes;
        std::vector<std::byte> buffer(static_cast<std::size_t>(end), std::byte{0xA5});
        write_region(drawn.layout, drawn.region, drawn.values, buffer);
        REQUIRE(read_region(drawn.layout, drawn.region, buffer) == drawn.values);
        // The chunks in the buffer are those of the slot, and hold the same bits.
        std::vector<std::byte> gathered;
        for (const Chunk& chunk : chunks_of(drawn.layout, drawn.region)) {
            const auto from = buffer.begin() + static_cast<std::ptrdiff_t>(chunk.address);
            gathered.insert(gathered.end(), from, from + static_cast<std::ptrdiff_t>(chunk.bytes));
        }
        REQUIRE(unpack_region(drawn.layout, drawn.region, gathered) == drawn.values);
    }
}

}  // namespace npusim
