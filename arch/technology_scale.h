// Tables made from another one: of a finer node, or at another supply.
#pragma once

#include "npusim/arch/technology.h"

namespace npusim {

struct LogicScale {
    double energy = 1;
    double area = 1;
    double leakage = 1;
    double delay = 1;
};

struct NodeScale {
    LogicScale logic;
    double sram_energy = 1;
    double sram_area = 1;
    double sram_leakage = 1;
    double sram_delay = 1;
    double wire_energy = 1;
};

/// Every figure of logic times its factor; not of DRAM, SRAM and wires.
void scale_logic(Technology& technology, const LogicScale& scale);

/// Every figure but DRAM's; rows and fits are marked as scaled.
[[nodiscard]] Technology scaled_to_node(Technology technology, const NodeScale& scale);

}  // namespace npusim
