#include "cli/report_options.h"

namespace npusim::cli {

const std::vector<OptionGroup>& report_option_groups() {
    static const std::vector<OptionGroup> groups = [] {
        std::vector<OptionGroup> made{
            {"Page",
             {{"sweep", "NAME", "of the store's sweeps (default: the only one)"},
              {"out", "FILE", "the page (default: the store's name with .html in the current folder)"},
              {"pictures", "FOLDER", "also the charts as SVG and PNG, drawn by gnuplot"}}}};
        made.push_back(table_outputs("Table and prices"));
        return made;
    }();
    return groups;
}

ReportOptions parse_report_options(const std::vector<std::string>& arguments) {
    OptionReader reader(report_option_groups(), {arguments.begin() + 2, arguments.end()});
    ReportOptions options;
    options.table.help = reader.has("help");
    if (options.table.help) return options;
    if (reader.words().size() != 1) throw InputError("one store is needed: npusim report --help");
    options.table.store = reader.words().front();
    options.table.sweep = reader.text("sweep");
    options.table.quiet = reader.has("quiet");
    options.out = reader.text("out", options.table.store.stem().string() + ".html");
    reader.check_output_file("out", options.out.string());
    options.pictures = reader.text("pictures");
    std::error_code ignored;
    if (std::filesystem::exists(options.pictures, ignored) &&
        !std::filesystem::is_directory(options.pictures, ignored)) {
        reader.problem("pictures", options.pictures.string() + " is a file; name a folder");
    }
    read_table_files(reader, options.table.tables);
    reader.finish();
    return options;
}

}  // namespace npusim::cli
