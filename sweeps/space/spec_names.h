// The names of the design space's enumerations in JSON.
#pragma once

#include <string>

#include "npusim/base/json_reader.h"
#include "npusim/sweeps/sweep_spec.h"

namespace npusim::spec_names {

inline const NamedValues<SampleKind> sample_kinds{
    {"all", SampleKind::all}, {"random", SampleKind::random}, {"low_discrepancy", SampleKind::low_discrepancy}};
inline const NamedValues<AccuracyKind> accuracy_kinds{
    {"none", AccuracyKind::none}, {"calibrate", AccuracyKind::calibrate}, {"finetune", AccuracyKind::finetune}};

/// The name of a value of the table; it must be there.
template <typename Enum>
std::string name_in(const NamedValues<Enum>& names, Enum wanted) {
    for (const auto& [name, value] : names) {
        if (value == wanted) return name;
    }
    return names.front().first;
}

}  // namespace npusim::spec_names
