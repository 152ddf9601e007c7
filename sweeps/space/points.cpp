#include <algorithm>
#include <cstddef>

#include "axis_values.h"
#include "chip_maker.h"
#include "fields.h"
#include "npusim/sweeps/sweep_spec.h"
#include "sampler.h"
#include "space_check.h"

namespace npusim {
namespace {

using namespace design_space;

/// Turns numbers of combinations into points; networks of the same chip come one after the other and share it.
class PointMaker {
public:
    PointMaker(const SweepSpec& spec, const Grid& grid, ChipMaker& chips, Problems& problems)
        : spec_(&spec), grid_(&grid), chips_(&chips), problems_(&problems) {}

    /// Nothing where a constraint is not met.
    std::optional<SweepPoint> make(std::int64_t index) {
        const std::vector<std::size_t> digits = grid_->digits(index);
        const auto networks = static_cast<std::int64_t>(std::max<std::size_t>(spec_->networks.size(), 1));
        SweepPoint point;
        point.index = index;
        if (!spec_->networks.empty()) point.network = spec_->networks[digits.back()];
        for (std::size_t a = 0; a < spec_->axes.size(); ++a) {
            const SweepAxis& axis = spec_->axes[a];
            for (std::size_t f = 0; f < axis.fields.size(); ++f) {
                point.settings.emplace_back(axis.fields[f], axis.settings[digits[a]][f]);
                if (axis.fields[f] == network_field) point.network = point.settings.back().second.get<std::string>();
                if (axis.fields[f] == batch_field) point.batch = point.settings.back().second.get<std::int64_t>();
            }
        }
        if (last_chip_number_ != index / networks) last_chip_ = chips_->make(point.settings, *problems_);
        last_chip_number_ = index / networks;
        if (!last_chip_.in_space) return std::nullopt;
        point.arch = last_chip_.arch;
        point.impossible = last_chip_.impossible;
        return point;
    }

private:
    const SweepSpec* spec_;
    const Grid* grid_;
    ChipMaker* chips_;
    Problems* problems_;
    std::int64_t last_chip_number_ = -1;
    Chip last_chip_;
};

/// Stops at the first combination with problems: the others would have the same.
std::vector<SweepPoint> collect(const SweepSpec& spec, ChipMaker& chips, Problems& problems) {
    const Grid grid(spec);
    PointMaker maker(spec, grid, chips, problems);
    const Candidates next = candidates_of(grid, spec.sample);
    const bool is_sample = spec.sample.kind != SampleKind::all;
    const auto wanted = static_cast<std::size_t>(is_sample ? spec.sample.points : most_points);
    std::vector<SweepPoint> points;
    std::int64_t looked_at = 0;
    for (auto index = next(); index && looked_at < most_points; index = next(), ++looked_at) {
        std::optional<SweepPoint> point = maker.make(*index);
        problems.finish();
        if (point) points.push_back(std::move(*point));
        if (points.size() == wanted) break;
    }
    if (points.empty()) {
        problems.note("/constraints", "none of " + std::to_string(looked_at) + " combinations of the axes meets them");
    }
    problems.finish();
    return points;
}

}  // namespace

std::vector<SweepPoint> points_of(const SweepSpec& spec, const ArchSpec& base, const AreaOf& area_of,
                                  const std::string& file) {
    // A spec that a program made is held to the rules of one that was read.
    const SweepSpec checked = parse_sweep(to_json(spec), file);
    Problems problems(file);
    ChipMaker chips(checked, base, area_of);
    check_against_chip(checked, base, chips, problems);
    problems.finish();
    std::vector<SweepPoint> points = collect(checked, chips, problems);
    std::sort(points.begin(), points.end(), [](const SweepPoint& a, const SweepPoint& b) { return a.index < b.index; });
    return points;
}

}  // namespace npusim
