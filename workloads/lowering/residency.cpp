#include "residency.h"

namespace npusim {

LoweringPlan plan_lowering(const QuantizedNetwork& network, const ArchSpec& arch,
                           const std::vector<TensorLayout>& layouts, TilingMemory& tilings) {
    LoweringPlan plan;
    plan.chips = std::make_shared<const ChipsByDataflow>(arch);
    plan.dataflows = choose_dataflows(network, arch, *plan.chips, layouts, tilings);
    plan.layers.reserve(network.nodes.size());
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        plan.layers.push_back({network, network.nodes[i], layouts, plan.chips->in(plan.dataflows[i].dataflow)});
    }
    if (plan.layers.empty()) return plan;
    if (arch.keep_on_chip.activations) keep_activations(plan, tilings);
    if (arch.keep_on_chip.weights) keep_weights(plan, tilings);
    return plan;
}

}  // namespace npusim
