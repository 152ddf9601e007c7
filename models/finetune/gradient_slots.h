// Memory of the activations' gradients: one lives from the backward pass of the last stage that reads the tensor to
// that of the first stage that writes it, and shares its place with others that live at other times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

struct GradientSlots {
    std::vector<std::optional<std::size_t>> of_tensor;  ///< none: the tensor needs no gradient
    std::vector<std::int64_t> elements;                 ///< of one image, for each slot
};

/// The slots of a network whose stages run backward in reverse order. Tensors whose gradients live at the same time get
/// different slots; the network's input gets none. Where nothing is quantized (`plain`), a stage reads its own
/// gradient once more while the stage before it runs, and the gradient of a residual that no later stage reads takes
/// the place of the stage's own, from which it differs by ReLU only.
[[nodiscard]] GradientSlots plan_gradient_slots(const QuantizedNetwork& network, bool plain);

}  // namespace npusim
