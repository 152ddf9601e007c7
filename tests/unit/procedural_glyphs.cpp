#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>

#include "npusim/workloads/datasets/counter_random.h"
#include "workloads/datasets/shape_glyphs.h"

using npusim::shapes::Coverage;
using npusim::shapes::Placement;
using std::numbers::pi;

namespace {

double area_pixels(const Coverage& coverage) {
    return std::accumulate(coverage.begin(), coverage.end(), 0) / double{npusim::shapes::kFullCoverage};
}

/// Of a unit disc less the disc of radius r whose centre lies d away.
double crescent_area(double r, double d) {
    const double a = std::acos((d * d + 1 - r * r) / (2 * d));
    const double b = std::acos((d * d + r * r - 1) / (2 * d * r));
    const double kite = d * std::sin(a);
    return pi - (a + r * r * b - kite);
}

/// In squares of the radius; `t` runs from thin 0 to thick 1.
double area_of(int label, double t) {
    const double arm = 0.24 + 0.13 * t;
    const double star_radius = (0.33 + 0.055 * t) / std::cos(0.4 * pi);
    switch (label) {
        case 0:
            return pi;
        case 1:
            return pi * (1 - std::pow(0.68 - 0.2 * t, 2));
        case 2:
            return 4 * 0.88 * 0.88;
        case 3:
            return 4 * (0.88 * 0.88 - std::pow(0.62 - 0.19 * t, 2));
        case 4:
            return 3 * std::sqrt(3.0) * 0.58 * 0.58;
        case 5:
            return 8 * arm - 4 * arm * arm;
        case 6:
            return 4 * 0.88 * (0.88 - (0.46 - 0.18 * t));
        case 7:
            return crescent_area(0.85, 0.3 + 0.18 * t);
        case 8:
            return 5 * std::sin(0.2 * pi) * std::cos(0.4 * pi) / std::cos(0.2 * pi) * star_radius * star_radius;
        default:
            return 2 * 0.88 * 0.88;
    }
}

}  // namespace

TEST_CASE("The cosine table holds the nearest integers") {
    for (int angle = -300; angle < 600; ++angle) {
        CHECK(std::abs(npusim::shapes::cosine(angle) - 16384 * std::cos(angle * pi / 128)) < 0.501);
        CHECK(std::abs(npusim::shapes::sine(angle) - 16384 * std::sin(angle * pi / 128)) < 0.501);
    }
}

TEST_CASE("A shape covers the area of its formula at any place, size, aspect and angle") {
    std::mt19937 random(3);
    const auto draw = [&](int low, int high) { return low + static_cast<int>(random() % unsigned(high - low + 1)); };
    for (int round = 0; round < 400; ++round) {
        const int label = round % 10;
        const int thickness = draw(0, 255);
        const Placement place{draw(120, 136), draw(120, 136), draw(64, 88), draw(64, 88), draw(0, 255)};
        const double expected = area_of(label, thickness / 255.0) * place.radius_x * place.radius_y / 64;
        INFO(npusim::shapes::kGlyphNames.at(static_cast<std::size_t>(label)) << " at angle " << place.angle);
        CHECK(area_pixels(npusim::shapes::draw_glyph(label, place, thickness)) == Approx(expected).epsilon(0.03));
    }
}

TEST_CASE("A stroke covers its rectangle and nothing outside the image") {
    for (int angle = 0; angle < 256; angle += 5) {
        const Placement inside{128, 128, 80, 8, angle};
        CHECK(area_pixels(npusim::shapes::draw_stroke(inside)) == Approx(40).epsilon(0.03));
        const Placement outside{-200, 128, 80, 8, angle};
        CHECK(area_pixels(npusim::shapes::draw_stroke(outside)) == 0);
    }
}

TEST_CASE("A class that does not exist cannot be drawn") {
    CHECK_THROWS_AS(npusim::shapes::draw_glyph(-1, Placement{}, 0), std::invalid_argument);
    CHECK_THROWS_AS(npusim::shapes::draw_glyph(10, Placement{}, 0), std::invalid_argument);
}

TEST_CASE("Random numbers below a bound come equally often whichever key counts up") {
    constexpr int bound = 10;
    constexpr int draws = 50'000;
    constexpr double expected = double{draws} / bound;
    for (int varied = 0; varied < 4; ++varied) {
        std::array<int, bound> counts{};
        for (std::uint64_t i = 0; i < draws; ++i) {
            std::array<std::uint64_t, 3> keys{1, 2, 3};
            if (varied < 3) keys.at(static_cast<std::size_t>(varied)) = i;
            npusim::CounterRandom random{keys[0], keys[1], keys[2]};
            if (varied == 3) random = npusim::CounterRandom{i};
            ++counts.at(random.below(bound));
        }
        double chi_square = 0;
        for (const int count : counts) chi_square += std::pow(count - expected, 2) / expected;
        CHECK(chi_square < 33.7);  // exceeded with a chance of 10^-4 at nine degrees of freedom
    }
}

TEST_CASE("Both ends of a range are drawn") {
    npusim::CounterRandom random{5};
    int lowest = 9;
    int highest = -9;
    for (int i = 0; i < 1000; ++i) {
        const int value = random.between(-3, 2);
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
    }
    CHECK(lowest == -3);
    CHECK(highest == 2);
}
