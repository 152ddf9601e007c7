#include <algorithm>
#include <cstddef>
#include <limits>

#include "axis_reader.h"
#include "axis_values.h"
#include "expression.h"
#include "grid.h"
#include "npusim/base/error.h"
#include "spec_fields.h"
#include "spec_names.h"

namespace npusim {
namespace {

using namespace design_space;

std::string read_name(JsonReader& reader, const std::string& key) {
    std::string text = reader.text(key);
    if (text.empty() && reader.has(key) && reader.raw(key).is_string()) reader.problem(key, "must not be empty");
    reader.refine(key, R"({"minLength": 1})");
    return text;
}

/// Empty texts and lists stand for what is not given, so that a spec written out in full is read again.
std::vector<std::string> read_texts_or_none(JsonReader& reader, const std::string& key, Problems& problems) {
    reader.know(key, R"({"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true})");
    if (!reader.has(key) || (reader.raw(key).is_array() && reader.raw(key).empty())) return {};
    return read_texts(reader, key, '/' + key, problems);
}

/// The syntax only: which variables there are depends on the chip.
void check_expression(const std::string& text, const std::string& place, Problems& problems) {
    if (text.empty()) return;
    try {
        (void)Expression(text);
    } catch (const InputError& error) {
        problems.note(place, error.what());
    }
}

/// A field that a later axis or a derived field sets again would lose what the earlier one says.
void refuse_overlap(const std::string& field, const std::string& place, const std::vector<SweepAxis>& axes,
                    Problems& problems) {
    for (std::size_t i = 0; i < axes.size(); ++i) {
        for (const std::string& other : axes[i].fields) {
            if (field.empty() || other.empty() || !overlap(field, other)) continue;
            problems.note(place, field + " is set by /axes/" + std::to_string(i) + " already" +
                                     (field == other ? "" : " (" + other + ")"));
        }
    }
}

std::vector<SweepAxis> read_axes(JsonReader& root, Problems& problems) {
    std::vector<SweepAxis> axes;
    for (JsonReader& reader : root.objects("axes")) {
        const std::string place = "/axes/" + std::to_string(axes.size());
        const SweepAxis axis = read_axis(reader, place, problems);
        for (std::size_t i = 0; i < axis.fields.size(); ++i) {
            const std::string key = reader.has("fields") ? "/fields/" + std::to_string(i) : "/field";
            refuse_overlap(axis.fields[i], place + key, axes, problems);
        }
        axes.push_back(axis);
    }
    root.refine("axes", R"({"minItems": 1})");
    if (axes.empty() && root.has("axes") && root.raw("axes").is_array()) {
        root.problem("axes", "at least one axis is needed");
    }
    return axes;
}

std::vector<DerivedField> read_derived(JsonReader& root, const std::vector<SweepAxis>& axes, Problems& problems) {
    std::vector<DerivedField> derived;
    for (JsonReader& reader : root.objects_or_none("derived")) {
        const std::string place = "/derived/" + std::to_string(derived.size());
        const DerivedField field{read_name(reader, "field"), read_name(reader, "expression")};
        reader.refine("field", R"({"pattern": "^/([^~]|~[01])+$"})");
        reader.reject_unknown_keys();
        check_expression(field.expression, place + "/expression", problems);
        const std::string problem = field.field.empty() ? "" : pointer_problem(field.field);
        if (!problem.empty()) problems.note(place + "/field", problem);
        refuse_overlap(field.field, place + "/field", axes, problems);
        for (std::size_t i = 0; i < derived.size(); ++i) {
            if (field.field.empty() || derived[i].field.empty() || !overlap(field.field, derived[i].field)) continue;
            problems.note(place + "/field", field.field + " is set by /derived/" + std::to_string(i) + " already");
        }
        derived.push_back(field);
    }
    return derived;
}

std::vector<std::string> read_constraints(JsonReader& root, Problems& problems) {
    std::vector<std::string> constraints = read_texts_or_none(root, "constraints", problems);
    for (std::size_t i = 0; i < constraints.size(); ++i) {
        check_expression(constraints[i], "/constraints/" + std::to_string(i), problems);
    }
    return constraints;
}

std::vector<Objective> read_objectives(JsonReader& root) {
    std::vector<Objective> objectives;
    for (JsonReader& reader : root.objects_or_none("objectives")) {
        const Objective objective{read_name(reader, "metric"), reader.boolean_or("maximize", false)};
        reader.reject_unknown_keys();
        const auto is_same = [&](const Objective& other) { return other.metric == objective.metric; };
        if (!objective.metric.empty() && std::any_of(objectives.begin(), objectives.end(), is_same)) {
            reader.problem("metric", '"' + objective.metric + "\" is an objective already");
        }
        objectives.push_back(objective);
    }
    return objectives;
}

SweepSample read_sample(JsonReader& root) {
    SweepSample sample;
    auto given = root.object_if_given("sample");
    if (!given) return sample;
    JsonReader& reader = *given;
    sample.kind = reader.choice("kind", spec_names::sample_kinds);
    if (sample.kind == SampleKind::all) {
        sample.points = reader.integer_or("points", {0, 0}, 0);
    } else {
        sample.points = reader.integer("points", {1, most_points});
    }
    sample.seed =
        static_cast<std::uint64_t>(reader.integer_or("seed", {0, std::numeric_limits<std::int64_t>::max()}, 0));
    reader.reject_unknown_keys();
    return sample;
}

AccuracySpec read_accuracy(JsonReader& root) {
    AccuracySpec accuracy;
    auto given = root.object_if_given("accuracy");
    if (!given) return accuracy;
    JsonReader& reader = *given;
    accuracy.kind = reader.choice("kind", spec_names::accuracy_kinds);
    for (const auto& [key, text] : {std::pair{"weights", &accuracy.weights},
                                    {"dataset", &accuracy.dataset},
                                    {"recipe", &accuracy.recipe},
                                    {"inputs", &accuracy.inputs}}) {
        *text = reader.text_or(key, "");
        if (accuracy.kind == AccuracyKind::none) reader.refine(key, R"({"maxLength": 0})");
        if (accuracy.kind != AccuracyKind::none || text->empty()) continue;
        reader.problem(key, "has no use with kind \"none\", \"calibrate\" or \"finetune\" is needed");
    }
    reader.reject_unknown_keys();
    return accuracy;
}

std::vector<std::string> read_networks(JsonReader& root, const std::vector<SweepAxis>& axes, Problems& problems) {
    std::vector<std::string> networks = read_texts_or_none(root, "networks", problems);
    for (std::size_t i = 0; i < networks.size(); ++i) {
        const std::string problem = networks[i].empty() ? "" : network_problem(networks[i]);
        if (!problem.empty()) problems.note("/networks/" + std::to_string(i), problem);
    }
    const auto sets_network = [](const SweepAxis& axis) {
        return std::find(axis.fields.begin(), axis.fields.end(), network_field) != axis.fields.end();
    };
    const bool by_axis = std::any_of(axes.begin(), axes.end(), sets_network);
    if (by_axis && !networks.empty()) root.problem("networks", "an axis sets \"network\" already");
    const bool none_given = !root.has("networks") || (root.raw("networks").is_array() && root.raw("networks").empty());
    if (!by_axis && none_given) {
        root.problem("networks", "at least one network is needed, here or as an axis of \"network\"");
    }
    return networks;
}

void check_size(JsonReader& root, const SweepSpec& spec) {
    const std::optional<std::int64_t> points = Grid(spec).checked_size();
    if (!points) {
        root.problem("axes", "hold more than 2^63 combinations");
    } else if (spec.sample.kind == SampleKind::all && *points > most_points) {
        root.problem("axes", "hold " + std::to_string(*points) + " points, more than the " +
                                 std::to_string(most_points) + " allowed without a \"sample\"");
    }
}

}  // namespace

