// All that the page of a sweep shows, as plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "npusim/report/scaling_fit.h"
#include "npusim/sweeps/chip_fields.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim {

/// The layers of one point, in execution order.
struct PointLayers {
    std::size_t place = 0;  ///< in the table's rows
    std::vector<std::string> names;
    std::vector<std::size_t> layers;  ///< places in ReportData::layers
    std::vector<double> energy_pj;
};

struct ReportData {  // NOLINT(bugprone-exception-escape): moving JSON does not throw
    SweepSpec spec;
    SweepTable table;
    std::vector<Objective> objectives;
    std::vector<std::size_t> front;  ///< places in the table's rows
    /// What is shown first: the row with the least energy whose top-1 is at most 0.01 below the best; without
    /// accuracies, the best one by the first objective. Empty where no row has a result.
    std::optional<std::size_t> chosen;
    std::vector<std::optional<double>> bits;  ///< of each row: its setting "bits", else the chip's weight bits
    /// The chip that `chips` are told by: that which the sweep names, or, where that is not to be found, the first one.
    std::optional<ArchSpec> reference;
    bool reference_is_base = false;
    /// Of each row: the fields in which its chip is another one than the reference. Empty where no chip could be made.
    std::vector<std::optional<FieldSettings>> chips;
    /// Of each row: options that its command ends with, e.g. the weights and images that its accuracy is of.
    std::vector<std::vector<std::string>> options;
    std::vector<StoredLayer> layers;   ///< those of `details`, each once
    std::vector<PointLayers> details;  ///< by ascending place
    std::vector<PrecisionGroup> groups;
};

/// Points whose layers are kept: the chosen one, the front's first ones, and so many others, evenly spread.
inline constexpr std::size_t kMostFrontDetails = 1000;
inline constexpr std::size_t kMostOtherDetails = 200;

struct ReportInput {
    SweepSpec spec;
    SweepTable table;                   ///< of the store's sweep, with all metrics
    std::vector<Objective> objectives;  ///< at least one
    std::optional<ArchSpec> base;       ///< the chip that spec.arch names, where it was found
    /// Options that a row's command ends with. May be empty.
    std::function<std::vector<std::string>(const SweepRow& row)> options_of;
};

/// Throws InputError for an objective that the table does not have, and for a store that lacks a layer of a point.
[[nodiscard]] ReportData make_report_data(ReportInput input, const SweepStore& store,
                                          const TechnologyOf& technology_of);

}  // namespace npusim
