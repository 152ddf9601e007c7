// The schemas of chips, sweeps and recipes against Python's jsonschema: what ships is valid, and of files in
// which every value is replaced by many others each is refused by the schema where it is refused by the reader, but for
// the rules that no schema can hold, which are listed here.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/finetune/recipe.h"
#include "npusim/sweeps/sweep_spec.h"
#include "support/test_data.h"

using namespace npusim;
using nlohmann::json;

namespace {

const std::string python = "/usr/bin/python3";

bool jsonschema_is_here() {
    if (std::system((python + " -c 'import jsonschema' > /dev/null 2>&1").c_str()) == 0) return true;
    std::cout << "SKIPPED: " << python << " has no jsonschema\n";
    return false;
}

/// What the validator says of each file: nothing where it is valid. The schema itself is checked, too.
std::vector<std::string> verdicts(const json& schema, const std::vector<json>& files) {
    const test::TemporaryFolder folder;
    write_whole_file(folder / "schema", schema.dump());
    write_whole_file(folder / "files", json(files).dump());
    write_whole_file(folder / "run.py", R"(
import json, sys
from jsonschema import Draft202012Validator
folder = sys.argv[1]
schema = json.load(open(folder + "/schema"))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
files = json.load(open(folder + "/files"))
verdicts = [next((error.json_path + ": " + error.message for error in validator.iter_errors(file)), "") for file in files]
json.dump(verdicts, open(folder + "/verdicts", "w"))
)");
    REQUIRE(std::system((python + " " + (folder / "run.py").string() + " " + folder.path().string()).c_str()) == 0);
    return json::parse(read_text_file(folder / "verdicts")).get<std::vector<std::string>>();
}

std::vector<json> shipped(const std::string& name) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(NPUSIM_SOURCE_DIR) / name)) {
        if (entry.path().extension() == ".json") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    REQUIRE(paths.size() >= 3);
    std::vector<json> files;
    for (const auto& path : paths) files.push_back(json::parse(read_text_file(path)));
    return files;
}

/// Every number in a schema: the ends of ranges, and what is listed.
void collect_numbers(const json& schema, std::set<json>& numbers) {
    if (schema.is_number()) numbers.insert(schema);
    if (!schema.is_structured()) return;
    for (const json& part : schema) collect_numbers(part, numbers);
}

/// What is put in place of every value: values of all types, every name and the neighbours of every number in the
/// schema.
std::vector<json> probes_of(const json& schema) {
    const json fixed = json::parse(R"([0.5, 0.06, 6.4, 1e-13, 18446744073709551615, "", "x", "/array/rows", "/",
        "/a~b", "/a~1b", "array.rows * 2", "bits", "network", "all", "random", "none", "calibrate", "fp32", "faq",
        "integer", "scalar", "cosine", "half_even", "free", "per_tensor", "weights", "input_stationary", "resnet20",
        "resnet9", true, false, null, [], {}, [1], [1, 1], ["a"], ["resnet20", "resnet20"], ["bits"], [[1, 2]], [16],
        [0.5], [0.25, 2], {"a": 1}, {"kind": "all"}, {"kind": "all", "points": 1}, {"kind": "random"},
        {"kind": "none", "weights": "w"}, {"weight_bits": 4, "activation_bits": 4}, {"a": {"weight_bits": 4}},
        {"from": 1, "to": 8, "step": 0}, {"from": 0, "to": 8, "factor": 2}, {"from": 1, "to": 8, "factor": 1},
        {"weight": 0.5}, {"temperature": 1}])");
    std::vector<json> probes(fixed.begin(), fixed.end());
    // Whole numbers stay integers: "1.0" is one for a schema, and none for the reader.
    const auto add = [&](double number) {
        if (number != std::floor(number)) probes.emplace_back(number);
        if (number == std::floor(number) && std::abs(number) < 1e18) {
            probes.emplace_back(static_cast<std::int64_t>(number));
        }
    };
    std::set<json> numbers{0, 1};
    collect_numbers(schema, numbers);
    for (const json& number : numbers) {
        const auto value = number.get<double>();
        const double near = std::max(std::abs(value), 1e-6) / 1024;
        for (const double other : {value, value - 1, value + 1, value - near, value + near}) add(other);
    }
    for (const std::int64_t most : {std::int64_t{1} << 62, std::numeric_limits<std::int64_t>::max()}) {
        probes.insert(probes.end(), {most - 1, most});
        probes.emplace_back(static_cast<std::uint64_t>(most) + 1);
    }
    std::sort(probes.begin(), probes.end());
    probes.erase(std::unique(probes.begin(), probes.end()), probes.end());
    return probes;
}

