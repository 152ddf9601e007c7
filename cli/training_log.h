// What a training run leaves for people: a table on the terminal, log.csv, and pictures of its curves.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <vector>

#include "npusim/models/finetune/training_run.h"

namespace npusim::cli {

/// One row an epoch; the whole file each time, so that a run that goes on writes the same bytes as one that never
/// stopped.
void write_training_log(const std::vector<EpochRecord>& epochs, const std::filesystem::path& file);

/// Loss and top-1 by epoch, as a picture. False where gnuplot is not installed: the log has the same figures.
bool draw_training_curves(const std::vector<EpochRecord>& epochs, const std::string& title,
                          const std::filesystem::path& svg);

void print_epoch_header(bool held_out, std::ostream& out);
void print_epoch(const EpochRecord& record, std::ostream& out);

}  // namespace npusim::cli
