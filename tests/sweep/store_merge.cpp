// Merging stores: order and repetition do not matter, and contradictions are told.
#include <algorithm>
#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "support/store_content.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;

namespace {

constexpr std::uint64_t points_at_most = 30;

/// A random part of the points, some of them not done for one reason or another, and a part of the sweep.
void make_shard(const std::filesystem::path& file, std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    SweepStore store = open_to_write(file);
    std::vector<SweepEntry> entries;
    for (const SweepEntry& entry : sample_entries(points_at_most)) {
        if (generator() % 2 == 0) entries.push_back(entry);
    }
    store.set_sweep("samples", sample_spec(), entries);
    if (generator() % 2 == 0) store.set_sweep("other" + std::to_string(generator() % 2), {{"x", 1}}, {});
    for (std::uint64_t i = 0; i < points_at_most; ++i) {
        StoredPoint point = sample_point(i);
        const std::uint64_t kind = generator() % 5;
        if (kind == 0) {
            point.status = generator() % 2 == 0 ? PointStatus::timed_out : PointStatus::failed;
            point.reason = "reason " + std::to_string(generator() % 3);
            point.layers.clear();
        }
        if (kind == 1) point.arch["description"] = "from shard " + std::to_string(seed);
        if (kind < 3) store.add(layers_of(point), point);
    }
    for (std::uint64_t i = 0; i < 5; ++i) {
        const std::string key = "accuracy" + std::to_string(generator() % 9);
        store.add(StoredAccuracy{key, {{"of", key}}});
    }
}

std::string all_of(const std::filesystem::path& file) {
    const SweepStore store = open_to_read(file);
    std::string text = export_of(store);
    for (int i = 0; i < 9; ++i) {
        const auto accuracy = store.accuracy("accuracy" + std::to_string(i));
        text += accuracy ? accuracy->figures.dump() : "none";
    }
    return text;
}

/// The store that `parts` make, merged in that order into an empty one.
std::filesystem::path merged(const std::filesystem::path& into, const std::vector<std::filesystem::path>& parts) {
    SweepStore store = open_to_write(into);
    for (const auto& part : parts) store.merge(part);
    return into;
}

std::string message_of_merge(const std::filesystem::path& into, const std::filesystem::path& from) {
    try {
        open_to_write(into).merge(from);
    } catch (const InputError& error) {
        return error.what();
    }
    return "merged";
}

}  // namespace

TEST_CASE("Merging is associative, commutative and idempotent") {
    for (std::uint64_t round = 0; round < 5; ++round) {
        const TemporaryFolder folder;
        const auto a = folder / "a.db";
        const auto b = folder / "b?#%20.db";
        const auto c = folder / "c.db";
        make_shard(a, 3 * round);
        make_shard(b, 3 * round + 1);
        make_shard(c, 3 * round + 2);
        const std::string expected = all_of(merged(folder / "abc.db", {a, b, c}));
        const auto bc = merged(folder / "bc.db", {b, c});
        CHECK(all_of(merged(folder / "a_bc.db", {a, bc})) == expected);
        CHECK(all_of(merged(folder / "cab.db", {c, a, b})) == expected);
        CHECK(all_of(merged(folder / "twice.db", {b, b, a, c, a, bc})) == expected);
        CHECK(all_of(merged(folder / "one.db", {a})) == all_of(a));
        CHECK(all_of(merged(a, {a})) == all_of(folder / "one.db"));
    }
}

TEST_CASE("Shards of a sweep merge into the store of the whole sweep") {
    const TemporaryFolder folder;
    constexpr std::uint64_t points = 50;
    for (std::uint64_t shard = 0; shard < 3; ++shard) {
        SweepStore store = open_to_write(folder / std::to_string(shard));
        store.set_sweep("samples", sample_spec(), sample_entries(points));
        for (std::uint64_t i = shard; i < points; i += 3) add_sample(store, i);
    }
    const auto whole = merged(folder / "whole.db", {folder / "2", folder / "0", folder / "1"});
    CHECK(export_of(open_to_read(whole)) == undisturbed_export(folder / "undisturbed.db", points));
}

TEST_CASE("Stores that disagree are not merged, and the message names both files and the key") {
    const TemporaryFolder folder;
    const auto ours = folder / "ours.db";
    const auto theirs = folder / "theirs.db";
    {
        SweepStore store = open_to_write(ours);
        store.set_sweep("samples", sample_spec(), sample_entries(3));
        add_sample(store, 0);
        store.add(StoredAccuracy{"acc", {{"top1", 0.5}}});
    }
    SweepStore other = open_to_write(theirs);
    add_sample(other, 1);
    std::string key;
    SECTION("on a layer") {
        StoredLayer layer = sample_layer(1000);
        ++layer.counters.macs;
        StoredPoint point = sample_point(2);
        point.layers = {{"conv", layer.key}};
        other.add({layer}, point);
        key = "layer layer1000";
    }
    SECTION("on a point") {
        StoredPoint point = sample_point(0);
        std::swap(point.layers[0].second, point.layers[2].second);
        other.add(layers_of(point), point);
        key = "point point0";
    }
    SECTION("on an accuracy") {
        other.add(StoredAccuracy{"acc", {{"top1", 0.25}}});
        key = "accuracy acc";
    }
    SECTION("on a sweep's spec") {
        other.set_sweep("samples", {{"name", "changed"}}, {});
        key = "sweep samples";
    }
    SECTION("on a sweep's entry") {
        auto entries = sample_entries(3);
        entries[1].point_key = "point2";
        other.set_sweep("samples", sample_spec(), entries);
        key = "sweep samples, point 1";
    }
    const std::string before = export_of(open_to_read(ours));
    const std::string message = message_of_merge(ours, theirs);
    CHECK_THAT(message, Catch::StartsWith(ours.string() + " and " + theirs.string() + ": " + key + ": "));
    CHECK(export_of(open_to_read(ours)) == before);
}

TEST_CASE("Merging what is no store is an error that leaves the store as it was") {
    const TemporaryFolder folder;
    const std::string before = undisturbed_export(folder / "a.db", 5);
    CHECK_THAT(message_of_merge(folder / "a.db", folder / "none.db"),
               Catch::StartsWith((folder / "none.db").string() + ": there is no such file"));
    CHECK(export_of(open_to_read(folder / "a.db")) == before);
}
