// The reader's other half: what it is asked for, as JSON Schema.
#include "npusim/base/json_reader.h"

namespace npusim {

using nlohmann::json;

json* JsonReader::record(const std::string& key, bool required) {
    if (schema_ == nullptr) return nullptr;
    read_keys_.insert(key);
    json& properties = (*schema_)["properties"];
    if (properties.contains(key)) return nullptr;
    if (required) (*schema_)["required"].push_back(key);
    return &properties[key];
}

void JsonReader::record_choice(const std::string& key, const std::vector<std::string>& names,
                               const std::string* fallback) {
    json* schema = record(key, fallback == nullptr);
    if (schema == nullptr) return;
    *schema = {{"enum", names}};
    if (fallback != nullptr) (*schema)["default"] = *fallback;
}

JsonReader JsonReader::recorder_of(const std::string& key, json& schema) {
    schema = {{"type", "object"}};
    JsonReader reader(has(key) ? &value_->at(key) : nullptr, pointer_to(key), source_);
    reader.schema_ = &schema;
    return reader;
}

JsonReader JsonReader::recorder_of_items(const std::string& key, json& schema) {
    schema = {{"type", "array"}};
    return recorder_of(key + "/0", schema["items"]);
}

void JsonReader::know(const std::string& key, const char* schema) {
    read_keys_.insert(key);
    if (json* recorded = record(key, false)) *recorded = json::parse(schema);
}

void JsonReader::refine(const std::string& key, std::string_view keywords) {
    if (schema_ == nullptr) return;
    json& schema = key.empty() ? *schema_ : (*schema_)["properties"][key];
    schema.update(json::parse(keywords));
}

}  // namespace npusim
