// Tests that draw.
#pragma once

#include <iostream>

#include "cli/plot.h"
#include "npusim/base/error.h"

namespace npusim::test {

/// Says that the test is skipped where there is no gnuplot.
inline bool has_gnuplot() {
    try {
        cli::check_plot("any.svg");
        return true;
    } catch (const InputError&) {
        std::cout << "SKIPPED: gnuplot is not installed\n";
        return false;
    }
}

}  // namespace npusim::test
