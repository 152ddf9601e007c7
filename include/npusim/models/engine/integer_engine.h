// The fast integer engine: the same integers as the reference and the machine, at the processor's speed.
#pragma once

#include <memory>
#include <span>

#include "npusim/models/quantization/quantized_network.h"
#include "npusim/models/quantization/reference.h"

namespace npusim {

/// Convolutions run as matrix products in float where every partial sum stays below 2^24 (long reductions in
/// slices), in double below 2^53. Thread-safe after construction. `network` must outlive the engine and have weights.
class IntegerEngine {
public:
    explicit IntegerEngine(const QuantizedNetwork& network);
    ~IntegerEngine();
    IntegerEngine(IntegerEngine&&) noexcept;

    /// Logits (integers of the output tensor) of one quantized image (C, H, W).
    [[nodiscard]] std::vector<std::int32_t> run(std::span<const std::int32_t> image) const;
    /// All tensors, indexed as QuantizedNetwork::tensors.
    [[nodiscard]] std::vector<IntegerTensor> run_all(std::span<const std::int32_t> image) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The normalized image as signed integers of the network's input tensor: what the loader does.
[[nodiscard]] std::vector<std::int32_t> quantize_image(const QuantizedNetwork& network, std::span<const float> image);

}  // namespace npusim
