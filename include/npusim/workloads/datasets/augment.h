// Batches for training: images moved and mirrored at random, then normalized.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "npusim/workloads/datasets/dataset.h"

namespace npusim {

/// torchvision's RandomCrop (to the image's own size, from the image with a black border) and RandomHorizontalFlip.
struct Augmentation {
    int crop_padding = 4;  ///< pixels on each side; at least 0
    bool horizontal_flip = true;
};
/// Crops with 4 pixels of padding; mirrors unless that changes the class.
[[nodiscard]] Augmentation usual_augmentation(const Dataset& dataset);

/// The crop begins at this row and column of the padded image, and is mirrored afterwards.
struct ImageMove {
    int top = 0;
    int left = 0;
    bool mirrored = false;
};
/// Follows from its arguments alone, so threads may ask in any order. `image` is the index in the data set.
[[nodiscard]] ImageMove random_move(const Augmentation& augmentation, std::uint64_t seed, std::uint64_t epoch,
                                    std::int64_t image);

/// The moved image, of the same shape, black where it came from the padding. Both spans hold shape.elements() bytes.
void move_image(std::span<const std::uint8_t> image, const TensorShape& shape, int padding, const ImageMove& move,
                std::span<std::uint8_t> moved);

/// normalize_image by table: the same fp32 values to the bit, written (H, W, C).
class ImageNormalizer {
public:
    explicit ImageNormalizer(const Normalization& normalization);
    /// Throws std::invalid_argument unless the channels are those of the normalization and both spans hold
    /// shape.elements() values.
    void write_nhwc(std::span<const std::uint8_t> image, const TensorShape& shape, std::span<float> values) const;

private:
    std::vector<std::array<float, 256>> tables_;  ///< of each channel of the network
    bool bgr_;
};

/// The images of `indices` one after the other, each (H, W, C). `values` holds indices.size() images exactly, or
/// std::invalid_argument is thrown; an index outside the data set throws std::out_of_range.
void write_batch(const Dataset& dataset, std::span<const std::int64_t> indices, const ImageNormalizer& normalizer,
                 std::span<float> values);

/// The same of images moved by random_move.
void write_augmented_batch(const Dataset& dataset, std::span<const std::int64_t> indices,
                           const ImageNormalizer& normalizer, const Augmentation& augmentation, std::uint64_t seed,
                           std::uint64_t epoch, std::span<float> values);

}  // namespace npusim
