// The accuracy of a sweep's points: measured once for each distinct network, precision and accumulator, on integers.
#pragma once

#include <array>
#include <string_view>

#include "cli/sweep_command.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {

/// The metrics that add_accuracies appends.
inline constexpr std::array<std::string_view, 2> kAccuracyMetrics{"top1", "fp32_top1"};

/// Throws InputError for an objective that the sweep's table will not have. `source` is the sweep's file.
void check_objectives(const SweepSpec& spec, const std::string& source);

/// Throws InputError where weights, recipe or the data set's name are missing or do not fit, before anything is
/// simulated. Starts no thread.
void check_accuracy_inputs(const SweepSpec& spec, const std::vector<SweepPoint>& points, const SweepOptions& options,
                           const Environment& environment);

/// Sets spec.accuracy.inputs, lists the sweep in the store with it, and measures what the store does not have. Networks
/// that fine-tuning makes are kept in a folder beside the store. False when stopped before the end. Starts threads.
bool measure_accuracies(SweepSpec& spec, const SweepOptions& options, const SweepSurroundings& surroundings,
                        SweepStore& store);
/// What the other ranks do meanwhile: some of the measurements.
void serve_accuracies(const SweepSpec& spec, const SweepOptions& options, const SweepSurroundings& surroundings);

/// Options of the main job that give a stored point its accuracy, or keep it from measuring one that the sweep has not:
/// weights (those that the sweep has tuned, beside `store_file`) and images.
[[nodiscard]] std::vector<std::string> accuracy_options(const StoredPoint& point, const AccuracySpec& accuracy,
                                                        const std::filesystem::path& store_file);

/// Appends "top1", and "fp32_top1" of the network that quantization began with, where the sweep measures them.
void add_accuracies(SweepTable& table, const SweepStore& store, const AccuracySpec& accuracy);

}  // namespace npusim::cli
