// The ten shapes, in their own coordinates.
#pragma once

#include <array>

#include "shape_raster.h"

namespace npusim::shapes {

inline constexpr std::array kGlyphNames{"disc",  "ring", "square",   "frame", "triangle",
                                        "cross", "bars", "crescent", "star",  "checker"};

/// Coverage by the shape of a class. `thickness` in 0..255 varies holes, arms and bars within a class.
[[nodiscard]] Coverage draw_glyph(int label, const Placement& place, int thickness);

/// A filled rectangle of the placement's radii.
[[nodiscard]] Coverage draw_stroke(const Placement& place);

}  // namespace npusim::shapes
