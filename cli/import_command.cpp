#include "cli/import_command.h"

#include <algorithm>
#include <ostream>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"

namespace npusim::cli {
namespace {

namespace fs = std::filesystem;

std::string names_of_shipped(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return join(names);
}

fs::path find_base(const std::string& name, const fs::path& shipped) {
    std::error_code ignored;
    for (const fs::path& file : {fs::path(name), shipped / name, shipped / (name + ".json")}) {
        if (fs::is_regular_file(file, ignored)) return file;
    }
    throw InputError("option --based-on: no table \"" + name + "\"; name a file or one of " +
                     names_of_shipped(shipped));
}

bool is_same_file(const fs::path& a, const fs::path& b) {
    std::error_code ignored;
    return fs::equivalent(a, b, ignored);
}

/// What the new table calls the complete table below it: a name for one that ships, so that the new table can be
/// moved, unless another file of that name lies beside it; else the way from the new table's folder.
std::string name_of_complete(const fs::path& complete, const fs::path& out, const fs::path& shipped) {
    const fs::path beside = fs::absolute(out).parent_path() / complete.filename();
    std::error_code ignored;
    const bool is_shipped = is_same_file(complete, shipped / complete.filename());
    const bool is_hidden = fs::absolute(out).filename() == complete.filename() ||
                           (fs::exists(beside, ignored) && !is_same_file(beside, complete));
    if (is_shipped && !is_hidden) return complete.filename().string();
    const fs::path folder = fs::weakly_canonical(fs::absolute(out).parent_path(), ignored);
    return fs::weakly_canonical(complete, ignored).lexically_relative(folder).string();
}

/// The table with all figures that `base` is, or builds on.
fs::path complete_table(const fs::path& base, const fs::path& shipped) {
    const nlohmann::json document = read_json_file(base);
    if (!document.is_object() || !document.contains("based_on") || !document.at("based_on").is_string()) return base;
    const fs::path name = document.at("based_on").get<std::string>();
    const fs::path beside = base.parent_path() / name;
    std::error_code ignored;
    return fs::is_regular_file(beside, ignored) ? beside : shipped / name;
}

/// Lines of one file with the same text stand together: "lines 3, 4".
struct UseLine {
    std::string file;
    std::vector<std::string> lines;
    std::string text;
};

std::vector<UseLine> lines_of(const AccelergyImport& made, bool used) {
    std::vector<UseLine> rows;
    for (const AccelergyUse& use : made.uses) {
        if (use.used != used) continue;
        const auto same = std::find_if(
            rows.begin(), rows.end(), [&](const UseLine& row) { return row.file == use.file && row.text == use.text; });
        UseLine& row = same != rows.end() ? *same : rows.emplace_back(UseLine{use.file, {}, use.text});
        if (use.line > 0) row.lines.push_back(std::to_string(use.line));
    }
    return rows;
}

void print_uses(const std::string& title, const std::vector<UseLine>& rows, const Style& style, std::ostream& out) {
    if (rows.empty()) return;
    out << '\n' << style.bold(title) << '\n';
    for (const UseLine& row : rows) {
        const std::string place = row.lines.empty() ? "" : row.lines.size() == 1 ? ", line " : ", lines ";
        std::string text = row.file + place + join(row.lines) + ": " + row.text;
        std::string indent = "  ";
        for (const std::string& line : wrap_text(text, kReportWidth - 4)) {
            out << indent << line << '\n';
            indent = "    ";
        }
    }
}

void print_import(const AccelergyImport& made, const fs::path& file, const Style& style, std::ostream& out) {
    out << file.string() << ": " << made.base << " with Accelergy tables, technology " << made.technology << '\n';
    print_uses("Used", lines_of(made, true), style, out);
    print_uses("Not used", lines_of(made, false), style, out);
    out << '\n' << style.bold("As in " + made.base) << '\n';
    for (const std::string& text : made.kept) out << "  " << text << '\n';
}

}  // namespace

const std::vector<OptionGroup>& import_option_groups() {
    static const std::vector<OptionGroup> groups{
        {"Table",
         {{"based-on", "TABLE",
           "all that the CSV files do not have: 45nm, another that ships, or a file (default 45nm)"},
          {"technology", "NAME", "of the rows to take, e.g. 45nm (default: the node of --based-on)"},
          {"mac-is", "MEANING",
           "what intmac.csv tells of: arithmetic, to which a PE adds its registers (default), or pe, all of it"},
          {"out", "FILE", "the table to write"}}},
        {"Output", {{"quiet", nullptr, "print nothing but errors"}, {"help", nullptr, "this text"}}}};
    return groups;
}

ImportOptions parse_import_options(const std::vector<std::string>& arguments) {
    OptionReader reader(import_option_groups(), {arguments.begin() + 2, arguments.end()});
    ImportOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (reader.words().size() != 2 || reader.words().front() != "accelergy") {
        throw InputError(
            "accelergy and a folder of CSV files are needed: npusim import accelergy FOLDER --out own.json");
    }
    options.quiet = reader.has("quiet");
    options.source.path = reader.words().back();
    options.source.technology = reader.text("technology");
    options.base = reader.text("based-on", "45nm");
    options.out = reader.text("out");
    if (reader.has("mac-is") && reader.one_of("mac-is", {"arithmetic", "pe"}) == "pe") {
        options.source.mac = AccelergyMac::whole_pe;
    }
    if (options.out.empty()) reader.problem("out", "is needed: the table to write");
    reader.check_output_file("out", options.out.string());
    reader.finish();
    return options;
}

void run_import_command(const ImportOptions& options, const Environment& environment, const Style& style,
                        std::ostream& out) {
    const fs::path shipped = environment.preset_folder / "technology";
    const fs::path base = find_base(options.base, shipped);
    const fs::path complete = complete_table(base, shipped);
    if (is_same_file(options.out, base) || is_same_file(options.out, complete)) {
        throw InputError("option --out: " + options.out.string() + " is the table that --based-on names");
    }
    const AccelergyImport made = import_accelergy(
        options.source, {base, shipped, name_of_complete(complete, options.out, shipped)}, options.out.stem().string());
    const std::string text = made.document.dump(2) + "\n";
    (void)parse_technology(text, options.out, shipped);
    write_whole_file(options.out, text);
    if (!options.quiet) print_import(made, options.out, style, out);
}

}  // namespace npusim::cli
