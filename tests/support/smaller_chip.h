// A chip with one field nearer to that of a plain chip, whatever fields there are.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "npusim/arch/arch_spec.h"

namespace npusim::test {

/// One PE, a cycle a nanosecond, DRAM that takes no time, ports that stall nothing.
inline ArchSpec plain_arch() {
    ArchSpec arch;
    arch.name = "random";
    arch.technology = "none";
    arch.clock_mhz = 1000;
    arch.array.rows = arch.array.columns = 1;
    arch.array.accumulator_bits = 32;
    arch.array.overlap_weight_load = false;
    arch.weight_buffer = arch.activation_buffer = arch.accumulator_buffer = {65536, 2, 1024};
    arch.double_buffering = false;
    arch.vector_unit = {16, 1};
    arch.dram.bandwidth_mb_s = 8000;
    arch.dram.burst_bytes = 8;
    arch.dram.ideal = true;
    return arch;
}

/// The chip as JSON with one change each, in a fixed order: a field as the plain chip has it, a number half of the way
/// there or a step nearer. Not every one is a chip.
inline std::vector<nlohmann::json> nearer_to_plain(const nlohmann::json& chip) {
    using Pointer = nlohmann::json::json_pointer;
    const nlohmann::json plain = to_json(plain_arch());
    std::vector<nlohmann::json> chips;
    const auto add = [&](const Pointer& place, const nlohmann::json& value) {
        chips.push_back(chip);
        chips.back().at(place) = value;
    };
    const nlohmann::json fields = chip.flatten();
    for (const auto& [path, value] : fields.items()) {
        const Pointer place(path);
        if (!plain.contains(place)) {
            chips.push_back(chip);
            chips.back().at(place.parent_pointer()).erase(place.back());
            if (place.parent_pointer().empty() || plain.contains(place.parent_pointer())) continue;
            chips.push_back(chip);
            const Pointer above = place.parent_pointer();
            chips.back().at(above.parent_pointer()).erase(above.back());
            continue;
        }
        const nlohmann::json& target = plain.at(place);
        if (value == target || target.is_structured()) continue;
        add(place, target);
        // The same without what only the other value allows.
        const Pointer above = place.parent_pointer();
        nlohmann::json object = chips.back().at(above);
        for (const auto& [key, other] : chip.at(above).items()) {
            if (!plain.at(above).contains(key)) object.erase(key);
        }
        if (object != chips.back().at(above)) add(above, object);
        if (!value.is_number_integer()) continue;
        const auto from = value.get<std::int64_t>();
        const auto to = target.get<std::int64_t>();
        if ((from + to) / 2 != from) add(place, (from + to) / 2);
        add(place, from + (from < to ? 1 : -1));
    }
    return chips;
}

}  // namespace npusim::test
