// The accuracy of a sweep's points: measured once for each distinct network, precision and accumulator, on integers.
#pragma once

#include "cli/sweep_command.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {

/// Completes spec.accuracy.inputs, so that a stored sweep says which files its accuracies come from. Reads the files,
/// and throws InputError where they do not fit the networks, before anything is simulated.
void identify_accuracy_inputs(SweepSpec& spec, const SweepOptions& options, const Environment& environment);

/// Measures what the store does not have. Networks that fine-tuning makes are kept in a folder beside the store. False
/// when stopped before the end.
bool measure_accuracies(const SweepSpec& spec, const SweepOptions& options, const SweepSurroundings& surroundings,
                        SweepStore& store);

/// Appends "top1", and "fp32_top1" of the network that quantization began with, where the sweep measures them.
void add_accuracies(SweepTable& table, const SweepStore& store, const AccuracySpec& accuracy);

}  // namespace npusim::cli
