#include "npusim/sim/trace_events.h"

#include <nlohmann/json.hpp>

namespace npusim {
namespace {

using nlohmann::ordered_json;
using WeightTiles = std::map<std::pair<std::size_t, std::uint64_t>, const WeightTile*>;

/// Tracks stand in the order of their numbers.
constexpr int kProcess = 1;
constexpr int kLayerTrack = 1;
constexpr int kFirstUnitTrack = 2;
constexpr const char* kTrackNames[] = {"layers", "load DMA", "array", "vector unit", "store DMA"};

/// Ends inclusive; nothing for an empty range.
std::string range_text(const std::string& name, std::int64_t begin, std::int64_t end) {
    return end > begin ? name + " " + std::to_string(begin) + ".." + std::to_string(end - 1) : "";
}

std::string tile_text(const Region& region) {
    return range_text("rows", region.y_begin, region.y_end) + range_text(", columns", region.x_begin, region.x_end) +
           range_text(", channels", region.channel_begin, region.channel_end);
}

std::string name_of_work(const Command& command) {
    struct Name {
        const char* operator()(const LoadCommand& load) const {
            constexpr const char* names[] = {"load weights", "load inputs", "load operand", "load residual"};
            return names[static_cast<std::size_t>(load.kind)];
        }
        const char* operator()(const ArrayCommand&) const { return "array tile"; }
        const char* operator()(const VectorCommand&) const { return "vector tile"; }
        const char* operator()(const StoreCommand&) const { return "store outputs"; }
    };
    return std::visit(Name{}, command.work);
}

/// What a command works on: its tile, and bytes or pixels.
struct TileArguments {
    const Program& program;
    const WeightTiles& weight_tiles;
    std::size_t node;
    ordered_json& arguments;

    void operator()(const LoadCommand& load) const {
        if (load.kind != LoadKind::weights) return region(load.tensor, load.region);
        if (const auto found = weight_tiles.find({node, load.dram_address}); found != weight_tiles.end()) {
            const WeightTile& tile = *found->second;
            arguments["tile"] = range_text("output channels", tile.out_channel_begin, tile.out_channel_end) +
                                range_text(", input channels", tile.in_channel_begin, tile.in_channel_end);
        }
        arguments["bytes"] = load.weight_bytes + load.parameter_bytes;
    }
    void operator()(const ArrayCommand& array) const {
        arguments["tile"] = tile_text(array.output) +
                            range_text(", of input channels", array.reduce_channel_begin, array.reduce_channel_end);
        arguments["pixels"] = array.work.pixels;
    }
    void operator()(const VectorCommand& vector) const {
        arguments["tile"] = tile_text(vector.output);
        arguments["pixels"] = vector.work.pixels;
    }
    void operator()(const StoreCommand& store) const { region(store.tensor, store.region); }

    void region(TensorId tensor, const Region& moved) const {
        arguments["tile"] = tile_text(moved);
        arguments["bytes"] = region_bytes(program.layouts.at(tensor), moved);
    }
};

double microseconds(std::uint64_t cycles, const ArchSpec& arch) {
    return static_cast<double>(cycles) / arch.clock_mhz;
}

/// Layers of a list that a user wrote may have names of any bytes.
std::string dumped(const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void append(std::string& text, const ordered_json& event) {
    text += ",\n" + dumped(event);
}

ordered_json complete_event(const std::string& name, const char* category, int track, std::uint64_t begin_cycles,
                            std::uint64_t end_cycles, const ArchSpec& arch) {
    return {{"name", name},
            {"cat", category},
            {"ph", "X"},
            {"pid", kProcess},
            {"tid", track},
            {"ts", microseconds(begin_cycles, arch)},
            {"dur", microseconds(end_cycles - begin_cycles, arch)},
            {"args", {{"begin_cycle", begin_cycles}, {"cycles", end_cycles - begin_cycles}}}};
}

/// "M" events, which name the tracks.
ordered_json metadata(const char* what, int track, ordered_json arguments) {
    return {{"name", what}, {"ph", "M"}, {"pid", kProcess}, {"tid", track}, {"args", std::move(arguments)}};
}

/// Bytes of transfers that have been issued and are not complete, whenever they change.
void append_bytes_in_flight(std::string& text, const LayerTimeline& layer, const ArchSpec& arch) {
    std::map<std::uint64_t, std::array<std::int64_t, 2>> changes;
    const std::array<const std::vector<DramTransfer>*, 2> directions{&layer.loads, &layer.stores};
    for (std::size_t direction = 0; direction < directions.size(); ++direction) {
        for (const DramTransfer& transfer : *directions[direction]) {
            changes[transfer.issued_cycles][direction] += static_cast<std::int64_t>(transfer.bytes);
            changes[transfer.done_cycles][direction] -= static_cast<std::int64_t>(transfer.bytes);
        }
    }
    std::array<std::int64_t, 2> in_flight{};
    for (const auto& [cycle, change] : changes) {
        for (std::size_t direction = 0; direction < in_flight.size(); ++direction)
            in_flight[direction] += change[direction];
        append(text, {{"name", "DRAM bytes in flight"},
                      {"ph", "C"},
                      {"pid", kProcess},
                      {"ts", microseconds(cycle, arch)},
                      {"args", {{"load", in_flight[0]}, {"store", in_flight[1]}}}});
    }
}

}  // namespace

TraceEvents::TraceEvents(const Program& program, const ArchSpec& arch) : program_(program), arch_(arch) {
    for (const WeightTile& tile : program.weight_tiles)
        weight_tiles_.emplace(std::pair(tile.node, tile.address), &tile);
    const ordered_json about = {{"network", program.network},
                                {"chip", arch.name},
                                {"clock_mhz", arch.clock_mhz},
                                {"time", "1 us = " + std::to_string(arch.clock_mhz) + " cycles"}};
    text_ = "{\"displayTimeUnit\":\"ns\",\n\"otherData\":" + dumped(about) + ",\n\"traceEvents\":[\n" +
            dumped(metadata("process_name", 0, {{"name", program.network + " on " + arch.name}}));
    for (int track = 0; track < static_cast<int>(std::size(kTrackNames)); ++track) {
        append(text_, metadata("thread_name", kLayerTrack + track, {{"name", kTrackNames[track]}}));
        append(text_, metadata("thread_sort_index", kLayerTrack + track, {{"sort_index", track}}));
    }
}

void TraceEvents::add(const LayerTimeline& layer) {
    const std::string& name = layer.layer->name;
    append(text_, complete_event(name, "layer", kLayerTrack, layer.begin_cycles, layer.end_cycles, arch_));
    for (std::size_t unit = 0; unit < kMachineUnits; ++unit) {
        for (const UnitSpan& span : layer.spans[unit]) {
            ordered_json event =
                complete_event(span.idle ? "idle: " + std::string(name_of(*span.idle)) : name_of_work(*span.command),
                               span.idle ? "idle" : "busy", kFirstUnitTrack + static_cast<int>(unit), span.begin_cycles,
                               span.end_cycles, arch_);
            ordered_json& arguments = event["args"];
            arguments["layer"] = name;
            if (span.command != nullptr) arguments["command"] = span.command - layer.layer->commands.data();
            if (span.idle) {
                arguments["cause"] = name_of(*span.idle);
            } else {
                std::visit(TileArguments{program_, weight_tiles_, layer.layer->node, arguments}, span.command->work);
            }
            append(text_, event);
        }
    }
    append_bytes_in_flight(text_, layer, arch_);
}

std::string TraceEvents::take_text() {
    text_ += "\n]}\n";
    return std::move(text_);
}

}  // namespace npusim
