// The JSON Schema of design spaces: the reader's own record, with a text for each field.
#include "npusim/base/json_schema.h"
#include "npusim/models/graph/zoo.h"
#include "spec_fields.h"

namespace npusim {
namespace {

using nlohmann::json;

/// `sample` and `accuracy` are the kinds on which their other fields depend.
json recorded(const char* sample, const char* accuracy) {
    const json given{{"sample", {{"kind", sample}}}, {"accuracy", {{"kind", accuracy}}}};
    json schema;
    JsonReader reader = JsonReader::recording(given, schema);
    design_space::Problems ignored("schema");
    (void)design_space::read_sweep_fields(reader, ignored);
    return schema;
}

const FieldTexts& texts() {
    static const FieldTexts texts{
        {"/$schema", "the schema of this file, for editors; has no effect"},
        {"/name", "name of the sweep; also of its store"},
        {"/description", "what the sweep is, for people"},
        {"/arch", "the chip that the axes change: a preset's name, or a path from this file"},
        {"/networks", "networks to run; needed unless an axis sets \"network\""},
        {"/axes", "what is varied; the points are all combinations"},
        {"/axes/*/field", "what the values set: a field of the chip such as /array/rows, \"bits\" or \"network\""},
        {"/axes/*/fields", "fields that are set together"},
        {"/axes/*/values", "the values one by one; of \"fields\", lists with one value for each field"},
        {"/axes/*/range", "values with equal steps between"},
        {"/axes/*/range/from", "the first value"},
        {"/axes/*/range/to", "the largest value that may occur"},
        {"/axes/*/range/step", "what is added each time"},
        {"/axes/*/geometric", "values with equal factors between"},
        {"/axes/*/geometric/from", "the first value"},
        {"/axes/*/geometric/to", "the largest value that may occur"},
        {"/axes/*/geometric/factor", "what each value is multiplied by"},
        {"/derived", "fields that follow from others, set after the axes"},
        {"/derived/*/field", "a field of the chip"},
        {"/derived/*/expression", "its value, from the chip's fields by dotted names: array.rows * 2"},
        {"/constraints", "expressions; points where one of them is 0 are left out"},
        {"/objectives", "what the best points are best in"},
        {"/objectives/*/metric", "a column of the results: energy_pj, latency_ms, area_mm2, top1"},
        {"/objectives/*/maximize", "more is better"},
        {"/sample", "a part of the points"},
        {"/sample/kind", "all, random, or low_discrepancy: spread evenly (Sobol)"},
        {"/sample/points", "at most so many points; 0 with all"},
        {"/sample/seed", "another seed gives another sample"},
        {"/accuracy", "where the points' accuracy comes from"},
        {"/accuracy/kind", "none, calibrate (quantized after training) or finetune"},
        {"/accuracy/weights", "trained fp32 weights, safetensors; without, a network trained on drawn images"},
        {"/accuracy/dataset", "labelled images, KIND:FOLDER"},
        {"/accuracy/recipe", "how to fine-tune; {bits} in its name stands for the weights' bits"},
        {"/accuracy/inputs", "hash of those files, which npusim fills in"},
        {"/time_limit_s", "longest time for one point's simulation, in seconds"},
    };
    return texts;
}

json network_names() {
    json names = json::array();
    for (const ZooEntry& entry : zoo()) names.push_back(entry.name);
    return names;
}

}  // namespace

json sweep_schema() {
    json schema = recorded("random", "finetune");
    json& fields = schema["properties"];
    const json plain = recorded("all", "none").at("properties");
    fields["sample"] = by_value("kind", "all", plain.at("sample"), fields.at("sample"));
    fields["accuracy"] = by_value("kind", "none", plain.at("accuracy"), fields.at("accuracy"));
    fields["networks"]["items"]["enum"] = network_names();
    json& axis = fields["axes"]["items"];
    axis["allOf"].back()["then"]["properties"]["values"]["items"]["enum"] = network_names();
    describe_fields(schema, texts());
    return schema_document("A sweep of npusim", std::move(schema));
}

}  // namespace npusim
