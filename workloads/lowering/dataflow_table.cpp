#include <algorithm>

#include "dataflow_policies.h"

namespace npusim {

const std::vector<std::pair<Dataflow, const DataflowPolicy*>>& dataflows() {
    static const WeightStationary weight_stationary;
    static const OutputStationary output_stationary;
    static const InputStationary input_stationary;
    static const std::vector<std::pair<Dataflow, const DataflowPolicy*>> table{
        {Dataflow::weight_stationary, &weight_stationary},
        {Dataflow::output_stationary, &output_stationary},
        {Dataflow::input_stationary, &input_stationary},
    };
    return table;
}

const DataflowPolicy& dataflow_policy(Dataflow dataflow) {
    const auto& table = dataflows();
    const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == dataflow; });
    return *found->second;
}

}  // namespace npusim
