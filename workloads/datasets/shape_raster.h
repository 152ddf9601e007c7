// Integer drawing: coverage of a pixel by a shape that is turned, scaled and moved.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace npusim::shapes {

inline constexpr int kExtent = 32;  // pixels a side
inline constexpr int kPixel = 8;    // positions and radii are in eighths of a pixel
inline constexpr int kUnit = 1024;  // a shape's own coordinates: its radius
inline constexpr int kSamples = 4;  // samples of a pixel in each direction
inline constexpr int kFullCoverage = kSamples * kSamples;
inline constexpr int kTurn = 256;  // angles are in 1/256 of a turn
inline constexpr int kTrigonometryBits = 14;

/// Sixteenths of each pixel that a shape covers, row major.
using Coverage = std::array<std::uint8_t, std::size_t{kExtent} * kExtent>;

struct Placement {
    int centre_x = 0;
    int centre_y = 0;
    int radius_x = kPixel;  ///< at least 2
    int radius_y = kPixel;
    int angle = 0;
};

/// cos of every angle times 2^14, by repeated rotation in units of 2^-30: no libm, so no processor differs.
constexpr std::array<std::int32_t, kTurn> cosine_table() {
    constexpr std::int64_t step_cos = 1'073'418'433;  // cos(2π/256) · 2^30
    constexpr std::int64_t step_sin = 26'350'943;     // sin(2π/256) · 2^30
    constexpr std::int64_t half = std::int64_t{1} << 29;
    std::array<std::int32_t, kTurn> table{};
    std::int64_t c = std::int64_t{1} << 30;
    std::int64_t s = 0;
    for (auto& entry : table) {
        entry = static_cast<std::int32_t>((c + (1 << 15)) >> (30 - kTrigonometryBits));
        const std::int64_t next_c = (c * step_cos - s * step_sin + half) >> 30;
        s = (s * step_cos + c * step_sin + half) >> 30;
        c = next_c;
    }
    return table;
}

inline constexpr std::array<std::int32_t, kTurn> kCosines = cosine_table();

constexpr int cosine(int angle) {
    return kCosines[static_cast<std::size_t>(angle & (kTurn - 1))];
}
constexpr int sine(int angle) {
    return cosine(angle - kTurn / 4);
}

/// From a position relative to the centre to the shape's own coordinates: a rotation, then a scale of each axis.
class ShapeFrame {
public:
    explicit ShapeFrame(const Placement& place)
        : ux_(slope(cosine(place.angle), place.radius_x)),
          uy_(slope(sine(place.angle), place.radius_x)),
          vx_(slope(-sine(place.angle), place.radius_y)),
          vy_(slope(cosine(place.angle), place.radius_y)) {}

    [[nodiscard]] int u(int x, int y) const { return (ux_ * x + uy_ * y) >> kFractionBits; }
    [[nodiscard]] int v(int x, int y) const { return (vx_ * x + vy_ * y) >> kFractionBits; }

private:
    static constexpr int kFractionBits = 8;

    /// Below 2^21 for radii from 2 on, so that products with positions (below 2^9) fit 32 bits.
    static int slope(int ratio, int radius) { return ratio * (kUnit >> (kTrigonometryBits - kFractionBits)) / radius; }

    int ux_, uy_, vx_, vy_;
};

/// Coverage by the points for which inside(u, v); `reach` bounds |u| and |v| of such points.
template <typename Inside>
Coverage rasterize(const Placement& place, int reach, const Inside& inside) {
    const ShapeFrame frame(place);
    // No sample lies farther than 5.7 eighths from its pixel's centre; 3 more absorb the rounding.
    const int reach_u = reach + 6 * kUnit / place.radius_x + 3;
    const int reach_v = reach + 6 * kUnit / place.radius_y + 3;
    Coverage coverage{};
    for (int pixel = 0; pixel < kExtent * kExtent; ++pixel) {
        const int left = pixel % kExtent * kPixel - place.centre_x;
        const int top = pixel / kExtent * kPixel - place.centre_y;
        const int middle_x = left + kPixel / 2;
        const int middle_y = top + kPixel / 2;
        if (std::abs(frame.u(middle_x, middle_y)) > reach_u || std::abs(frame.v(middle_x, middle_y)) > reach_v)
            continue;
        int covered = 0;
        for (int sample = 0; sample < kFullCoverage; ++sample) {
            const int x = left + sample % kSamples * 2 + 1;
            const int y = top + sample / kSamples * 2 + 1;
            covered += inside(frame.u(x, y), frame.v(x, y)) ? 1 : 0;
        }
        coverage[static_cast<std::size_t>(pixel)] = static_cast<std::uint8_t>(covered);
    }
    return coverage;
}

}  // namespace npusim::shapes
