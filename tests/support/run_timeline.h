// What the units of a run did, as values that outlive the run, and where two runs differ first.
#pragma once

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npusim/sim/timeline.h"

namespace npusim::test {

struct TimelineSpan {
    std::uint64_t begin_cycles = 0;
    std::uint64_t end_cycles = 0;
    std::string state;          ///< "busy", or the cause of idleness
    std::int64_t command = -1;  ///< in the layer's program; -1: none
    friend bool operator==(const TimelineSpan&, const TimelineSpan&) = default;
    NLOHMANN_DEFINE_TYPE_INTRUSIVE(TimelineSpan, begin_cycles, end_cycles, state, command)
};

struct LayerSpans {
    std::string layer;
    std::array<std::vector<TimelineSpan>, kMachineUnits> units;
    std::vector<TimelineSpan> transfers;  ///< loads, then stores, from their issue on; their state is what they move
    NLOHMANN_DEFINE_TYPE_INTRUSIVE(LayerSpans, layer, units, transfers)
};
using RunTimeline = std::vector<LayerSpans>;

inline LayerSpans spans_of(const LayerTimeline& timeline) {
    LayerSpans spans{timeline.layer->name, {}, {}};
    const auto number_of = [&](const Command* command) {
        return command == nullptr ? -1 : command - timeline.layer->commands.data();
    };
    for (std::size_t unit = 0; unit < kMachineUnits; ++unit) {
        for (const UnitSpan& span : timeline.spans[unit]) {
            spans.units[unit].push_back({span.begin_cycles, span.end_cycles,
                                         span.idle ? std::string(name_of(*span.idle)) : "busy",
                                         number_of(span.command)});
        }
    }
    for (const auto* transfers : {&timeline.loads, &timeline.stores}) {
        for (const DramTransfer& transfer : *transfers) {
            const std::string moves = std::to_string(transfer.bytes) + " bytes, " +
                                      std::to_string(transfer.bank_conflict_cycles) + " cycles behind others";
            spans.transfers.push_back(
                {transfer.issued_cycles, transfer.done_cycles, moves, number_of(transfer.command)});
        }
    }
    return spans;
}

/// What a unit did otherwise; the other run's span is missing where its list has ended.
struct TimelineDifference {
    std::string layer;
    MachineUnit unit = MachineUnit::load_dma;
    std::uint64_t cycle = 0;  ///< the first that the two runs spent otherwise
    std::optional<TimelineSpan> first, second;
};

/// In one unit of one layer.
inline std::optional<TimelineDifference> first_difference(const std::vector<TimelineSpan>& first,
                                                          const std::vector<TimelineSpan>& second) {
    const auto [a, b] = std::mismatch(first.begin(), first.end(), second.begin(), second.end());
    TimelineDifference found;
    if (a != first.end()) found.first = *a;
    if (b != second.end()) found.second = *b;
    if (!found.first && !found.second) return std::nullopt;
    if (!found.first || !found.second) {
        found.cycle = found.first ? found.first->begin_cycles : found.second->begin_cycles;
    } else if (found.first->begin_cycles != found.second->begin_cycles) {
        found.cycle = std::min(found.first->begin_cycles, found.second->begin_cycles);
    } else if (found.first->state != found.second->state || found.first->command != found.second->command) {
        found.cycle = found.first->begin_cycles;
    } else {
        found.cycle = std::min(found.first->end_cycles, found.second->end_cycles);
    }
    return found;
}

/// The earliest of all units and layers; of several in one cycle, the unit that comes first.
inline std::optional<TimelineDifference> first_difference(const RunTimeline& first, const RunTimeline& second) {
    for (std::size_t layer = 0; layer < std::min(first.size(), second.size()); ++layer) {
        std::optional<TimelineDifference> earliest;
        for (std::size_t unit = 0; unit < kMachineUnits; ++unit) {
            auto found = first_difference(first[layer].units[unit], second[layer].units[unit]);
            if (!found || (earliest && earliest->cycle <= found->cycle)) continue;
            found->layer = first[layer].layer;
            found->unit = static_cast<MachineUnit>(unit);
            earliest = std::move(found);
        }
        if (earliest) return earliest;
    }
    return std::nullopt;
}

inline std::string text_of(const std::optional<TimelineSpan>& span) {
    if (!span) return "no span";
    std::string text = "cycles " + std::to_string(span->begin_cycles) + " to " + std::to_string(span->end_cycles) +
                       " " + (span->state == "busy" ? "busy" : "idle (" + span->state + ")");
    if (span->command >= 0) text += ", command " + std::to_string(span->command);
    return text;
}

/// "layer node2, array, from cycle 130 on: cycles 120 to 130 busy, command 3; in registers cycles 120 to 131 busy, ..."
inline std::string text_of(const TimelineDifference& difference) {
    return "layer " + difference.layer + ", " + std::string(name_of(difference.unit)) + ", from cycle " +
           std::to_string(difference.cycle) + " on: " + text_of(difference.first) + "; in registers " +
           text_of(difference.second);
}

}  // namespace npusim::test
