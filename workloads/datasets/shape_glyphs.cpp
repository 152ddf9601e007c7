#include "shape_glyphs.h"

#include <algorithm>
#include <stdexcept>

namespace npusim::shapes {
namespace {

constexpr int kGlyphReach = kUnit * 5 / 4;

/// A fraction of the radius, in thousandths, that grows with the thickness.
int fraction(int thin, int thick, int thickness) {
    return kUnit * (thin * 255 + (thick - thin) * thickness) / 255'000;
}

bool in_disc(int u, int v, int radius) {
    return u * u + v * v <= radius * radius;
}
bool in_square(int u, int v, int half) {
    return std::max(std::abs(u), std::abs(v)) <= half;
}

/// Half planes at the five multiples of 72°; a point of the pentagram lies outside at most one of them.
bool in_star(int u, int v, int inner) {
    constexpr std::array<std::array<int, 2>, 5> normals{
        {{1024, 0}, {316, 974}, {-828, 602}, {-828, -602}, {316, -974}}};
    int outside = 0;
    for (const auto& [nu, nv] : normals) outside += nu * u + nv * v > inner * kUnit ? 1 : 0;
    return outside <= 1;
}

bool in_triangle(int u, int v) {
    constexpr int inner = kUnit * 58 / 100;
    constexpr int cos30 = 887;
    return -u <= inner && u * kUnit / 2 + std::abs(v) * cos30 <= inner * kUnit;
}

Coverage draw_round(int label, const Placement& place, int thickness) {
    const auto draw = [&](const auto& inside) { return rasterize(place, kGlyphReach, inside); };
    const int hole = fraction(680, 480, thickness);
    const int bite = fraction(300, 480, thickness);
    const int arm = fraction(330, 385, thickness);
    switch (label) {
        case 0:
            return draw([](int u, int v) { return in_disc(u, v, kUnit); });
        case 1:
            return draw([hole](int u, int v) { return in_disc(u, v, kUnit) && !in_disc(u, v, hole); });
        case 7:
            return draw(
                [bite](int u, int v) { return in_disc(u, v, kUnit) && !in_disc(u - bite, v, kUnit * 85 / 100); });
        default:
            return draw([arm](int u, int v) { return in_star(u, v, arm); });
    }
}

Coverage draw_straight(int label, const Placement& place, int thickness) {
    const auto draw = [&](const auto& inside) { return rasterize(place, kGlyphReach, inside); };
    constexpr int half = kUnit * 88 / 100;
    const int hole = fraction(620, 430, thickness);
    const int arm = fraction(240, 370, thickness);
    const int gap = fraction(460, 280, thickness);
    switch (label) {
        case 2:
            return draw([](int u, int v) { return in_square(u, v, half); });
        case 3:
            return draw([hole](int u, int v) { return in_square(u, v, half) && !in_square(u, v, hole); });
        case 4:
            return draw([](int u, int v) { return in_triangle(u, v); });
        case 5:
            return draw(
                [arm](int u, int v) { return in_square(u, v, kUnit) && std::min(std::abs(u), std::abs(v)) <= arm; });
        case 6:
            return draw([gap](int u, int v) { return in_square(u, v, half) && std::abs(v) >= gap; });
        default:
            return draw([](int u, int v) { return in_square(u, v, half) && (u > 0) == (v > 0); });
    }
}

}  // namespace

Coverage draw_glyph(int label, const Placement& place, int thickness) {
    if (label < 0 || label >= static_cast<int>(kGlyphNames.size())) throw std::invalid_argument("draw_glyph: label");
    const bool round = label <= 1 || label == 7 || label == 8;
    return round ? draw_round(label, place, thickness) : draw_straight(label, place, thickness);
}

Coverage draw_stroke(const Placement& place) {
    return rasterize(place, kUnit, [](int u, int v) { return in_square(u, v, kUnit); });
}

}  // namespace npusim::shapes
