#include "cli/sight_options.h"

#include <sstream>

#include "cli/roofline.h"

namespace npusim::cli {

OptionGroup sight_options() {
    return {"Sight into the run",
            {{"timeline", "FILE", "write what each unit does in every cycle, to open in ui.perfetto.dev"},
             {"timeline-layers", "LIST", "only these layers, with commas between; large networks make large files"},
             {"roofline", "FILE", "operations a second of each layer under the chip's roofs: SVG, PNG, CSV or JSON"},
             {"detail", "LEVEL", "transaction (default), or register: all clocked, PE by PE, slow, same result"},
             {"vcd", "FILE", "write the units' states and tokens as a waveform, to open in GTKWave"}}};
}

SightOptions read_sight(OptionReader& reader) {
    SightOptions sight;
    sight.timeline = reader.text("timeline");
    reader.check_output_file("timeline", sight.timeline.string());
    sight.roofline = reader.text("roofline");
    if (!sight.roofline.empty()) {
        reader.check_output_file("roofline", sight.roofline.string());
        try {
            check_roofline_file(sight.roofline);
        } catch (const InputError& error) {
            reader.problem("roofline", error.what());
        }
    }
    sight.waveform = reader.text("vcd");
    reader.check_output_file("vcd", sight.waveform.string());
    const std::string detail = reader.text("detail", "transaction");
    if (detail == "register") sight.detail = Detail::register_level;
    if (detail != "register" && detail != "transaction") {
        reader.problem("detail", "\"" + detail + "\" is not allowed; transaction and register are");
    }
    std::istringstream names(reader.text("timeline-layers"));
    for (std::string name; std::getline(names, name, ',');) {
        if (!name.empty()) sight.timeline_layers.push_back(name);
    }
    if (reader.has("timeline-layers") && !reader.has("timeline")) {
        reader.problem("timeline-layers", "needs --timeline FILE");
    }
    return sight;
}

}  // namespace npusim::cli
