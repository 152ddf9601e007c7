#include <algorithm>
#include <cmath>
#include <ostream>
#include <span>
#include <string_view>

#include "table_cells.h"

namespace npusim {
namespace {

using store::Cell;

/// How a kind of file writes each kind of value.
struct Notation {
    std::string nothing;
    std::function<std::string(double)> number;
    std::function<std::string(const std::string&)> text;
};

std::string written(const Cell& cell, const Notation& notation) {
    if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
    if (const auto* real = std::get_if<double>(&cell)) {
        return std::isfinite(*real) ? notation.number(*real) : notation.nothing;
    }
    if (const auto* truth = std::get_if<bool>(&cell)) return *truth ? "true" : "false";
    if (const auto* text = std::get_if<std::string>(&cell)) return notation.text(*text);
    return notation.nothing;
}

/// RFC 4180: a field that holds a separator, a quote or a line end is quoted.
std::string csv_text(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

/// A reason may hold bytes of a process that crashed, which need not be UTF-8.
std::string json_text(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

using Replacement = std::pair<char, std::string_view>;

constexpr Replacement markdown_replacements[] = {
    {'|', "\\|"},  {'_', "\\_"},   {'*', "\\*"},   {'`', "\\`"}, {'[', "\\["},
    {'<', "&lt;"}, {'&', "&amp;"}, {'\\', "\\\\"}, {'\n', " "},  {'\r', " "},
};

constexpr Replacement latex_replacements[] = {
    {'\\', "\\textbackslash{}"},
    {'~', "\\textasciitilde{}"},
    {'^', "\\textasciicircum{}"},
    {'<', "\\textless{}"},
    {'>', "\\textgreater{}"},
    {'|', "\\textbar{}"},
    {'"', "''"},
    {'&', "\\&"},
    {'%', "\\%"},
    {'$', "\\$"},
    {'#', "\\#"},
    {'_', "\\_"},
    {'{', "\\{"},
    {'}', "\\}"},
    {'[', "{[}"},  // at the beginning of a row it would be an option of the row before
    {'\n', " "},
    {'\r', " "},
};

std::string with_replaced(const std::string& text, std::span<const Replacement> replacements) {
    std::string result;
    for (const char c : text) {
        const auto found = std::find_if(replacements.begin(), replacements.end(),
                                        [c](const Replacement& replacement) { return replacement.first == c; });
        result += found == replacements.end() ? std::string_view(&c, 1) : found->second;
    }
    return result;
}

std::string markdown_text(const std::string& text) {
    return with_replaced(text, markdown_replacements);
}

std::string latex_text(const std::string& text) {
    return with_replaced(text, latex_replacements);
}

std::string rounded_for_people(double value) {
    const std::string exact = store::exact_number(value);
    const bool whole = exact.find_first_of(".e") == std::string::npos;
    return whole && std::abs(value) < 1e12 ? exact : store::rounded_number(value);
}

/// 1.234e+08 as $1.234 \cdot 10^{8}$
std::string latex_number(double value) {
    const std::string text = rounded_for_people(value);
    const auto e = text.find('e');
    if (e == std::string::npos) return text.front() == '-' ? "$" + text + "$" : text;
    return "$" + text.substr(0, e) + " \\cdot 10^{" + std::to_string(std::stoi(text.substr(e + 1))) + "}$";
}

void write_line(std::ostream& out, const std::vector<std::string>& cells, std::string_view begin,
                std::string_view between, std::string_view end) {
    out << begin;
    for (std::size_t i = 0; i < cells.size(); ++i) out << (i == 0 ? "" : between) << cells[i];
    out << end;
}

struct Line {
    std::string_view begin, between, end;
};

/// The header, what is below it, and the rows, each a line.
void write_lines(const store::TextTable& cells, std::ostream& out, const Notation& notation, const Line& line,
                 const std::string& below_header) {
    std::vector<std::string> texts;
    for (const std::string& name : cells.columns) texts.push_back(notation.text(name));
    write_line(out, texts, line.begin, line.between, line.end);
    out << below_header;
    for (const auto& row : cells.rows) {
        texts.clear();
        for (const Cell& cell : row) texts.push_back(written(cell, notation));
        write_line(out, texts, line.begin, line.between, line.end);
    }
}

/// Numbers are aligned to the right: columns where no row has a text.
bool is_numeric(const store::TextTable& cells, std::size_t column) {
    for (const auto& row : cells.rows) {
        if (std::holds_alternative<std::string>(row[column])) return false;
    }
    return true;
}

}  // namespace

void write_csv(const SweepTable& table, std::ostream& out, const ColumnNames& columns) {
    const Notation notation{"", store::exact_number, csv_text};
    write_lines(store::cells_of(table, columns, store::Reader::machine), out, notation, {"", ",", "\r\n"}, "");
}

void write_json(const SweepTable& table, std::ostream& out, const ColumnNames& columns) {
    const Notation notation{"null", store::exact_number, json_text};
    const store::TextTable cells = store::cells_of(table, columns, store::Reader::machine);
    out << "{\"sweep\": " << json_text(table.sweep) << ", \"rows\": [";
    for (std::size_t r = 0; r < cells.rows.size(); ++r) {
        std::vector<std::string> members;
        for (std::size_t c = 0; c < cells.columns.size(); ++c) {
            members.push_back(json_text(cells.columns[c]) + ": " + written(cells.rows[r][c], notation));
        }
        write_line(out, members, r == 0 ? "\n{" : ",\n{", ", ", "}");
    }
    out << "\n]}\n";
}

void write_markdown(const SweepTable& table, std::ostream& out, const ColumnNames& columns) {
    const store::TextTable cells = store::cells_of(table, columns, store::Reader::person);
    std::string rule = "|";
    for (std::size_t i = 0; i < cells.columns.size(); ++i) rule += is_numeric(cells, i) ? " ---: |" : " --- |";
    write_lines(cells, out, {"", rounded_for_people, markdown_text}, {"| ", " | ", " |\n"}, rule + "\n");
}

void write_latex(const SweepTable& table, std::ostream& out, const ColumnNames& columns) {
    const store::TextTable cells = store::cells_of(table, columns, store::Reader::person);
    std::string alignment;
    for (std::size_t i = 0; i < cells.columns.size(); ++i) alignment += is_numeric(cells, i) ? 'r' : 'l';
    out << "\\begin{tabular}{" << alignment << "}\n\\toprule\n";
    write_lines(cells, out, {"--", latex_number, latex_text}, {"", " & ", " \\\\\n"}, "\\midrule\n");
    out << "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace npusim
