#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "cli/format.h"
#include "cli/scaling_report.h"

namespace npusim::cli {
namespace {

constexpr std::size_t name_width = 19;
constexpr std::size_t column = 8;
constexpr std::size_t fit_width = 19;
constexpr double pj_per_uj = 1e6;

/// As many of four digits as leave a gap to the column before.
std::string cell(double value) {
    std::string text = with_digits(value);
    for (int digits = 3; text.size() >= column && digits > 0; --digits) text = with_digits(value, digits);
    return pad_left(text, column);
}

/// Without blanks at the end.
std::string trimmed_line(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string two_decimals(const std::optional<double>& value) {
    if (!value || !std::isfinite(*value)) return "-";
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", *value);
    return text;
}

std::string fit_text(const std::optional<PowerFit>& fit) {
    if (!fit) return "-";
    return two_decimals(fit->exponent) + " (" + two_decimals(fit->low) + ".." + two_decimals(fit->high) + ")";
}

class Printer {
public:
    Printer(const ScalingReport& report, const Style& style, std::ostream& out)
        : report_(report), style_(style), out_(out) {}

    void print() {
        head();
        series();
        if (report_.equal_area) equal_area();
        elements();
        if (report_.unchanged) changes();
        out_ << '\n';
        for (const std::string& line : wrap_text(report_.sentence, kReportWidth)) out_ << style_.bold(line) << '\n';
        notes();
    }

private:
    void wrapped(const std::string& text) {
        for (const std::string& line : wrap_text(text, kReportWidth)) out_ << line << '\n';
    }

    void head() {
        out_ << style_.bold(report_.network) << ", " << si(static_cast<double>(report_.macs), "MAC") << ", on "
             << report_.chip << ", " << report_.provenance.technology << ", " << report_.dram << '\n';
        const std::vector<ScalingPoint>& points = report_.equal_macs.points;
        const bool sums_follow = std::all_of(points.begin(), points.end(), [](const ScalingPoint& point) {
            return !point.failure.empty() || point.arch.array.accumulator_bits == 2 * point.bits + 15;
        });
        wrapped(
            std::string("Every operand has the same bits") + (sums_follow ? "; sums have 2b + 15 bits" : "") +
            ". Fits: value ~ bits^x over all precisions, with 95 % confidence; between two precisions: the exponent "
            "from one to the next.");
    }

    void heading(const std::string& title, const std::vector<ScalingPoint>& points, const std::string& last) {
        std::string line = pad_right(title, name_width);
        for (const ScalingPoint& point : points) line += pad_left(std::to_string(point.bits) + " b", column);
        out_ << '\n' << style_.bold(trimmed_line(line + pad_left(last, fit_width))) << '\n';
    }

    void values(const std::vector<ScalingRow>& rows, double unit) {
        for (const ScalingRow& row : rows) {
            std::string line = pad_right(component_title(row.component), name_width);
            for (const auto& value : row.values) line += value ? cell(*value / unit) : pad_left("-", column);
            out_ << line << pad_left(fit_text(row.fit), fit_width) << '\n';
        }
    }

    void shares(const std::vector<ScalingRow>& rows) {
        const ScalingRow& total = rows.back();
        for (const ScalingRow& row : rows) {
            if (&row == &total) continue;
            std::string line = pad_right(component_title(row.component), name_width);
            for (std::size_t i = 0; i < row.values.size(); ++i) {
                line += pad_left(row.values[i] ? percent(*row.values[i], *total.values[i]) : "-", column);
            }
            out_ << line << '\n';
        }
    }

    void local_exponents(const std::vector<ScalingRow>& rows) {
        for (const ScalingRow& row : rows) {
            std::string line = pad_right(component_title(row.component), name_width) + std::string(column, ' ');
            for (const auto& exponent : row.local_exponents) line += pad_left(two_decimals(exponent), column);
            out_ << line << '\n';
        }
    }

    /// One line of figures, a column for each precision.
    template <typename TextOf>
    void figures(const std::string& name, const std::vector<ScalingPoint>& points, const TextOf& text_of) {
        std::string line = pad_right(name, name_width);
        for (const ScalingPoint& point : points) {
            line += pad_left(point.failure.empty() ? text_of(point) : "-", column);
        }
        out_ << line << '\n';
    }

    void common_figures(const std::vector<ScalingPoint>& points) {
        figures("ms an inference", points, [](const auto& point) { return cell(point.milliseconds); });
        figures("TOPS/W", points, [](const auto& point) { return with_digits(point.tops_per_watt, 3); });
        figures("TOPS/W on chip", points,
                [](const auto& point) { return with_digits(point.tops_per_watt_on_chip, 3); });
        figures("TOPS/mm²", points, [](const auto& point) { return with_digits(point.tops_per_mm2, 3); });
    }

    void failures(const std::vector<ScalingPoint>& points) {
        for (const ScalingPoint& point : points) {
            if (point.failure.empty()) continue;
            wrapped(std::to_string(point.bits) + " bits: " + point.failure);
        }
    }

    void series() {
        const ScalingSeries& own = report_.equal_macs;
        const std::vector<ScalingPoint>& points = own.points;
        if (own.energy_pj.empty()) return failures(points);
        if (!report_.floating.empty()) floating(points);
        heading("energy, µJ", points, "x, fitted");
        values(own.energy_pj, pj_per_uj);
        figures("total, lowest", points, [](const auto& p) { return cell(p.energy_low_pj / pj_per_uj); });
        figures("total, highest", points, [](const auto& p) { return cell(p.energy_high_pj / pj_per_uj); });
        heading("share of energy, %", points, "");
        shares(own.energy_pj);
        heading("x between, energy", points, "");
        local_exponents(own.energy_pj);
        heading("area, mm²", points, "x, fitted");
        values(own.area_mm2, 1);
        figures("total, lowest", points, [](const auto& point) { return cell(point.area_low_mm2); });
        figures("total, highest", points, [](const auto& point) { return cell(point.area_high_mm2); });
        heading("x between, area", points, "");
        local_exponents(own.area_mm2);
        heading("with " + thousands(static_cast<std::uint64_t>(report_.own_macs_per_cycle)) + " MACs", points, "");
        common_figures(points);
        if (!report_.test_data.empty()) {
            figures("top-1, %", points,
                    [](const auto& point) { return point.top1 ? two_decimals(*point.top1 * 100) : std::string("-"); });
            wrapped("Top-1 on " + report_.test_data + ".");
        }
        failures(points);
    }

    /// "Versus full precision", with what is known of it.
    void floating(const std::vector<ScalingPoint>& points) {
        std::string line = pad_right("floating point", name_width);
        for (const char* title : {"µJ", "lowest", "highest", "mm²", "lowest", "highest", "ms", "TOPS/W"}) {
            line += pad_left(title, column);
        }
        out_ << '\n' << style_.bold(line) << '\n';
        for (const ScalingPoint& full : report_.floating) {
            out_ << pad_right(format_of(full), name_width) << cell(full.energy_pj.back().second / pj_per_uj)
                 << cell(full.energy_low_pj / pj_per_uj) << cell(full.energy_high_pj / pj_per_uj)
                 << cell(full.area_mm2.back().second) << cell(full.area_low_mm2) << cell(full.area_high_mm2)
                 << cell(full.milliseconds) << pad_left(with_digits(full.tops_per_watt, 3), column) << '\n';
        }
        heading("times the energy of", points, "");
        for (const ScalingPoint& full : report_.floating) {
            figures(format_of(full), points, [&](const ScalingPoint& point) {
                return with_digits(full.energy_pj.back().second / point.energy_pj.back().second, 3);
            });
        }
        heading("times the area of", points, "");
        for (const ScalingPoint& full : report_.floating) {
            figures(format_of(full), points, [&](const ScalingPoint& point) {
                return with_digits(full.area_mm2.back().second / point.area_mm2.back().second, 3);
            });
        }
        wrapped("Units of floating point are estimated; the sums of each are fp32.");
    }

    static std::string format_of(const ScalingPoint& point) { return std::string(name_of(point.arch.number_format)); }

    void equal_area() {
        const ScalingSeries& filled = *report_.equal_area;
        const std::vector<ScalingPoint>& points = filled.points;
        if (filled.energy_pj.empty()) return;
        heading("with equal area", points, "x, fitted");
        figures("MACs a cycle", points, [](const auto& point) {
            const ArraySpec& array = point.arch.array;
            return std::to_string(array.rows * array.columns * array.pe.lanes);
        });
        figures("area, mm²", points, [](const auto& point) { return cell(point.area_mm2.back().second); });
        common_figures(points);
        values({filled.energy_pj.back(), filled.energy_pj[filled.energy_pj.size() - 2]}, pj_per_uj);
        out_ << style_.dim("(energies in µJ)") << '\n';
        failures(points);
    }

    void elements() {
        constexpr std::size_t element_width = 20;
        constexpr std::size_t quantity_width = 15;
        constexpr std::size_t wide = 11;
        std::string line = pad_right("by themselves", element_width) + pad_right("", quantity_width);
        for (const char* title : {"at 8 b", "at 4 b", "x 2..8 b", "x 4 to 2 b", "x 8 to 4 b"}) {
            line += pad_left(title, wide);
        }
        out_ << '\n' << style_.bold(line + pad_left("x 16 to 8", 10)) << '\n';
        for (const ElementRow& row : report_.elements) {
            const auto at = [&](int bits) {
                const auto found = row.values.find(bits);
                return found == row.values.end() ? "-" : with_digits(found->second);
            };
            out_ << pad_right(row.element, element_width) << pad_right(row.quantity, quantity_width)
                 << pad_left(at(8), wide) << pad_left(at(4), wide) << pad_left(two_decimals(row.fit_2_to_8), wide)
                 << pad_left(two_decimals(row.exponent_2_to_4), wide)
                 << pad_left(two_decimals(row.exponent_4_to_8), wide)
                 << pad_left(two_decimals(row.exponent_8_to_16), 10) << '\n';
        }
    }

    void changes() {
        constexpr std::size_t change_width = 56;
        constexpr std::size_t wide = 11;
        std::string line = pad_right("changes at " + std::to_string(report_.changes_at) + " bits", change_width);
        for (const char* title : {"µJ", "on chip", "mm²", "ms"}) line += pad_left(title, wide);
        out_ << '\n' << style_.bold(line) << '\n';
        const ScalingPoint& own = *report_.unchanged;
        const auto row = [&](const std::string& name, double pj, double on_chip_pj, double mm2, double ms) {
            const auto lines = wrap_text(name, change_width - 1);
            for (std::size_t i = 0; i + 1 < lines.size(); ++i) out_ << lines[i] << '\n';
            out_ << pad_right(lines.back(), change_width);
            for (const double value : {pj / pj_per_uj, on_chip_pj / pj_per_uj, mm2, ms}) {
                out_ << pad_left(with_digits(value), wide);
            }
            out_ << '\n';
        };
        if (!own.failure.empty()) return wrapped(own.failure);
        row("none", own.energy_pj.back().second, own.energy_pj[own.energy_pj.size() - 2].second,
            own.area_mm2.back().second, own.milliseconds);
        for (const ScalingChange& change : report_.changes) {
            if (change.failure.empty()) {
                row(change.name, change.energy_pj, change.on_chip_pj, change.area_mm2, change.milliseconds);
            } else {
                wrapped(change.name + ": " + change.failure);
            }
        }
    }

    void notes() {
        if (!report_.notes.empty()) out_ << '\n';
        for (const std::string& note : report_.notes) {
            std::string mark = "* ";
            for (const std::string& line : wrap_text(note, kReportWidth - 2)) {
                out_ << style_.dim(mark + line) << '\n';
                mark = "  ";
            }
        }
    }

    const ScalingReport& report_;
    const Style& style_;
    std::ostream& out_;
};

}  // namespace

void print_scaling(const ScalingReport& report, const Style& style, std::ostream& out) {
    Printer(report, style, out).print();
}

}  // namespace npusim::cli
