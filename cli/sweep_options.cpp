#include "cli/sweep_options.h"

#include <charconv>

namespace npusim::cli {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "2/8": the second of eight.
void read_shard(OptionReader& reader, Shard& shard) {
    if (!reader.has("shard")) return;
    const std::string text = reader.text("shard");
    const std::size_t slash = text.find('/');
    const auto number = whole_number(std::string_view(text).substr(0, slash));
    const auto count =
        slash == std::string::npos ? std::nullopt : whole_number(std::string_view(text).substr(slash + 1));
    constexpr std::int64_t kMostShards = 1'000'000;
    if (!number || !count || *count < 1 || *count > kMostShards || *number < 1 || *number > *count) {
        reader.problem("shard", "\"" + text + "\" is not allowed, I/N with I from 1 to N is");
        return;
    }
    shard = {*number - 1, *count};
}

[[noreturn]] void refuse_words(const std::string& command, const std::string& wanted) {
    throw InputError(wanted + ": npusim " + command + " --help");
}

}  // namespace

OptionGroup table_outputs(const char* title) {
    return {title,
            {{"csv", "FILE", "write the table of points: a row each, units in the header"},
             {"json", "FILE", "the same as JSON"},
             {"markdown", "FILE", "the same as a Markdown table"},
             {"latex", "FILE", "the same as a LaTeX table"},
             {"technology", "FILE", "price the points by this table instead of their own"},
             {"quiet", nullptr, "print nothing but errors"},
             {"help", nullptr, "this text"}}};
}

void read_table_files(OptionReader& reader, TableFiles& files) {
    files.technology = reader.text("technology");
    const std::pair<const char*, std::filesystem::path*> all[] = {
        {"csv", &files.csv}, {"json", &files.json}, {"markdown", &files.markdown}, {"latex", &files.latex}};
    for (const auto& [name, file] : all) {
        if (!reader.has(name)) continue;
        *file = reader.text(name);
        reader.check_output_file(name, reader.text(name));
    }
}

const std::vector<OptionGroup>& sweep_option_groups() {
    static const std::vector<OptionGroup> groups{
        {"How it runs",
         {{"store", "FILE", "where results are kept (default: the sweep's file with .sqlite in the current folder)"},
          {"workers", "N", "processes at once (default: all processors); the result does not depend on them"},
          {"shard", "I/N", "only every N-th point, beginning with the I-th; npusim merge puts shards together"},
          {"dry-run", nullptr, "check the sweep, count its points and stop"}}},
        {"Accuracy (overrides the sweep's file)",
         {{"accuracy", "KIND", "none, calibrate (after training) or finetune, once for each distinct precision"},
          {"weights", "FILE", "the fp32 network; {network} stands for its name (default: trained on drawn images)"},
          {"dataset", "KIND:FOLDER", "labelled images; KIND is cifar10, mnist or images, or just shapes"},
          {"recipe", "FILE", "how finetune trains: a recipe in JSON"}}},
        table_outputs("Output"),
    };
    return groups;
}

const std::vector<OptionGroup>& merge_option_groups() {
    static const std::vector<OptionGroup> groups{{"Output", {{"help", nullptr, "this text"}}}};
    return groups;
}

const std::vector<OptionGroup>& table_option_groups() {
    static const std::vector<OptionGroup> groups{
        {"Which", {{"sweep", "NAME", "of the store's sweeps (default: the only one)"}}},
        table_outputs("Output"),
    };
    return groups;
}

SweepOptions parse_sweep_options(const std::vector<std::string>& arguments) {
    constexpr std::int64_t kMostWorkers = 4096;
    OptionReader reader(sweep_option_groups(), {arguments.begin() + 2, arguments.end()});
    SweepOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (reader.words().size() != 1) refuse_words("sweep", "one sweep file is needed");
    options.sweep = reader.words().front();
    options.store = reader.text("store", options.sweep.stem().string() + ".sqlite");
    options.workers = static_cast<unsigned>(reader.integer("workers", 1, kMostWorkers).value_or(0));
    options.dry_run = reader.has("dry-run");
    options.quiet = reader.has("quiet");
    if (reader.has("accuracy")) {
        options.accuracy["kind"] = reader.one_of("accuracy", {"none", "calibrate", "finetune"});
    }
    for (const char* name : {"weights", "dataset", "recipe"}) {
        if (reader.has(name)) options.accuracy[name] = reader.text(name);
    }
    read_shard(reader, options.shard);
    read_table_files(reader, options.tables);
    reader.finish();
    return options;
}

MergeOptions parse_merge_options(const std::vector<std::string>& arguments) {
    const OptionReader reader(merge_option_groups(), {arguments.begin() + 2, arguments.end()});
    MergeOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (reader.words().size() < 2) refuse_words("merge", "the store to merge into and at least one other are needed");
    options.into = reader.words().front();
    options.from.assign(reader.words().begin() + 1, reader.words().end());
    return options;
}

TableOptions parse_table_options(const std::vector<std::string>& arguments) {
    OptionReader reader(table_option_groups(), {arguments.begin() + 2, arguments.end()});
    TableOptions options;
    options.help = reader.has("help");
    if (options.help) return options;
    if (reader.words().size() != 1) refuse_words("table", "one store is needed");
    options.store = reader.words().front();
    options.sweep = reader.text("sweep");
    options.quiet = reader.has("quiet");
    read_table_files(reader, options.tables);
    reader.finish();
    return options;
}

}  // namespace npusim::cli
