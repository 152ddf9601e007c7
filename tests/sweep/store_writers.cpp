// Several processes that write a store at once, and what one store does with what it is given twice.
#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "support/store_content.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;

namespace {

std::string add_range(const std::filesystem::path& file, std::uint64_t begin, std::uint64_t end, std::uint64_t all) {
    SweepStore store = open_to_write(file);
    store.set_sweep("samples", sample_spec(), sample_entries(all));
    for (std::uint64_t i = begin; i < end; ++i) add_sample(store, i);
    return "done";
}

}  // namespace

TEST_CASE("Processes that write the same and other points at once make the store that one process makes") {
    const TemporaryFolder folder;
    constexpr std::uint64_t points = 300;
    const std::string expected = undisturbed_export(folder / "one.db", points);
    const auto file = folder / "three.db";
    Child first([&] { return add_range(file, 0, 200, points); });
    Child second([&] { return add_range(file, 100, points, points); });
    Child third([&] { return add_range(file, 0, points, points); });
    CHECK(first.text() == "done");
    CHECK(second.text() == "done");
    CHECK(third.text() == "done");
    CHECK(export_of(open_to_read(file)) == expected);
}

TEST_CASE("Processes that create the same store at once share it") {
    const TemporaryFolder folder;
    constexpr std::uint64_t points = 4;
    const std::string expected = undisturbed_export(folder / "one.db", points);
    for (int round = 0; round < 20; ++round) {
        const auto file = folder / (std::to_string(round) + ".db");
        Child first([&] { return add_range(file, 0, 3, points); });
        Child second([&] { return add_range(file, 1, points, points); });
        REQUIRE(first.text() == "done");
        REQUIRE(second.text() == "done");
        REQUIRE(export_of(open_to_read(file)) == expected);
    }
}

TEST_CASE("A reader sees what a writer that is still open has added") {
    const TemporaryFolder folder;
    SweepStore writer = open_to_write(folder / "a.db");
    const SweepStore reader = open_to_read(folder / "a.db");
    for (std::uint64_t i = 0; i < 5; ++i) {
        add_sample(writer, i);
        CHECK(reader.points().size() == i + 1);
    }
}

TEST_CASE("The order in which points are added does not show") {
    const TemporaryFolder folder;
    constexpr std::uint64_t points = 40;
    std::vector<std::uint64_t> order(points);
    for (std::uint64_t i = 0; i < points; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937(5));
    {
        SweepStore store = open_to_write(folder / "shuffled.db");
        for (const std::uint64_t i : order) add_sample(store, i);
        store.set_sweep("samples", sample_spec(), sample_entries(points));
    }
    CHECK(export_of(open_to_read(folder / "shuffled.db")) == undisturbed_export(folder / "sorted.db", points));
}

TEST_CASE("A point that is done stays; one that is not is replaced") {
    const TemporaryFolder folder;
    SweepStore store = open_to_write(folder / "a.db");
    StoredPoint point = sample_point(0);
    point.status = PointStatus::timed_out;
    point.reason = "600 s";
    point.layers.clear();
    store.add({}, point);
    point.status = PointStatus::crashed;
    store.add({}, point);
    CHECK(store.points().at(point.key).status == PointStatus::crashed);
    add_sample(store, 0);
    CHECK(text_of(store.points().at(point.key)) == text_of(sample_point(0)));
    store.add({}, point);
    CHECK(text_of(store.points().at(point.key)) == text_of(sample_point(0)));
}

TEST_CASE("A point made of a layer that nobody has is refused whole") {
    const TemporaryFolder folder;
    SweepStore store = open_to_write(folder / "a.db");
    const StoredPoint point = sample_point(0);
    auto layers = layers_of(point);
    layers.pop_back();
    layers.pop_back();
    CHECK_THROWS_AS(store.add(layers, point), std::invalid_argument);
    CHECK(store.points().empty());
    CHECK(store.layers().empty());
    add_sample(store, 0);
    CHECK(store.points().size() == 1);
}

TEST_CASE("Setting a sweep replaces its list, and two points of one index leave the old list") {
    const TemporaryFolder folder;
    SweepStore store = open_to_write(folder / "a.db");
    store.set_sweep("b", sample_spec(), sample_entries(9));
    store.set_sweep("a", {{"name", "a"}}, sample_entries(2));
    store.set_sweep("b", {{"name", "new"}}, sample_entries(4));
    CHECK(store.sweeps() == std::vector<std::string>{"a", "b"});
    CHECK(store.sweep_entries("b").size() == 4);
    auto twice = sample_entries(3);
    twice[2].index = 0;
    CHECK_THROWS_AS(store.set_sweep("b", sample_spec(), twice), std::invalid_argument);
    CHECK(store.sweep_entries("b").size() == 4);
    CHECK(store.sweep_spec("b") == nlohmann::json{{"name", "new"}});
    CHECK_THROWS_AS(store.sweep_spec("c"), InputError);
}

TEST_CASE("Accuracies are found by their key, and the first one stays") {
    const TemporaryFolder folder;
    SweepStore store = open_to_write(folder / "a.db");
    CHECK_FALSE(store.accuracy("k"));
    store.add(StoredAccuracy{"k", {{"top1", 0.1 + 0.2}}});
    store.add(StoredAccuracy{"k", {{"top1", 0.5}}});
    CHECK(store.accuracy("k")->figures.at("top1").get<double>() == 0.1 + 0.2);
}
