// The names of an architecture's choices in JSON: one table for reading and writing.
#pragma once

#include "npusim/arch/arch_spec.h"
#include "npusim/base/json_reader.h"

namespace npusim::arch_names {

inline const NamedValues<NumberFormat> number_formats{{"integer", NumberFormat::integer},
                                                      {"fp32", NumberFormat::fp32},
                                                      {"fp16", NumberFormat::fp16},
                                                      {"bf16", NumberFormat::bf16}};
inline const NamedValues<PeKind> pe_kinds{{"scalar", PeKind::scalar},
                                          {"dot", PeKind::dot},
                                          {"composable", PeKind::composable},
                                          {"bit_serial", PeKind::bit_serial}};
inline const NamedValues<Dataflow> dataflows{{"weight_stationary", Dataflow::weight_stationary},
                                             {"output_stationary", Dataflow::output_stationary},
                                             {"input_stationary", Dataflow::input_stationary}};
inline const NamedValues<DataflowGoal> dataflow_goals{{"fastest", DataflowGoal::fastest},
                                                      {"frugal", DataflowGoal::frugal}};

/// A dataflow's name for "each layer its own".
inline constexpr const char* automatic = "auto";

/// Every value of the enumerations has its name in the table.
template <typename Enum>
std::string_view name_in(const NamedValues<Enum>& table, Enum wanted) {
    for (const auto& [name, value] : table) {
        if (value == wanted) return name;
    }
    return "";
}

}  // namespace npusim::arch_names
