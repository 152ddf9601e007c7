// Where training and evaluation take their batches from, whether the images lie in memory or in files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "npusim/workloads/datasets/augment.h"
#include "npusim/workloads/datasets/dataset.h"

namespace npusim {

/// Labelled images as network input. Reading is const and may be done by several threads at once.
class BatchSource {
public:
    BatchSource() = default;
    BatchSource(const BatchSource&) = delete;
    BatchSource& operator=(const BatchSource&) = delete;
    virtual ~BatchSource() = default;

    [[nodiscard]] virtual const std::string& name() const = 0;          ///< e.g. "CIFAR-10 train"
    [[nodiscard]] virtual const std::string& content_hash() const = 0;  ///< of the files, or of what was drawn
    [[nodiscard]] virtual TensorShape image_shape() const = 0;          ///< (C, H, W) as the network takes them
    [[nodiscard]] virtual std::span<const std::int32_t> labels() const = 0;
    [[nodiscard]] virtual const std::vector<std::string>& class_names() const = 0;
    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels().size()); }

    /// The images of `indices`, normalized, each (H, W, C), one after the other; `values` holds exactly those. With an
    /// epoch they are moved at random, as seed, epoch and index say and nothing else; without they are as evaluation
    /// shows them. Throws InputError for a file that cannot be read, std::out_of_range for an index outside.
    virtual void write_batch(std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                             std::span<float> values) const = 0;
};

/// The images of a data set in memory; `seed` is that of the random moves.
[[nodiscard]] std::unique_ptr<BatchSource> memory_source(Dataset dataset, const Augmentation& augmentation,
                                                         std::uint64_t seed);

/// Some images of a source, in this order; random moves stay those of the source's indices. `name` says which.
[[nodiscard]] std::unique_ptr<BatchSource> subset_source(std::shared_ptr<const BatchSource> whole,
                                                         std::vector<std::int64_t> indices, const std::string& name);

struct SplitSources {
    std::unique_ptr<BatchSource> train;
    std::unique_ptr<BatchSource> held_out;
};
/// Draws `held_out` images without replacement, as the seed says; both parts keep the source's order. Throws InputError
/// unless both parts get an image.
[[nodiscard]] SplitSources split_source(const std::shared_ptr<const BatchSource>& whole, std::int64_t held_out,
                                        std::uint64_t seed);

}  // namespace npusim
