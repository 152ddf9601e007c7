// The fast integer engine: the same integers as the reference and the machine, at the processor's speed.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "npusim/models/quantization/quantized_network.h"
#include "npusim/models/quantization/reference.h"

namespace npusim {

enum class EngineKernels {
    /// Convolutions of at most 8 bits run on the processor's integer dot products where those are exact (oneDNN), the
    /// others as below.
    fastest,
    /// Convolutions run as matrix products in float where every partial sum stays below 2^24 (long reductions in
    /// slices), in double below 2^53.
    portable,
};

/// Images go through the network some at a time. The integers depend on neither how many those are, nor the kernels,
/// nor the threads. Thread-safe after construction. `network` must outlive the engine and have weights.
class IntegerEngine {
public:
    explicit IntegerEngine(const QuantizedNetwork& network, EngineKernels kernels = EngineKernels::fastest);
    ~IntegerEngine();
    IntegerEngine(IntegerEngine&&) noexcept;

    /// Logits (integers of the output tensor) of one quantized image (C, H, W), on the calling thread.
    [[nodiscard]] std::vector<std::int32_t> run(std::span<const std::int32_t> image) const;
    /// All tensors, indexed as QuantizedNetwork::tensors.
    [[nodiscard]] std::vector<IntegerTensor> run_all(std::span<const std::int32_t> image) const;

    /// Logits of any number of images, one after the other as the images are, on all threads of oneTBB.
    [[nodiscard]] std::vector<std::int32_t> run_batch(std::span<const std::int32_t> images) const;

    /// Writes image `index` (C, H, W) into `image`.
    using ImageSource = std::function<void(std::int64_t index, std::span<std::int32_t> image)>;
    using LogitsSink = std::function<void(std::int64_t index, std::span<const std::int32_t> logits)>;
    /// The same for images 0 … count−1 made on the way. Several threads call both functions at the same time, each
    /// index once.
    void run_each(std::int64_t count, const ImageSource& source, const LogitsSink& sink) const;

    /// Images that go through the network together.
    [[nodiscard]] std::int64_t images_at_once() const;
    /// Convolutions that run on the processor's integer dot products.
    [[nodiscard]] std::int64_t convolutions_in_bytes() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The normalized image as signed integers of the network's input tensor: what the loader does.
[[nodiscard]] std::vector<std::int32_t> quantize_image(const QuantizedNetwork& network, std::span<const float> image);

}  // namespace npusim
