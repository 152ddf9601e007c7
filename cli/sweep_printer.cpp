#include "cli/sweep_printer.h"

#include <algorithm>
#include <map>
#include <ostream>

#include "cli/format.h"

namespace npusim::cli {
namespace {

std::string count_of(std::int64_t count, const std::string& noun) {
    return thousands(static_cast<std::uint64_t>(count)) + " " + noun + (count == 1 ? "" : "s");
}

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// "/array/rows" → "rows", or "array.rows" where another field ends alike.
std::string field_title(const std::string& field, const std::vector<std::string>& fields) {
    const auto last = [](const std::string& name) { return name.substr(name.rfind('/') + 1); };
    const auto alike = std::count_if(fields.begin(), fields.end(),
                                     [&](const std::string& other) { return last(other) == last(field); });
    if (alike == 1 && last(field) != "kib") return last(field);
    std::string title = field.substr(1);
    std::replace(title.begin(), title.end(), '/', '.');
    return title;
}

using TextRows = std::vector<std::vector<std::string>>;

/// Columns as wide as their widest cell, all to the right. Those that would exceed the report's width are left out,
/// which a last one of dots says.
void print_columns(const TextRows& rows, const Style& style, std::ostream& out) {
    constexpr std::size_t gap = 2;
    std::vector<std::size_t> widths(rows.front().size(), 0);
    for (const auto& row : rows) {
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
    }
    const std::string more = " ...";
    std::size_t shown = 0;
    for (std::size_t total = more.size(); shown < widths.size() && total + gap + widths[shown] <= kReportWidth;
         ++shown) {
        total += gap + widths[shown];
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::string line;
        for (std::size_t c = 0; c < shown; ++c) line += std::string(gap, ' ') + pad_left(rows[r][c], widths[c]);
        if (shown < widths.size()) line += more;
        out << (r == 0 ? style.dim(line) : line) << '\n';
    }
}

std::size_t place_of(const SweepTable& table, const std::string& metric) {
    return static_cast<std::size_t>(std::find(table.metrics.begin(), table.metrics.end(), metric) -
                                    table.metrics.begin());
}

std::string setting_text(const nlohmann::json& value) {
    constexpr std::size_t widest = 24;
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (text.size() > widest) text = text.substr(0, widest - 3) + "...";
    return text;
}

TextRows front_rows(const SweepTable& table, const std::vector<std::size_t>& front,
                    const std::vector<Objective>& objectives) {
    std::vector<std::string> metrics;
    metrics.reserve(objectives.size());
    for (const Objective& objective : objectives) metrics.push_back(objective.metric);
    for (const char* metric : {"energy_pj", "latency_ms", "area_mm2", "utilization"}) {
        if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) metrics.emplace_back(metric);
    }
    TextRows rows(1, {"point"});
    const std::string& first = table.rows[front.front()].network;
    const bool names =
        std::any_of(front.begin(), front.end(), [&](std::size_t at) { return table.rows[at].network != first; });
    if (names) rows[0].emplace_back("network");
    for (const std::string& metric : metrics) rows[0].push_back(metric_title(metric));
    for (const std::string& field : table.fields) rows[0].push_back(field_title(field, table.fields));
    for (const std::size_t at : front) {
        const SweepRow& row = table.rows[at];
        std::vector<std::string> cells{std::to_string(row.index)};
        if (names) cells.push_back(row.network);
        for (const std::string& metric : metrics) {
            cells.push_back(metric_text(metric, row.metrics.at(place_of(table, metric)).value_or(0)));
        }
        for (const auto& setting : row.settings) cells.push_back(setting_text(setting));
        rows.push_back(std::move(cells));
    }
    return rows;
}

/// Rows without a result, by their reason; the reasons of impossible chips differ in figures only.
void print_failures(const SweepTable& table, const Style& style, std::ostream& out) {
    std::map<std::string, std::pair<std::int64_t, std::string>> reasons;
    for (const SweepRow& row : table.rows) {
        if (!row.status || *row.status == PointStatus::done) continue;
        auto& [count, example] = reasons[std::string(name_of(*row.status))];
        if (count++ == 0) example = row.reason;
    }
    for (const auto& [status, found] : reasons) {
        out << style.warning(count_of(found.first, "point") + " " + status) << ", the first one because:\n";
        for (const std::string& line : wrap_text(found.second, kReportWidth - 2)) out << "  " << line << '\n';
    }
}

}  // namespace

