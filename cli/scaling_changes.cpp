// The chips that a study compares the scaled chip with: one that fills an area, and ones with a single change.
#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "cli/scaling_study.h"
#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"

namespace npusim::cli {
namespace {

int scaled(int value, double factor) {
    return std::max(1, static_cast<int>(std::lround(value * factor)));
}

/// `rows` instead of the chip's own, and all else in proportion: as many elements a PE, ports as wide for each row and
/// column.
ArchSpec grown(const ArchSpec& arch, int rows) {
    ArchSpec chip = arch;
    const double factor = static_cast<double>(rows) / arch.array.rows;
    chip.array.rows = rows;
    chip.array.columns = scaled(arch.array.columns, factor);
    const double across = static_cast<double>(chip.array.columns) / arch.array.columns;
    const auto grow = [](BufferSpec& buffer, double port, double elements) {
        buffer.width_bits = scaled(buffer.width_bits, port);
        buffer.bytes = std::llround(static_cast<double>(buffer.bytes) * elements);
    };
    grow(chip.weight_buffer, across, factor * across);
    grow(chip.activation_buffer, factor, factor * across);
    grow(chip.accumulator_buffer, across, factor * across);
    chip.vector_unit.lanes = scaled(arch.vector_unit.lanes, across);
    return chip;
}

/// The reader knows which chips there are. Throws InputError.
ArchSpec checked(const ArchSpec& arch) {
    return parse_arch(to_json(arch), arch.name);
}

void set_accumulator(ArchSpec& chip, int bits) {
    const double factor = static_cast<double>(bits) / chip.array.accumulator_bits;
    BufferSpec& buffer = chip.accumulator_buffer;
    buffer.width_bits = static_cast<int>(std::ceil(buffer.width_bits * factor));
    buffer.bytes = static_cast<std::int64_t>(std::ceil(static_cast<double>(buffer.bytes) * factor));
    chip.array.accumulator_bits = bits;
}

/// Twice the rows and half the columns, or the other way round; each port keeps its width for a row or a column.
void reshape(ArchSpec& chip, bool taller) {
    const auto halve = [](int& value) { value = std::max(1, value / 2); };
    if (taller) {
        chip.array.rows *= 2;
        chip.activation_buffer.width_bits *= 2;
        for (int* value : {&chip.array.columns, &chip.weight_buffer.width_bits, &chip.accumulator_buffer.width_bits}) {
            halve(*value);
        }
    } else {
        chip.array.columns *= 2;
        chip.weight_buffer.width_bits *= 2;
        chip.accumulator_buffer.width_bits *= 2;
        halve(chip.array.rows);
        halve(chip.activation_buffer.width_bits);
    }
}

void make_dot(ArchSpec& chip) {
    constexpr int most_lanes = 16;
    const int lanes = std::min(most_lanes, chip.array.rows);
    chip.array.pe.kind = PeKind::dot;
    chip.array.pe.lanes = lanes;
    chip.array.rows = ceil_div(chip.array.rows, lanes);
}

}  // namespace

ArchSpec as_floating(const ArchSpec& arch, NumberFormat format) {
    constexpr int sum_bits = 32;
    constexpr int widest_integer_bits = 16;
    const int bits = floating_bits(format);
    const ArchSpec integer = at_uniform_bits(arch, widest_integer_bits);
    nlohmann::json chip = to_json(integer);
    chip["name"] = arch.name + " in " + std::string(name_of(format));
    chip["number_format"] = name_of(format);
    for (const char* key : {"weight_bits", "activation_bits", "first_last_bits", "input_bits", "residual_bits"}) {
        chip["precision"][key] = bits;
    }
    nlohmann::json& array = chip["array"];
    array["accumulator_bits"] = sum_bits;
    array["pe"] = {{"kind", "scalar"}, {"weight_bits", bits}, {"activation_bits", bits}};
    if (arch.array.pe.kind == PeKind::dot) array["rows"] = arch.array.rows * arch.array.pe.lanes;
    const auto widen = [&](const char* name, double factor) {
        nlohmann::json& buffer = chip[name];
        buffer["width_bits"] = static_cast<int>(std::ceil(buffer["width_bits"].get<int>() * factor));
        const double bytes = std::ceil(buffer["kib"].get<double>() * 1024 * factor);
        buffer["kib"] = bytes / 1024;
    };
    // The buffers of a chip whose PEs adapt hold elements of the PE's own bits, whatever is fed.
    widen("weight_buffer", static_cast<double>(bits) / integer.array.pe.weight_bits);
    widen("activation_buffer", static_cast<double>(bits) / integer.array.pe.activation_bits);
    widen("accumulator_buffer", static_cast<double>(sum_bits) / integer.array.accumulator_bits);
    return parse_arch(chip, chip["name"].get<std::string>());
}

ArchSpec filled_to_area(const ArchSpec& arch, const Technology& technology, double area_mm2) {
    constexpr int most_rows = 1024;
    ArchSpec best = arch;
    for (int rows = arch.array.rows + 1; rows <= most_rows; ++rows) {
        try {
            ArchSpec chip = checked(grown(arch, rows));
            if (make_cost_model(chip, technology).area.total_mm2() > area_mm2) break;
            best = std::move(chip);
        } catch (const InputError&) {
            break;  // larger than any chip that npusim knows
        }
    }
    return best;
}

std::vector<ChipChange> changes_of(const ArchSpec& arch, int safe_accumulator_bits) {
    std::vector<ChipChange> changes;
    const auto add = [&](const std::string& name, const std::function<void(ArchSpec&)>& change) {
        ChipChange made{name, arch, ""};
        try {
            change(made.arch);
            made.arch = checked(made.arch);
        } catch (const InputError& error) {
            made.failure = error.what();
        }
        changes.push_back(std::move(made));
    };
    const ArraySpec& array = arch.array;
    if (safe_accumulator_bits > 0 && safe_accumulator_bits < array.accumulator_bits) {
        add("sums of " + std::to_string(safe_accumulator_bits) + " bits (the narrowest that cannot overflow)",
            [&](ArchSpec& chip) { set_accumulator(chip, safe_accumulator_bits); });
    }
    if (array.pe.kind == PeKind::scalar && array.rows > 1) {
        const int lanes = std::min(16, array.rows);
        add("dot-product PEs of " + std::to_string(lanes) + " lanes", make_dot);
    }
    add("twice the rows, half the columns", [](ArchSpec& chip) { reshape(chip, true); });
    add("twice the columns, half the rows", [](ArchSpec& chip) { reshape(chip, false); });
    for (const auto& [dataflow, name] : {std::pair{Dataflow::weight_stationary, "weights that stay in the PEs"},
                                         {Dataflow::output_stationary, "sums that stay in the PEs"},
                                         {Dataflow::input_stationary, "inputs that stay in the PEs"}}) {
        if (array.auto_dataflow || array.dataflow == dataflow) continue;
        add(name, [which = dataflow](ArchSpec& chip) { chip.array.dataflow = which; });
    }
    add("a weight buffer four times as large", [](ArchSpec& chip) { chip.weight_buffer.bytes *= 4; });
    add("an activation buffer four times as large", [](ArchSpec& chip) { chip.activation_buffer.bytes *= 4; });
    add("an accumulator buffer four times as large", [](ArchSpec& chip) { chip.accumulator_buffer.bytes *= 4; });
    if (!arch.keep_on_chip.activations) {
        add("an activation buffer four times as large that keeps activations from layer to layer", [](ArchSpec& chip) {
            chip.activation_buffer.bytes *= 4;
            chip.keep_on_chip.activations = true;
        });
    }
    if (!array.pe.zero_gating) {
        add("multipliers held where the activation is zero", [](ArchSpec& chip) { chip.array.pe.zero_gating = true; });
    }
    return changes;
}

}  // namespace npusim::cli
