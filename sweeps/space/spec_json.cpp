#include "npusim/sweeps/sweep_spec.h"
#include "spec_names.h"

namespace npusim {
namespace {

using nlohmann::json;

json axis_json(const SweepAxis& axis) {
    if (axis.fields.size() != 1) return {{"fields", axis.fields}, {"values", axis.settings}};
    json values = json::array();
    for (const auto& setting : axis.settings) values.push_back(setting.empty() ? json() : setting.front());
    return {{"field", axis.fields.front()}, {"values", values}};
}

json sample_json(const SweepSample& sample) {
    return {{"kind", spec_names::name_in(spec_names::sample_kinds, sample.kind)},
            {"points", sample.points},
            {"seed", sample.seed}};
}

json accuracy_json(const AccuracySpec& accuracy) {
    return {{"kind", spec_names::name_in(spec_names::accuracy_kinds, accuracy.kind)},
            {"weights", accuracy.weights},
            {"dataset", accuracy.dataset},
            {"recipe", accuracy.recipe},
            {"inputs", accuracy.inputs}};
}

}  // namespace

json to_json(const SweepSpec& spec) {
    json axes = json::array();
    for (const SweepAxis& axis : spec.axes) axes.push_back(axis_json(axis));
    json derived = json::array();
    for (const DerivedField& field : spec.derived) {
        derived.push_back({{"field", field.field}, {"expression", field.expression}});
    }
    json objectives = json::array();
    for (const Objective& objective : spec.objectives) {
        objectives.push_back({{"metric", objective.metric}, {"maximize", objective.maximize}});
    }
    return {{"name", spec.name},
            {"description", spec.description},
            {"arch", spec.arch},
            {"networks", spec.networks},
            {"axes", axes},
            {"derived", derived},
            {"constraints", spec.constraints},
            {"objectives", objectives},
            {"sample", sample_json(spec.sample)},
            {"accuracy", accuracy_json(spec.accuracy)},
            {"time_limit_s", spec.time_limit_s}};
}

}  // namespace npusim
