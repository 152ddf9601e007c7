// Reads the CSV files of Accelergy's table-based plug-in: a file for each class of component, named after it; columns
// of attributes, "action" and "energy" (pJ), perhaps "area" (um2). The plug-in takes the first row that matches.
#include "accelergy_tables.h"

#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>
#include <tuple>

#include "npusim/base/csv.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim {
namespace {

using Names = std::vector<std::string>;
using Cells = std::map<std::string, std::string>;

/// What npusim reads of a class.
struct ClassRule {
    std::string name;
    Names sizes;
    Names optional_sizes;
    Names words;
    Names actions;
};

const std::vector<ClassRule>& class_rules() {
    static const std::vector<ClassRule> rules{
        {"intmac", {"datawidth"}, {}, {}, {"mac_random"}},
        {"intmultiplier", {"datawidth"}, {}, {}, {"mult_random"}},
        {"intadder", {"datawidth"}, {}, {}, {"add"}},
        {"fpmac", {"exponent", "mantissa"}, {}, {}, {"mac_random"}},
        {"fpadder", {"exponent", "mantissa"}, {}, {}, {"add"}},
        {"SRAM",
         {"width", "depth"},
         {"n_rd_ports", "n_wr_ports", "n_rd_wr_ports", "n_rdwr_ports", "n_banks"},
         {},
         {"read", "write"}},
        {"DRAM", {"width"}, {}, {"type"}, {"read", "write"}},
        {"wire", {}, {}, {"length"}, {"transfer_random", "transfer"}},
    };
    return rules;
}

const ClassRule* rule_of(const std::string& file_stem) {
    for (const ClassRule& rule : class_rules()) {
        if (boost::algorithm::iequals(rule.name, file_stem)) return &rule;
    }
    return nullptr;
}

/// "45nm", "45 nm" and "45" are the same.
std::string plain_technology(const std::string& text) {
    std::string plain = boost::algorithm::to_lower_copy(boost::algorithm::trim_copy(text));
    if (plain.ends_with("nm")) plain = boost::algorithm::trim_copy(plain.substr(0, plain.size() - 2));
    return plain;
}

Names alternatives(const std::string& cell) {
    Names names;
    boost::algorithm::split(names, cell, [](char c) { return c == '|'; });
    for (std::string& name : names) boost::algorithm::trim(name);
    return names;
}

template <typename Number>
std::optional<Number> number_in(const std::string& cell) {
    Number value{};
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
    return value;
}

class TableReader {
public:
    TableReader(const std::filesystem::path& path, const ClassRule& rule, const std::string& technology)
        : path_(path.string()), file_(path.filename().string()), rule_(rule), technology_(technology) {}

    void read() {
        std::istringstream lines(read_text_file(path_));
        for (std::string text; std::getline(lines, text);) {
            ++line_;
            try {
                take(csv_cells(text));
            } catch (const InputError& error) {
                problem(error.what());
            }
            if (!problems.empty() && columns_.empty()) return;
        }
        if (columns_.empty()) problems.push_back(path_ + ": is empty; a heading with the columns' names is needed");
    }

    std::vector<AccelergySample> samples;
    std::vector<AccelergyUse> uses;
    std::vector<std::string> problems;
    std::set<std::string> other_technologies;

private:
    void take(Names cells) {
        while (!cells.empty() && cells.back().empty()) cells.pop_back();
        if (cells.empty()) return;
        if (columns_.empty()) {
            read_heading(cells);
        } else if (cells.size() > columns_.size()) {
            problem("has " + std::to_string(cells.size()) + " columns, the heading has " +
                    std::to_string(columns_.size()));
        } else {
            read_row(cells);
        }
    }

    void read_heading(const Names& cells) {
        std::set<std::string> names;
        for (const std::string& cell : cells) {
            columns_.push_back(alternatives(cell));
            for (std::string& name : columns_.back()) {
                if (name == "action_name") name = "action";
                if (!names.insert(name).second) problem("column " + name + ": is given twice");
            }
        }
        Names needed{"action", "energy"};
        needed.insert(needed.end(), rule_.sizes.begin(), rule_.sizes.end());
        needed.insert(needed.end(), rule_.words.begin(), rule_.words.end());
        for (const std::string& name : needed) {
            if (!names.contains(name)) problem("column " + name + ": is missing; needed are " + join(needed));
        }
        if (!problems.empty()) columns_.clear();
    }

    void read_row(const Names& cells) {
        cells_.clear();
        for (std::size_t i = 0; i < cells.size(); ++i) {
            for (const std::string& name : columns_[i]) cells_[name] = cells[i];
        }
        const std::string& technology = cells_["technology"];
        if (!technology.empty() && plain_technology(technology) != plain_technology(technology_)) {
            other_technologies.insert(technology);
            return leave("technology " + technology + ", not " + technology_);
        }
        AccelergySample sample;
        sample.file = file_;
        sample.line = line_;
        sample.action = wanted_action();
        if (sample.action.empty() || !is_full_access()) return;
        const std::size_t before = problems.size();
        sample.energy_pj = number("energy").value_or(0);
        if (!cells_["area"].empty()) sample.area_um2 = number("area").value_or(0);
        for (const std::string& name : rule_.sizes) sample.sizes[name] = whole_number(name, 1);
        for (const std::string& name : rule_.optional_sizes) {
            if (!cells_[name].empty()) sample.sizes[name] = whole_number(name, 0);
        }
        for (const std::string& name : rule_.words) sample.words[name] = word(name);
        if (problems.size() != before) return;
        if (sample.energy_pj == 0) return leave("an energy of 0 is taken as not filled in");
        if (!seen_.insert({sample.action, sample.sizes, sample.words}).second) {
            return leave("a row above has the same attributes and action, and the first one counts");
        }
        samples.push_back(std::move(sample));
    }