SweepSpec design_space::read_sweep_fields(JsonReader& reader, Problems& problems) {
    SweepSpec spec;
    (void)reader.text_or("$schema", "");
    spec.name = read_name(reader, "name");
    spec.description = reader.text_or("description", "");
    spec.arch = read_name(reader, "arch");
    spec.axes = read_axes(reader, problems);
    spec.networks = read_networks(reader, spec.axes, problems);
    spec.derived = read_derived(reader, spec.axes, problems);
    spec.constraints = read_constraints(reader, problems);
    spec.objectives = read_objectives(reader);
    spec.sample = read_sample(reader);
    spec.accuracy = read_accuracy(reader);
    constexpr std::int64_t week_s = 604800;
    spec.time_limit_s = reader.integer_or("time_limit_s", {1, week_s}, spec.time_limit_s);
    if (!reader.is_recording()) check_size(reader, spec);
    reader.reject_unknown_keys();
    return spec;
}

SweepSpec parse_sweep(const nlohmann::json& json, const std::string& file) {
    JsonReader reader(json, file);
    Problems problems(file);
    SweepSpec spec = read_sweep_fields(reader, problems);
    problems.finish(reader);
    return spec;
}

SweepSpec read_sweep(const std::filesystem::path& path) {
    return parse_sweep(read_json_file(path), path.string());
}

}  // namespace npusim
