#include "npusim/models/quantization/precision.h"

namespace npusim {

std::string_view name_of(Rounding rounding) {
    switch (rounding) {
        case Rounding::half_up:
            return "half_up";
        case Rounding::half_even:
            return "half_even";
        case Rounding::half_away:
            return "half_away";
        case Rounding::double_rounding:
            return "double_rounding";
    }
    return "";
}

std::string_view name_of(ScaleKind scales) {
    return scales == ScaleKind::free ? "free" : "power_of_two";
}

std::string_view name_of(Granularity granularity) {
    return granularity == Granularity::per_tensor ? "per_tensor" : "per_channel";
}

std::string_view name_of(BatchNormPlacement placement) {
    return placement == BatchNormPlacement::multiplier ? "multiplier" : "weights";
}

}  // namespace npusim
