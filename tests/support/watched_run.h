// Runs that are watched, in a child, and the events of the trace that they leave.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "npusim/base/files.h"
#include "npusim/sim/trace_events.h"
#include "support/simulate_in_child.h"
#include "support/test_data.h"

namespace npusim::test {

struct WatchedRun {
    RunResult result;
    std::string text;  ///< of the trace
};

inline WatchedRun watch(const QuantizedNetwork& network, const ArchSpec& arch, const Program& program) {
    const TemporaryFolder folder;
    const auto outcomes = run_in_workers({[&](const FractionSink&) {
        TraceEvents events(program, arch);
        SimulationInput input{network, arch, program, {}, {}, {}};
        input.observe_layer = [&](const LayerTimeline& layer) { events.add(layer); };
        RunResult result = simulate(input);
        write_whole_file(folder / "trace.json", events.take_text());
        return result;
    }});
    return {result_or_throw(outcomes.front()), read_text_file(folder / "trace.json")};
}

/// An event with a length; cycles from its arguments.
struct TraceEvent {
    std::string name;
    std::uint64_t begin_cycles = 0;
    std::uint64_t cycles = 0;
    std::string cause;  ///< empty: busy, or a layer
    nlohmann::json json;
    [[nodiscard]] std::uint64_t end_cycles() const { return begin_cycles + cycles; }
};

/// The events of the track with this name, in the order of the file.
inline std::vector<TraceEvent> track(const nlohmann::json& trace, const std::string& name) {
    int number = 0;
    std::vector<TraceEvent> events;
    for (const auto& event : trace.at("traceEvents")) {
        if (event.at("name") == "thread_name" && event.at("args").at("name") == name) number = event.at("tid");
        if (event.at("ph") != "X" || event.at("tid") != number) continue;
        const auto& arguments = event.at("args");
        events.push_back({event.at("name"), arguments.at("begin_cycle"), arguments.at("cycles"),
                          arguments.value("cause", ""), event});
    }
    return events;
}

inline const std::vector<std::pair<std::string, MachineUnit>>& unit_tracks() {
    static const std::vector<std::pair<std::string, MachineUnit>> tracks{{"load DMA", MachineUnit::load_dma},
                                                                         {"array", MachineUnit::array},
                                                                         {"vector unit", MachineUnit::vector_unit},
                                                                         {"store DMA", MachineUnit::store_dma}};
    return tracks;
}

}  // namespace npusim::test
