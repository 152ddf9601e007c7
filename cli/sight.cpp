#include "cli/sight.h"

#include <algorithm>
#include <optional>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/sim/simulate.h"
#include "npusim/sim/trace_events.h"

namespace npusim::cli {

void check_sight(const SightOptions& sight, const Program& program) {
    std::vector<std::string> known;
    known.reserve(program.layers.size());
    for (const LayerProgram& layer : program.layers) known.push_back(layer.name);
    std::vector<std::string> problems;
    for (const std::string& name : sight.timeline_layers) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        problems.push_back("option --timeline-layers: " + program.network + " has no layer " + name +
                           "; nearest: " + join(nearest_names(name, known)) + " (--layers shows all)");
    }
    if (!problems.empty()) throw InputError(problems);
}

RunResult simulate_in_sight(const QuantizedNetwork& structure, const ArchSpec& arch, const Program& program,
                            const SightOptions& sight, const FractionSink& progress) {
    SimulationInput input{structure, arch, program, {}, {}, {}};
    const auto layers = static_cast<double>(program.layers.size());
    input.progress = [&](std::size_t done) {
        if (progress) progress(static_cast<double>(done) / layers);
    };
    std::optional<TraceEvents> events;
    if (!sight.timeline.empty()) {
        events.emplace(program, arch);
        const std::vector<std::string>& chosen = sight.timeline_layers;
        input.observe_layer = [&](const LayerTimeline& layer) {
            const bool is_wanted = std::find(chosen.begin(), chosen.end(), layer.layer->name) != chosen.end();
            if (chosen.empty() || is_wanted) events->add(layer);
        };
    }
    input.waveform = sight.waveform;
    input.detail = sight.detail;
    RunResult result = simulate(input);
    if (events) write_whole_file(sight.timeline, events->take_text());
    return result;
}

}  // namespace npusim::cli
