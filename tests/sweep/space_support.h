// Small design spaces over a preset.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "npusim/base/error.h"
#include "npusim/sweeps/sweep_spec.h"

namespace npusim::test {

inline ArchSpec preset(const std::string& name) {
    return read_arch(NPUSIM_SOURCE_DIR "/arch/" + name + ".json");
}

inline nlohmann::json space_json(const std::vector<nlohmann::json>& axes,
                                 const std::vector<std::string>& constraints = {}) {
    return {{"name", "small"},
            {"arch", "int4_array.json"},
            {"networks", {"resnet20"}},
            {"axes", axes},
            {"constraints", constraints}};
}

inline std::vector<SweepPoint> points_in(const nlohmann::json& space, const ArchSpec& base = preset("int4_array"),
                                         const AreaOf& area_of = {}) {
    return points_of(parse_sweep(space, "s.json"), base, area_of, "s.json");
}

/// What a spec or its points are refused with; empty where they are not.
inline std::string refusal(const nlohmann::json& space, const ArchSpec& base = preset("int4_array")) {
    try {
        (void)points_in(space, base);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

inline std::vector<std::int64_t> indices_of(const std::vector<SweepPoint>& points) {
    std::vector<std::int64_t> indices(points.size());
    std::transform(points.begin(), points.end(), indices.begin(), [](const SweepPoint& point) { return point.index; });
    return indices;
}

inline nlohmann::json field_of(const SweepPoint& point, const std::string& pointer) {
    return to_json(point.arch.value()).at(nlohmann::json::json_pointer(pointer));
}

}  // namespace npusim::test