std::string metric_title(const std::string& metric) {
    std::string title = metric;
    for (const std::string_view unit : {"_pj", "_ms", "_mm2", "_bytes"}) {
        if (ends_with(title, unit)) title.resize(title.size() - unit.size());
    }
    std::replace(title.begin(), title.end(), '_', ' ');
    return title;
}

std::string metric_text(const std::string& metric, double value) {
    constexpr double joules_per_pj = 1e-12;
    if (ends_with(metric, "_pj")) return si(value * joules_per_pj, "J");
    if (ends_with(metric, "_ms")) return with_digits(value) + (ends_with(metric, "_mj_ms") ? " mJ ms" : " ms");
    if (ends_with(metric, "_mm2")) return with_digits(value) + " mm2";
    if (ends_with(metric, "_bytes")) return binary_bytes(value);
    if (ends_with(metric, "top1")) return with_digits(value * 100) + " %";
    return trimmed(value);
}

std::vector<Objective> objectives_or_default(const std::vector<Objective>& objectives) {
    if (!objectives.empty()) return objectives;
    return {{"energy_pj", false}, {"latency_ms", false}, {"area_mm2", false}};
}

void print_sweep_head(const SweepSpec& spec, const std::vector<SweepPoint>& points, const Style& style,
                      std::ostream& out) {
    out << style.bold(spec.name) << ": " << count_of(std::ssize(points), "point") << " around " << spec.arch << '\n';
    for (const std::string& line : wrap_text(spec.description, kReportWidth)) out << line << '\n';
    const auto impossible =
        std::count_if(points.begin(), points.end(), [](const SweepPoint& point) { return !point.arch; });
    if (impossible > 0) {
        out << style.warning(count_of(impossible, "point") + " cannot be built") << "; each says why in its row\n";
    }
}

void print_sweep_end(const SweepProgress& reached, double seconds, const SweepOptions& options, const Style& style,
                     std::ostream& out) {
    const std::int64_t fresh = reached.points_done - reached.points_found;
    out << count_of(reached.points_done, "point") << " of " << thousands(static_cast<std::uint64_t>(reached.points))
        << " done";
    if (reached.points_found > 0) out << ", " << count_of(reached.points_found, "point") << " found in the store";
    if (fresh > 0 && seconds > 0) {
        out << ", " << with_digits(static_cast<double>(fresh) / seconds, 3) << " points/s\n"
            << count_of(reached.layers_simulated, "layer") << " simulated, "
            << count_of(reached.layers_remembered, "layer") << " remembered";
    }
    out << '\n' << style.dim("kept in " + options.store.string()) << '\n';
    if (reached.points_done < reached.points) {
        out << style.warning("stopped") << "; the same command goes on where this one ended\n";
    }
}

void print_front(const SweepTable& table, const std::vector<Objective>& objectives, const Style& style,
                 std::ostream& out) {
    constexpr std::size_t most_rows = 20;
    const std::vector<Objective> wanted = objectives_or_default(objectives);
    std::vector<std::size_t> front = pareto_front(table, wanted);
    print_failures(table, style, out);
    if (front.empty()) {
        out << "no point has a result yet\n";
        return;
    }
    const std::size_t first = place_of(table, wanted.front().metric);
    std::stable_sort(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
        const double left = table.rows[a].metrics[first].value_or(0);
        const double right = table.rows[b].metrics[first].value_or(0);
        return wanted.front().maximize ? left > right : left < right;
    });
    const std::size_t all = front.size();
    front.resize(std::min(all, most_rows));
    std::string by;
    for (const Objective& objective : wanted) by += (by.empty() ? "" : ", ") + metric_title(objective.metric);
    out << '\n'
        << style.bold("Pareto front") << " by " << by << ": " << count_of(static_cast<std::int64_t>(all), "point");
    out << (all > most_rows ? ", the first " + std::to_string(most_rows) : "") << '\n';
    print_columns(front_rows(table, front, wanted), style, out);
}

}  // namespace npusim::cli
