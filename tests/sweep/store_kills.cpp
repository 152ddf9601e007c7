// A store whose writers are killed.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "support/store_content.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;

namespace {

/// Adds what is missing and, when nothing is, sets the sweep again and again: it writes until it is killed.
std::string write_for_ever(const std::filesystem::path& file, std::uint64_t points) {
    SweepStore store = open_to_write(file);
    const auto there = store.points();
    for (std::uint64_t i = 0; i < points; ++i) {
        if (!there.contains(sample_point(i).key)) add_sample(store, i);
    }
    for (;;) store.set_sweep("samples", sample_spec(), sample_entries(points));
}

/// Every point and layer is as it was meant to be; the number of points.
std::size_t check_whole(const SweepStore& store, std::uint64_t points) {
    const auto there = store.points();
    const auto layers = store.layers();
    std::size_t found = 0;
    for (std::uint64_t i = 0; i < points; ++i) {
        const auto point = there.find(sample_point(i).key);
        if (point == there.end()) continue;
        ++found;
        REQUIRE(text_of(point->second) == text_of(sample_point(i)));
        for (const auto& [name, key] : point->second.layers) {
            REQUIRE(layers.at(key).counters == sample_layer(std::stoull(key.substr(5))).counters);
        }
    }
    REQUIRE(found == there.size());
    if (!store.sweeps().empty()) REQUIRE(store.sweep_entries("samples").size() >= 3);
    return found;
}

}  // namespace

TEST_CASE("A store whose writer is killed 50 times holds whole points, and continued it equals an undisturbed one") {
    constexpr std::uint64_t points = 700;
    const TemporaryFolder folder;
    const auto file = folder / "killed.db";
    std::mt19937 generator(7);
    std::size_t found = 0;
    int grown = 0;
    for (int kill = 0; kill < 50; ++kill) {
        Child writer([&] { return write_for_ever(file, points); });
        std::this_thread::sleep_for(std::chrono::microseconds(generator() % 30'000));
        writer.kill();
        const std::size_t now = check_whole(open_to_write(file), points);
        REQUIRE(now >= found);
        if (now > found) ++grown;
        found = now;
    }
    CHECK(grown >= 5);
    {
        SweepStore store = open_to_write(file);
        for (std::uint64_t i = 0; i < points; ++i) add_sample(store, i);
        store.set_sweep("samples", sample_spec(), sample_entries(points));
    }
    CHECK(export_of(open_to_read(file)) == undisturbed_export(folder / "undisturbed.db", points));
}

TEST_CASE("A store whose writer is killed while it makes the file can be made by the next one") {
    const TemporaryFolder folder;
    const std::string expected = undisturbed_export(folder / "undisturbed.db", 3);
    std::mt19937 generator(8);
    for (int kill = 0; kill < 50; ++kill) {
        const auto file = folder / (std::to_string(kill) + ".db");
        Child writer([&] { return write_for_ever(file, 3); });
        std::this_thread::sleep_for(std::chrono::microseconds(generator() % 40'000));
        writer.kill();
        SweepStore store = open_to_write(file);
        store.set_sweep("samples", sample_spec(), sample_entries(3));
        for (std::uint64_t i = 0; i < 3; ++i) add_sample(store, i);
        REQUIRE(export_of(store) == expected);
    }
}

TEST_CASE("What a killed writer added is there for a reader, before any other writer opens the store") {
    const TemporaryFolder folder;
    const auto file = folder / "killed.db";
    constexpr std::uint64_t points = 20;
    Child writer([&] {
        const std::string all = undisturbed_export(file, points);
        SweepStore store = open_to_write(file);
        add_sample(store, points);
        ::raise(SIGKILL);
        return all;
    });
    CHECK(writer.text().empty());
    const SweepStore store = open_to_read(file);
    CHECK(store.points().size() == points + 1);
    CHECK(check_whole(store, points + 1) == points + 1);
}