/// Places of all values, those in lists too.
void collect_places(const json& value, const json::json_pointer& place, std::vector<json::json_pointer>& places) {
    if (!place.empty()) places.push_back(place);
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) collect_places(member, place / key, places);
    } else if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i) collect_places(value[i], place / i, places);
    }
}

/// The file with each value replaced by each probe, each member removed, and members added that are not known there.
std::vector<json> changed(const json& file, const std::vector<json>& probes) {
    std::vector<json::json_pointer> places;
    collect_places(file, json::json_pointer(), places);
    std::vector<json> files{file};
    for (const json::json_pointer& place : places) {
        for (const json& probe : probes) {
            files.push_back(file);
            files.back()[place] = probe;
        }
        json& parent = files.emplace_back(file)[place.parent_pointer()];
        if (parent.is_object()) {
            parent.erase(place.back());
        } else {
            parent.push_back(parent.back());
        }
        if (file[place].is_object()) files.emplace_back(file)[place]["colour"] = {{"weight_bits", 1}};
    }
    files.emplace_back(file)["colour"] = 1;
    return files;
}

struct Kind {
    json schema;
    std::function<void(const json&)> read;
    /// Words of the reader's messages about what a schema cannot hold.
    std::vector<std::string> rules;
};

Kind arch_kind() {
    return {arch_schema(),
            [](const json& file) { (void)parse_arch(file, "a"); },
            {"bytes are too few", "is below activation_bits", "is no whole number of MB/s", "is less than a burst of",
             "is shorter than a burst of", "leave no time between refreshes"}};
}

Kind recipe_kind() {
    return {recipe_schema(),
            [](const json& file) { (void)parse_recipe(file, "a"); },
            {"must be above the entry's before", "is below activation_bits"}};
}

Kind sweep_kind() {
    return {sweep_schema(),
            [](const json& file) { (void)parse_sweep(file, "a"); },
            {"is set by /axes/", "is set by /derived/", " overlaps ", "is no expression",
             "at least one network is needed", "an axis sets \"network\" already", "is below \"from\"",
             "values, one for each of", "values is needed, one for", "is given twice", "is an objective already",
             "points, more than the", "more than 2^63", "values, the most allowed",
             // Inside of "fields", whose values follow their places.
             "bits are not allowed", "is no network", "unknown network"}};
}

/// Lines of the refusal; empty where the file is read.
std::vector<std::string> problems_of(const Kind& kind, const json& file) {
    std::vector<std::string> lines;
    try {
        kind.read(file);
    } catch (const InputError& error) {
        std::istringstream in(error.what());
        for (std::string line; std::getline(in, line);) lines.push_back(line);
    }
    return lines;
}

bool is_rule(const Kind& kind, const std::string& problem) {
    return std::any_of(kind.rules.begin(), kind.rules.end(),
                       [&](const std::string& rule) { return problem.find(rule) != std::string::npos; });
}

/// Axes of so many values are read and then refused, which takes seconds: they are left out here.
bool has_long_axis(const json& file) {
    constexpr double kMost = 1e4;
    const auto at = [&](const char* axis, const char* key) {
        const json::json_pointer place(std::string("/axes/") + axis + "/" + key);
        const json value = file.is_object() && file.contains(place) ? file.at(place) : json();
        return value.is_number() ? value.get<double>() : 1;
    };
    const double step = at("0/range", "step");
    const double factor = at("1/geometric", "factor");
    const double steps = (at("0/range", "to") - at("0/range", "from")) / step;
    const double factors = std::log(at("1/geometric", "to") / at("1/geometric", "from")) / std::log(factor);
    return (step > 0 && steps > kMost) || (factor > 1 && factors > kMost);
}

void check_agreement(const Kind& kind, const std::vector<json>& files) {
    const std::vector<json> probes = probes_of(kind.schema);
    std::vector<json> all;
    for (const json& file : files) {
        REQUIRE(problems_of(kind, file).empty());
        const std::vector<json> more = changed(file, probes);
        std::copy_if(more.begin(), more.end(), std::back_inserter(all),
                     [](const json& one) { return !has_long_axis(one); });
    }
    const std::vector<std::string> schema_says = verdicts(kind.schema, all);
    REQUIRE(schema_says.size() == all.size());
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::vector<std::string> problems = problems_of(kind, all[i]);
        // Nothing that the schema could have seen.
        const bool beyond = std::all_of(problems.begin(), problems.end(),
                                        [&](const std::string& problem) { return is_rule(kind, problem); });
        if (problems.empty()) ++accepted;
        if (schema_says[i].empty() ? beyond : !problems.empty()) continue;
        FAIL_CHECK(all[i].dump() << "\nschema: " << schema_says[i] << "\nreader: " << join(problems, "\n"));
    }
    CHECK(accepted > all.size() / 50);
}

