#include "cli/schema_command.h"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"
#include "npusim/models/finetune/recipe.h"
#include "npusim/sweeps/sweep_spec.h"

namespace npusim::cli {
namespace {

const std::map<std::string, std::function<nlohmann::json()>>& schemas() {
    static const std::map<std::string, std::function<nlohmann::json()>> table{
        {"arch", arch_schema}, {"sweep", sweep_schema}, {"recipe", recipe_schema}};
    return table;
}

}  // namespace

const std::vector<OptionGroup>& schema_option_groups() {
    static const std::vector<OptionGroup> groups{{"Output", {{"help", nullptr, "this text"}}}};
    return groups;
}

SchemaOptions parse_schema_options(const std::vector<std::string>& arguments) {
    OptionReader reader(schema_option_groups(), {arguments.begin() + 2, arguments.end()});
    SchemaOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (reader.words().size() != 1 || !schemas().contains(reader.words().front())) {
        throw InputError("one of arch, sweep and recipe is needed: npusim schema arch");
    }
    options.kind = reader.words().front();
    reader.finish();
    return options;
}

void run_schema_command(const SchemaOptions& options, std::ostream& out) {
    out << schemas().at(options.kind)().dump(2) << '\n';
}

}  // namespace npusim::cli