    /// The row's action that npusim prices; notes why there is none.
    std::string wanted_action() {
        const std::string cell = cells_["action"];
        for (const std::string& action : alternatives(cell)) {
            if (std::find(rule_.actions.begin(), rule_.actions.end(), action) != rule_.actions.end()) return action;
        }
        if (cell.empty()) {
            leave("names no action");
        } else if (cell == "idle" || cell == "leak") {
            leave(cell + ": npusim charges idle time by leakage power and by the bits that are clocked");
        } else {
            leave(cell + ": npusim prices " + join(rule_.actions, " or ") + " only");
        }
        return "";
    }

    bool is_full_access() {
        for (const char* delta : {"data_delta", "address_delta"}) {
            if (cells_[delta].empty() || cells_[delta] == "1") continue;
            leave("npusim prices accesses whose address and data both change (" + std::string(delta) + " " +
                  cells_[delta] + " here)");
            return false;
        }
        return true;
    }

    std::optional<double> number(const std::string& column) {
        constexpr double kMost = 1e9;
        const auto value = number_in<double>(cells_[column]);
        if (value && std::isfinite(*value) && *value >= 0 && *value <= kMost) return value;
        cell_problem(column, "is no number from 0 to 1e9");
        return std::nullopt;
    }

    std::int64_t whole_number(const std::string& column, std::int64_t least) {
        constexpr std::int64_t kMost = 1'000'000'000;
        const auto value = number_in<std::int64_t>(cells_[column]);
        if (value && *value >= least && *value <= kMost) return *value;
        cell_problem(column, "is no whole number from " + std::to_string(least) + " to 1000000000");
        return least;
    }

    std::string word(const std::string& column) {
        if (cells_[column].empty()) cell_problem(column, "must not be empty");
        return cells_[column];
    }

    void cell_problem(const std::string& column, const std::string& what) {
        problem("column " + column + ": \"" + cells_[column] + "\" " + what);
    }
    void problem(const std::string& what) {
        problems.push_back(path_ + ": line " + std::to_string(line_) + ": " + what);
    }
    void leave(const std::string& text) { uses.push_back({file_, line_, false, text}); }

    std::string path_;
    std::string file_;
    const ClassRule& rule_;
    std::string technology_;
    std::size_t line_ = 0;
    std::vector<Names> columns_;
    Cells cells_;
    std::set<std::tuple<std::string, std::map<std::string, std::int64_t>, Cells>> seen_;
};

std::vector<std::filesystem::path> csv_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (boost::algorithm::iequals(entry.path().extension().string(), ".csv")) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// The tables of a set lie beside its identifier, or in its folder "data".
std::vector<std::filesystem::path> table_files(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) throw InputError(path.string(), "", "no such file or folder");
    if (!std::filesystem::is_directory(path, ignored)) return {path};
    std::vector<std::filesystem::path> files = csv_files(path);
    if (files.empty()) files = csv_files(path / "data");
    if (files.empty()) throw InputError(path.string(), "", "holds no CSV file, and neither does its folder data");
    return files;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& technology,
                         const std::set<std::string>& others, const AccelergyRead& read) {
    if (!others.empty()) {
        throw InputError(path.string(), "",
                         "no row of technology " + technology + " can be used; there are rows of " +
                             join({others.begin(), others.end()}));
    }
    Names classes;
    for (const ClassRule& rule : class_rules()) classes.push_back(rule.name + ".csv");
    std::string why;
    if (!read.uses.empty()) {
        const AccelergyUse& first = read.uses.front();
        why = " (" + first.file + (first.line > 0 ? ", line " + std::to_string(first.line) : "") + ": " + first.text +
              ")";
    }
    throw InputError(path.string(), "", "no row can be used" + why + "; npusim reads " + join(classes));
}

}  // namespace

AccelergyRead read_accelergy_samples(const std::filesystem::path& path, const std::string& technology) {
    AccelergyRead read;
    Names problems;
    std::set<std::string> others;
    for (const std::filesystem::path& file : table_files(path)) {
        const ClassRule* rule = rule_of(file.stem().string());
        if (rule == nullptr) {
            read.uses.push_back({file.filename().string(), 0, false, "npusim has no part of this class"});
            continue;
        }
        TableReader reader(file, *rule, technology);
        reader.read();
        if (!reader.samples.empty()) {
            auto& samples = read.samples[rule->name];
            samples.insert(samples.end(), reader.samples.begin(), reader.samples.end());
        }
        read.uses.insert(read.uses.end(), reader.uses.begin(), reader.uses.end());
        problems.insert(problems.end(), reader.problems.begin(), reader.problems.end());
        others.insert(reader.other_technologies.begin(), reader.other_technologies.end());
    }
    if (!problems.empty()) throw InputError(problems);
    if (read.samples.empty()) refuse(path, technology, others, read);
    return read;
}

CommonFactor common_factor(const std::vector<double>& ratios) {
    if (ratios.empty()) return {};
    const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
    // One point is met exactly, not up to the rounding of a root.
    if (*low == *high) return {*low, 1};
    return {std::sqrt(*low) * std::sqrt(*high), std::sqrt(*high / *low)};
}

std::string energy_text(double energy_pj) {
    std::string text = nlohmann::json(energy_pj).dump();
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text + " pJ";
}

}  // namespace npusim
