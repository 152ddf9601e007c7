// Runs a Network in fp32 on Eigen: the baseline accuracy, and what calibration observes.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "npusim/models/graph/network.h"
#include "npusim/models/parameters.h"

namespace npusim {

/// Evaluation mode (batch norm with running statistics, no dropout, no auxiliary head). Thread-safe after
/// construction: images may run in parallel. Results do not depend on the number of threads.
class FloatExecutor {
public:
    /// `parameters` must hold every inference parameter with its shape (load_parameters sees to it).
    FloatExecutor(const Network& network, const Parameters& parameters);
    ~FloatExecutor();
    FloatExecutor(FloatExecutor&&) noexcept;

    /// Logits of one image (C, H, W, normalized).
    [[nodiscard]] std::vector<float> run(std::span<const float> image) const;

    /// The same, and `observe` sees every node's output (C, H, W) as soon as it is computed.
    using Observer = std::function<void(NodeId, std::span<const float>)>;
    std::vector<float> run(std::span<const float> image, const Observer& observe) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Random parameters for a network that nobody trained: He-normal weights, and batch-norm statistics set from the
/// activations of random images so that every layer is alive. Same seed, same bytes
/// on processors of one instruction set.
[[nodiscard]] Parameters random_parameters(const Network& network, std::uint64_t seed);

/// `count` random normalized images (C, H, W each), smooth like photographs rather than white noise.
[[nodiscard]] std::vector<std::vector<float>> random_images(const TensorShape& shape, std::int64_t count,
                                                            std::uint64_t seed);

}  // namespace npusim
