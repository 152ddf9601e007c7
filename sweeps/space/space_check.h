// What can be wrong between a design space and its chip.
#pragma once

#include "chip_maker.h"

namespace npusim::design_space {

/// Notes fields that no chip of the space has and variables that no expression can know.
void check_against_chip(const SweepSpec& spec, const ArchSpec& base, ChipMaker& maker, Problems& problems);

}  // namespace npusim::design_space
