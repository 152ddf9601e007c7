// Output stationary at register level.
#pragma once

#include "grid.h"
#include "output_pe.h"
#include "port.h"
#include "register_array.h"

namespace npusim::sim {

class OutputArray final : public RegisterArray {
public:
    OutputArray(const sc_core::sc_module_name& name, const ArchSpec& arch);

    ArrayTiming run(const ArrayWork& work, const ArrayMatrices& matrices, std::vector<std::int64_t>& sums) override;

private:
    struct Fold {
        std::int64_t group = 0, pixel_begin = 0, channel_begin = 0;
        std::int64_t rows = 0, columns = 0;
    };
    struct Command;

    [[nodiscard]] std::vector<Fold> folds_of(const ArrayWork& work) const;
    void stream(Command& command);
    void write_step(const Command& command, const Fold& fold, bool enters);
    void drain(Command& command);
    [[nodiscard]] OutputPe& pe(int row, int column) {
        return *pes_[static_cast<std::size_t>(row) * static_cast<std::size_t>(arch_.array.columns) +
                     static_cast<std::size_t>(column)];
    }

    const ArchSpec& arch_;
    Wires<OperandFlit> activations_;
    Wires<OperandFlit> weights_;
    std::vector<std::unique_ptr<OutputPe>> pes_;
    std::unique_ptr<SkewedEdge<OperandFlit>> row_edge_;
    std::unique_ptr<SkewedEdge<OperandFlit>> column_edge_;
};

}  // namespace npusim::sim
