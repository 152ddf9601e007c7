#include "summary.h"

#include <algorithm>
#include <map>
#include <set>

namespace npusim::report {
namespace {

std::string count_of(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string status_of(const SweepRow& row) {
    return row.status ? std::string(name_of(*row.status)) : "pending";
}

std::string fact(const std::string& name, const std::string& html) {
    return "<div><dt>" + name + "</dt><dd>" + html + "</dd></div>\n";
}

/// Names of networks, of which a sweep may have many.
std::string networks_of(const SweepTable& table) {
    std::set<std::string> names;
    for (const SweepRow& row : table.rows) names.insert(row.network.empty() ? "?" : row.network);
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + escaped(name);
    return text;
}

std::string counts_of(const SweepTable& table) {
    std::map<std::string, std::size_t> counts;
    for (const SweepRow& row : table.rows) ++counts[status_of(row)];
    std::string text = std::to_string(counts["done"]) + " done";
    counts.erase("done");
    for (const auto& [status, count] : counts) text += ", " + std::to_string(count) + " " + status;
    return std::to_string(table.rows.size()) + " (" + text + ")";
}

std::string bases_html(const ReportData& data) {
    return "<code>" + escaped(data.spec.arch) + "</code>" + (data.reference_is_base ? "" : " (not found)");
}

/// The reasons of one status, most frequent first.
std::string reasons_html(const std::string& status, const std::map<std::string, std::size_t>& count_of_reason) {
    constexpr std::size_t most_reasons = 20;
    std::vector<std::pair<std::string, std::size_t>> reasons(count_of_reason.begin(), count_of_reason.end());
    std::stable_sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::size_t points = 0;
    for (const auto& [reason, count] : reasons) points += count;
    std::string html = "<details class=\"reasons\"><summary>" + count_of(points, "point") + " " + escaped(status) +
                       ": why</summary>\n<ul>\n";
    for (std::size_t i = 0; i < std::min(reasons.size(), most_reasons); ++i) {
        html += "<li>" + count_of(reasons[i].second, "point") + ": " + escaped(reasons[i].first) + "</li>\n";
    }
    if (reasons.size() > most_reasons) {
        html += "<li>and " + count_of(reasons.size() - most_reasons, "more reason") + ", in the table below</li>\n";
    }
    return html + "</ul></details>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string html;
    html.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&quot;";
                break;
            case '\'':
                html += "&#39;";
                break;
            default:
                html += c;
        }
    }
    return html;
}

std::string summary_html(const ReportData& data) {
    std::string html;
    if (!data.spec.description.empty()) html += "<p>" + escaped(data.spec.description) + "</p>\n";
    html += "<dl class=\"facts\">\n" + fact("Chip", bases_html(data)) + fact("Networks", networks_of(data.table)) +
            fact("Points", counts_of(data.table)) + "</dl>\n";
    std::map<std::string, std::map<std::string, std::size_t>> reasons;
    for (const SweepRow& row : data.table.rows) {
        if (row.status && *row.status != PointStatus::done) ++reasons[status_of(row)][row.reason];
    }
    for (const auto& [status, count_of_reason] : reasons) html += reasons_html(status, count_of_reason);
    return html;
}

}  // namespace npusim::report
