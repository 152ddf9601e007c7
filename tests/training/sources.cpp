#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "training/tiny_job.h"

using namespace npusim;

namespace {

std::vector<float> image_of(const BatchSource& source, std::int64_t index, std::optional<std::uint64_t> epoch) {
    std::vector<float> values(static_cast<std::size_t>(source.image_shape().elements()));
    source.write_batch(std::span(&index, 1), epoch, values);
    return values;
}

/// Where a part's images stand in the whole.
std::vector<std::int64_t> places_in(const BatchSource& whole, const BatchSource& part) {
    std::map<std::vector<float>, std::int64_t> place_of;
    for (std::int64_t i = 0; i < whole.size(); ++i) place_of[image_of(whole, i, {})] = i;
    std::vector<std::int64_t> places;
    for (std::int64_t i = 0; i < part.size(); ++i) places.push_back(place_of.at(image_of(part, i, {})));
    return places;
}

std::vector<std::int64_t> sorted(std::vector<std::int64_t> values) {
    std::sort(values.begin(), values.end());
    return values;
}

}  // namespace

TEST_CASE("The parts of a split hold every image once, move them as the whole does, and follow the seed") {
    const std::shared_ptr<const BatchSource> whole = test::drawn_images(50);
    const SplitSources parts = split_source(whole, 12, 1);
    CHECK(parts.train->size() == 38);
    CHECK(parts.held_out->size() == 12);
    std::multiset<std::vector<float>> all;
    std::multiset<std::vector<float>> moved;
    for (std::int64_t i = 0; i < 50; ++i) {
        all.insert(image_of(*whole, i, {}));
        moved.insert(image_of(*whole, i, 3));
    }
    for (const BatchSource* part : {parts.train.get(), parts.held_out.get()}) {
        for (std::int64_t i = 0; i < part->size(); ++i) {
            const auto found = all.find(image_of(*part, i, {}));
            REQUIRE(found != all.end());
            all.erase(found);
            const auto same = moved.find(image_of(*part, i, 3));
            REQUIRE(same != moved.end());
            moved.erase(same);
        }
    }
    CHECK(all.empty());
    for (const std::int64_t held_out : {1, 25, 49}) {
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const SplitSources drawn = split_source(whole, held_out, seed);
            CHECK(drawn.held_out->size() == held_out);
            CHECK(drawn.train->size() == 50 - held_out);
            CHECK(places_in(*whole, *drawn.train) == sorted(places_in(*whole, *drawn.train)));
            CHECK(places_in(*whole, *drawn.held_out) == sorted(places_in(*whole, *drawn.held_out)));
        }
    }
    CHECK(split_source(whole, 12, 1).held_out->content_hash() == parts.held_out->content_hash());
    CHECK(split_source(whole, 12, 2).held_out->content_hash() != parts.held_out->content_hash());
}

TEST_CASE("A part without images is refused") {
    const std::shared_ptr<const BatchSource> whole = test::drawn_images(20);
    for (const std::int64_t held_out : {-1, 0, 20, 21}) {
        CHECK_THROWS_WITH(split_source(whole, held_out, 1),
                          Catch::Contains(std::to_string(held_out)) && Catch::Contains("1 to 19"));
    }
}
