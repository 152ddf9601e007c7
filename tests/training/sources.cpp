#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "npusim/base/error.h"
#include "training/tiny_job.h"

using namespace npusim;

TEST_CASE("The parts of a split hold every image once, move them as the whole does, and follow the seed") {
    const std::shared_ptr<const BatchSource> whole = test::drawn_images(50);
    const SplitSources parts = split_source(whole, 12, 1);
    CHECK(parts.train->size() == 38);
    CHECK(parts.held_out->size() == 12);
    const auto pixels = static_cast<std::size_t>(whole->image_shape().elements());
    const auto image = [&](const BatchSource& source, std::int64_t index, std::optional<std::uint64_t> epoch) {
        std::vector<float> values(pixels);
        source.write_batch(std::span(&index, 1), epoch, values);
        return values;
    };
    std::multiset<std::vector<float>> all;
    std::multiset<std::vector<float>> moved;
    for (std::int64_t i = 0; i < 50; ++i) {
        all.insert(image(*whole, i, {}));
        moved.insert(image(*whole, i, 3));
    }
    for (const BatchSource* part : {parts.train.get(), parts.held_out.get()}) {
        for (std::int64_t i = 0; i < part->size(); ++i) {
            const auto found = all.find(image(*part, i, {}));
            REQUIRE(found != all.end());
            all.erase(found);
            const auto same = moved.find(image(*part, i, 3));
            REQUIRE(same != moved.end());
            moved.erase(same);
        }
    }
    CHECK(all.empty());
    CHECK(split_source(whole, 12, 1).held_out->content_hash() == parts.held_out->content_hash());
    CHECK(split_source(whole, 12, 2).held_out->content_hash() != parts.held_out->content_hash());
}

TEST_CASE("A part without images is refused") {
    const std::shared_ptr<const BatchSource> whole = test::drawn_images(20);
    CHECK_THROWS_AS(split_source(whole, 0, 1), InputError);
    CHECK_THROWS_WITH(split_source(whole, 20, 1), Catch::Contains("1 to 19"));
}
