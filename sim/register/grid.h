// Rows × columns of PEs and the wires between them, for both kinds of PE.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flits.h"
#include "skew_line.h"

namespace npusim::sim {

/// wires[r][c] leads into PE (r, c), or out of the grid behind its last row or column.
template <typename Flit>
class Wires {
public:
    Wires(int rows, int columns) : columns_(columns), signals_(static_cast<std::size_t>(rows * columns)) {}
    [[nodiscard]] sc_core::sc_signal<Flit>& at(int row, int column) {
        return signals_[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
                        static_cast<std::size_t>(column)];
    }

private:
    int columns_;
    std::vector<sc_core::sc_signal<Flit>> signals_;
};

/// The clock, and skew registers at an edge: lane n's flits enter the grid n cycles after they were written.
template <typename Flit>
class SkewedEdge {
public:
    template <typename WireOf>
    SkewedEdge(const std::string& name, int lanes, sc_core::sc_signal<bool>& clock, const WireOf& wire_of)
        : inputs_(static_cast<std::size_t>(lanes)) {
        direct_ = &wire_of(0);
        for (int lane = 1; lane < lanes; ++lane) {
            lines_.push_back(std::make_unique<SkewLine<Flit>>((name + std::to_string(lane)).c_str(), lane));
            lines_.back()->clock(clock);
            lines_.back()->in(inputs_[static_cast<std::size_t>(lane)]);
            lines_.back()->out(wire_of(lane));
        }
    }

    void write(int lane, const Flit& flit) {
        if (lane == 0) {
            direct_->write(flit);
        } else {
            inputs_[static_cast<std::size_t>(lane)].write(flit);
        }
    }

private:
    sc_core::sc_signal<Flit>* direct_ = nullptr;
    std::vector<sc_core::sc_signal<Flit>> inputs_;
    std::vector<std::unique_ptr<SkewLine<Flit>>> lines_;
};

}  // namespace npusim::sim
