// Weight and input stationary at register level.
#pragma once

#include "grid.h"
#include "port.h"
#include "register_array.h"
#include "stationary_pe.h"

namespace npusim::sim {

class StationaryArray final : public RegisterArray {
public:
    StationaryArray(const sc_core::sc_module_name& name, const ArchSpec& arch, bool holds_inputs);

    ArrayTiming run(const ArrayWork& work, const ArrayMatrices& matrices, std::vector<std::int64_t>& sums) override;

private:
    /// One pass of some rows of K and some columns.
    struct Fold {
        std::int64_t group = 0, k_begin = 0, column_begin = 0;
        std::int64_t elements = 0, columns = 0;  ///< elements of K, as many on each row as a PE has lanes
        std::int64_t weight_slice = 0, activation_slice = 0;
        bool accumulates = false;
    };
    struct Command;

    [[nodiscard]] std::vector<Fold> folds_of(const ArrayWork& work) const;
    void load(Command& command);
    void stream(Command& command, std::size_t loaded_before);
    void collect(Command& command);
    static void account(Command& command);

    const ArchSpec& arch_;
    bool holds_inputs_;
    Wires<OperandFlit> operands_;
    Wires<LoadFlit> loads_;
    Wires<SumFlit> sums_;
    std::vector<std::unique_ptr<StationaryPe>> pes_;
    std::unique_ptr<SkewedEdge<OperandFlit>> operand_edge_;
    std::unique_ptr<SkewedEdge<LoadFlit>> load_edge_;
};

}  // namespace npusim::sim
