#include "npusim/sweeps/running_front.h"

#include <algorithm>
#include <cmath>

namespace npusim {
namespace {

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
    return a != b && std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) { return x <= y; });
}

}  // namespace

void RunningFront::add(std::vector<double> values) {
    if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) return;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (objectives_.at(i).maximize) values[i] = -values[i];
    }
    const auto better = [&](const std::vector<double>& other) { return dominates(other, values); };
    if (std::any_of(costs_.begin(), costs_.end(), better)) return;
    std::erase_if(costs_, [&](const std::vector<double>& other) { return dominates(values, other); });
    costs_.push_back(std::move(values));
}

}  // namespace npusim
