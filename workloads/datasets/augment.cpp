#include "npusim/workloads/datasets/augment.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "npusim/workloads/datasets/counter_random.h"
#include "random_purpose.h"

namespace npusim {
namespace {

/// Row `y` of a plane shifted by `shift` columns: black, then what of the row is left, then black.
void copy_row(const std::uint8_t* row, std::int64_t width, std::int64_t shift, std::uint8_t* to) {
    const std::int64_t begin = std::clamp<std::int64_t>(-shift, 0, width);
    const std::int64_t end = std::clamp<std::int64_t>(width - shift, begin, width);
    std::fill(to, to + begin, std::uint8_t{0});
    if (begin < end) std::copy(row + begin + shift, row + end + shift, to + begin);
    std::fill(to + end, to + width, std::uint8_t{0});
}

/// Hands each image of the batch and the place of its values to `write`.
template <typename Write>
void for_each_image(const Dataset& dataset, std::span<const std::int64_t> indices, std::span<float> values,
                    const Write& write) {
    const auto elements = static_cast<std::size_t>(dataset.image_shape.elements());
    if (values.size() != indices.size() * elements) {
        throw std::invalid_argument("a batch of " + std::to_string(indices.size()) + " images does not fill " +
                                    std::to_string(values.size()) + " values");
    }
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (indices[i] < 0 || indices[i] >= dataset.size()) {
            throw std::out_of_range("a batch of image " + std::to_string(indices[i]));
        }
        write(indices[i], dataset.image(indices[i]), values.subspan(i * elements, elements));
    }
}

}  // namespace

Augmentation usual_augmentation(const Dataset& dataset) {
    return {4, dataset.mirrored_keeps_class};
}

ImageMove random_move(const Augmentation& augmentation, std::uint64_t seed, std::uint64_t epoch, std::int64_t image) {
    CounterRandom random{key_of(RandomPurpose::augment), seed, epoch, static_cast<std::uint64_t>(image)};
    ImageMove move;
    move.top = random.between(0, 2 * augmentation.crop_padding);
    move.left = random.between(0, 2 * augmentation.crop_padding);
    move.mirrored = augmentation.horizontal_flip && random.below(2) == 1;
    return move;
}

void move_image(std::span<const std::uint8_t> image, const TensorShape& shape, int padding, const ImageMove& move,
                std::span<std::uint8_t> moved) {
    if (std::ssize(image) != shape.elements() || moved.size() != image.size()) {
        throw std::invalid_argument("move_image: " + std::to_string(image.size()) + " and " +
                                    std::to_string(moved.size()) + " pixels");
    }
    for (std::int64_t line = 0; line < shape.channels * shape.height; ++line) {
        const std::int64_t source = line % shape.height + move.top - padding;
        std::uint8_t* to = moved.data() + line * shape.width;
        if (source < 0 || source >= shape.height) {
            std::fill(to, to + shape.width, std::uint8_t{0});
            continue;
        }
        const std::int64_t row = line / shape.height * shape.height + source;
        copy_row(image.data() + row * shape.width, shape.width, move.left - padding, to);
        if (move.mirrored) std::reverse(to, to + shape.width);
    }
}

ImageNormalizer::ImageNormalizer(const Normalization& normalization) : bgr_(normalization.bgr) {
    const auto& [mean, stddev, divisor, bgr] = normalization;
    if (mean.size() != stddev.size()) throw std::invalid_argument("ImageNormalizer: means and deviations differ");
    std::vector<std::uint8_t> bytes(256);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    for (std::size_t channel = 0; channel < mean.size(); ++channel) {
        const auto values = normalize_image(bytes, {1, 16, 16}, {{mean[channel]}, {stddev[channel]}, divisor});
        std::copy(values.begin(), values.end(), tables_.emplace_back().begin());
    }
}

void ImageNormalizer::write_nhwc(std::span<const std::uint8_t> image, const TensorShape& shape,
                                 std::span<float> values) const {
    if (shape.channels != std::ssize(tables_) || std::ssize(image) != shape.elements() ||
        values.size() != image.size()) {
        throw std::invalid_argument("write_nhwc: " + std::to_string(image.size()) + " pixels of " +
                                    std::to_string(shape.channels) + " channels");
    }
    const std::size_t channels = tables_.size();
    const std::size_t plane = image.size() / channels;
    for (std::size_t channel = 0; channel < channels; ++channel) {
        const std::uint8_t* from = image.data() + (bgr_ ? channels - 1 - channel : channel) * plane;
        for (std::size_t i = 0; i < plane; ++i) values[i * channels + channel] = tables_[channel][from[i]];
    }
}

void write_batch(const Dataset& dataset, std::span<const std::int64_t> indices, const ImageNormalizer& normalizer,
                 std::span<float> values) {
    for_each_image(dataset, indices, values, [&](std::int64_t, auto image, std::span<float> to) {
        normalizer.write_nhwc(image, dataset.image_shape, to);
    });
}

void write_augmented_batch(const Dataset& dataset, std::span<const std::int64_t> indices,
                           const ImageNormalizer& normalizer, const Augmentation& augmentation, std::uint64_t seed,
                           std::uint64_t epoch, std::span<float> values) {
    std::vector<std::uint8_t> moved(static_cast<std::size_t>(dataset.image_shape.elements()));
    for_each_image(dataset, indices, values, [&](std::int64_t index, auto image, std::span<float> to) {
        const ImageMove move = random_move(augmentation, seed, epoch, index);
        move_image(image, dataset.image_shape, augmentation.crop_padding, move, moved);
        normalizer.write_nhwc(moved, dataset.image_shape, to);
    });
}

}  // namespace npusim
