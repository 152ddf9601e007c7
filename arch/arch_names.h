// The names of an architecture's choices in JSON: one table for reading and writing.
#pragma once

#include "npusim/arch/arch_spec.h"
#include "npusim/base/json_reader.h"

namespace npusim::arch_names {

/// The names that precision.h gives to the values of its enumerations.
template <typename Enum>
NamedValues<Enum> named(std::initializer_list<Enum> values) {
    NamedValues<Enum> table;
    for (const Enum value : values) table.emplace_back(name_of(value), value);
    return table;
}

inline const NamedValues<NumberFormat> number_formats{{"integer", NumberFormat::integer}, {"fp32", NumberFormat::fp32}};
inline const NamedValues<PeKind> pe_kinds{{"scalar", PeKind::scalar}};
inline const NamedValues<Dataflow> dataflows{{"weight_stationary", Dataflow::weight_stationary}};
inline const auto roundings =
    named({Rounding::half_up, Rounding::half_even, Rounding::half_away, Rounding::double_rounding});
inline const auto scale_kinds = named({ScaleKind::power_of_two, ScaleKind::free});
inline const auto granularities = named({Granularity::per_tensor, Granularity::per_channel});
inline const auto batch_norms = named({BatchNormPlacement::multiplier, BatchNormPlacement::weights});

/// Every value of the enumerations has its name in the table.
template <typename Enum>
std::string_view name_in(const NamedValues<Enum>& table, Enum wanted) {
    for (const auto& [name, value] : table) {
        if (value == wanted) return name;
    }
    return "";
}

}  // namespace npusim::arch_names
