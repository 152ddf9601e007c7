// Where two runs part, on timelines written by hand.
#include <catch2/catch.hpp>

#include "support/run_timeline.h"

namespace npusim {

using test::first_difference;
using test::LayerSpans;
using test::RunTimeline;
using test::TimelineSpan;

namespace {

/// A load and the array's work behind it; a vector unit that waits and works.
RunTimeline by_hand() {
    LayerSpans layer;
    layer.layer = "conv";
    layer.units[0] = {{0, 10, "dram", 0}, {10, 20, "busy", 0}, {20, 45, "nothing", -1}};
    layer.units[1] = {{0, 20, "weights", 1}, {20, 24, "fill_drain", 1}, {24, 30, "busy", 1}, {30, 45, "nothing", -1}};
    layer.units[2] = {{0, 30, "array", 2}, {30, 45, "busy", 2}};
    layer.units[3] = {{0, 45, "vector_unit", 3}};
    return {layer, layer};
}

}  // namespace

TEST_CASE("Equal timelines have no difference") {
    CHECK(!first_difference(by_hand(), by_hand()));
    CHECK(!first_difference(RunTimeline{}, RunTimeline{}));
}

TEST_CASE("The unit that leaves the common path first is named, with both of its spans and the cycle") {
    const RunTimeline base = by_hand();
    RunTimeline late = by_hand();
    // The array's work takes a cycle more, and all that waits for it follows.
    late[1].units[1] = {{0, 20, "weights", 1}, {20, 25, "fill_drain", 1}, {25, 31, "busy", 1}, {31, 46, "nothing", -1}};
    late[1].units[2] = {{0, 31, "array", 2}, {31, 46, "busy", 2}};
    const auto found = first_difference(base, late);
    REQUIRE(found);
    CHECK(found->unit == MachineUnit::array);
    CHECK(found->cycle == 24);
    CHECK(found->first == TimelineSpan{20, 24, "fill_drain", 1});
    CHECK(found->second == TimelineSpan{20, 25, "fill_drain", 1});
    CHECK(
        test::text_of(*found) ==
        "layer conv, array, from cycle 24 on: cycles 20 to 24 idle (fill_drain), command 1; in registers cycles 20 to "
        "25 idle (fill_drain), command 1");
}

TEST_CASE("An earlier layer comes first, whatever the units' order") {
    RunTimeline other = by_hand();
    other[0].units[3][0].end_cycles = 44;
    other[1].units[0][0].state = "busy";
    const auto found = first_difference(by_hand(), other);
    REQUIRE(found);
    CHECK(found->unit == MachineUnit::store_dma);
    CHECK(found->cycle == 44);
}

TEST_CASE("Another cause, another command and a span too many are differences from where they begin") {
    const auto cycle_of = [](const auto& change) {
        RunTimeline other = by_hand();
        change(other[0].units[1]);
        const auto found = first_difference(by_hand(), other);
        REQUIRE(found);
        CHECK(found->unit == MachineUnit::array);
        return found->cycle;
    };
    CHECK(cycle_of([](auto& spans) { spans[1].state = "bank_conflict"; }) == 20);
    CHECK(cycle_of([](auto& spans) { spans[2].command = 4; }) == 24);
    CHECK(cycle_of([](auto& spans) { spans.pop_back(); }) == 30);
    CHECK(cycle_of([](auto& spans) { spans.push_back({45, 46, "busy", 1}); }) == 45);
    CHECK(cycle_of([](auto& spans) { spans.erase(spans.begin()); }) == 0);
}

TEST_CASE("Of two units that part in one cycle the first in the machine's order is named") {
    RunTimeline other = by_hand();
    other[0].units[1][2].state = "bank_conflict";  // from 24 on
    other[0].units[2] = {{0, 24, "array", 2}, {24, 45, "busy", 2}};
    const auto found = first_difference(by_hand(), other);
    REQUIRE(found);
    CHECK(found->cycle == 24);
    CHECK(found->unit == MachineUnit::array);
}

}  // namespace npusim
