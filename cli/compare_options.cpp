#include "cli/compare_options.h"

namespace npusim::cli {

const std::vector<OptionGroup>& compare_option_groups() {
    static const std::vector<OptionGroup> groups{
        {"Output",
         {{"layers", nullptr, "print all layers, not only those that differ most"},
          {"json", "FILE", "write everything, numbers as they are"},
          {"markdown", "FILE", "write the tables as Markdown"},
          {"technology", "FILE", "price points of stores by this table instead of their own"},
          {"quiet", nullptr, "print nothing but errors"},
          {"help", nullptr, "this text"}}},
    };
    return groups;
}

CompareOptions parse_compare_options(const std::vector<std::string>& arguments) {
    OptionReader reader(compare_option_groups(), {arguments.begin() + 2, arguments.end()});
    CompareOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (reader.words().size() != options.results.size()) {
        throw InputError("two results are needed, each a file of npusim --json or STORE:INDEX: npusim compare --help");
    }
    std::copy(reader.words().begin(), reader.words().end(), options.results.begin());
    options.layers = reader.has("layers");
    options.quiet = reader.has("quiet");
    options.technology = reader.text("technology");
    options.json = reader.text("json");
    options.markdown = reader.text("markdown");
    for (const char* name : {"json", "markdown"}) reader.check_output_file(name, reader.text(name));
    reader.finish();
    return options;
}

}  // namespace npusim::cli