/// A shipped chip in full, with a layer of its own.
json full_chip(const std::string& name, int bits) {
    json chip = to_json(read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / name));
    chip["precision"]["layers"] = {{"conv1", {{"weight_bits", bits}, {"activation_bits", bits}}}};
    chip["$schema"] = "arch.schema.json";
    return chip;
}

}  // namespace

TEST_CASE("Every chip, sweep and recipe that ships is valid by its schema, and so is what is written out in full") {
    if (!jsonschema_is_here()) return;
    std::vector<json> chips = shipped("arch");
    std::vector<json> sweeps = shipped("sweeps");
    std::vector<json> recipes = shipped("recipes");
    for (std::size_t i = chips.size(); i > 0; --i) chips.push_back(to_json(parse_arch(chips[i - 1], "a")));
    for (std::size_t i = sweeps.size(); i > 0; --i) sweeps.push_back(to_json(parse_sweep(sweeps[i - 1], "s")));
    for (std::size_t i = recipes.size(); i > 0; --i) recipes.push_back(to_json(parse_recipe(recipes[i - 1], "r")));
    for (const auto& [schema, files] :
         {std::pair{arch_schema(), chips}, {sweep_schema(), sweeps}, {recipe_schema(), recipes}}) {
        const std::vector<std::string> said = verdicts(schema, files);
        for (std::size_t i = 0; i < files.size(); ++i) {
            INFO(files[i]);
            CHECK(said[i] == "");
        }
    }
}

TEST_CASE("The schema of chips refuses what their reader refuses, and nothing else") {
    if (!jsonschema_is_here()) return;
    json odd_banks = full_chip("int4_array.json", 4);
    odd_banks["double_buffering"] = false;
    for (const char* buffer : {"weight_buffer", "activation_buffer", "accumulator_buffer"}) {
        odd_banks[buffer]["banks"] = 3;
        odd_banks[buffer]["width_bits"] = 8;
    }
    json dot = full_chip("int8_edge_dram.json", 8);
    dot["array"]["pe"]["kind"] = "dot";
    dot["array"]["pe"]["lanes"] = 4;
    dot["array"]["dataflow"] = "auto";
    dot["array"]["auto_goal"] = "frugal";
    dot["array"]["layer_dataflows"] = {{"conv1", "output_stationary"}};
    dot["voltage_v"] = 0.9;
    json composable = full_chip("composable_array.json", 8);
    check_agreement(arch_kind(),
                    {full_chip("int8_array.json", 8), full_chip("fp32_array.json", 32),
                     full_chip("fp16_array.json", 16), full_chip("bf16_array.json", 16), odd_banks, dot, composable});
}

TEST_CASE("The schema of recipes refuses what their reader refuses, and nothing else") {
    if (!jsonschema_is_here()) return;
    json recipe = to_json(Recipe{});
    recipe["comment"] = "all fields";
    recipe["batch_growth"] = {{{"epoch", 0}, {"images", 256}}, {{"epoch", 7}, {"images", 512}}};
    recipe["quantization"]["precision"]["layers"] = {{"conv1", {{"weight_bits", 4}, {"activation_bits", 8}}}};
    check_agreement(recipe_kind(), {recipe, json::object()});
}

TEST_CASE("The schema of sweeps refuses what their reader refuses, and nothing else") {
    if (!jsonschema_is_here()) return;
    const std::vector<json> files{
        json::parse(R"({"name": "a", "arch": "int8_array", "networks": ["resnet20"], "time_limit_s": 5,
            "axes": [{"field": "/clock_mhz", "range": {"from": 1, "to": 9, "step": 2}},
                     {"field": "/array/rows", "geometric": {"from": 1, "to": 9, "factor": 2}}],
            "constraints": ["array.rows > 3"], "objectives": [{"metric": "top1", "maximize": true}],
            "sample": {"kind": "random", "points": 3, "seed": 4},
            "accuracy": {"kind": "none", "weights": "", "dataset": "", "recipe": "", "inputs": ""}})"),
        json::parse(R"({"name": "b", "description": "c", "arch": "int8_array",
            "axes": [{"field": "network", "values": ["resnet20", "resnet32"]},
                     {"fields": ["/clock_mhz", "/array/rows"], "values": [[8, 16], [4, 32]]},
                     {"field": "bits", "values": [8, 4]}],
            "derived": [{"field": "/array/columns", "expression": "array.rows"}],
            "sample": {"kind": "all", "points": 0},
            "accuracy": {"kind": "calibrate", "weights": "w", "dataset": "shapes", "recipe": "r", "inputs": "i"}})")};
    check_agreement(sweep_kind(), files);
}
