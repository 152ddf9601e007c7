// Labelled images, as bytes, before any normalization.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "npusim/models/graph/network.h"

namespace npusim {

/// Images of one size, RGB planes (C, H, W) of unsigned bytes, one after the other.
struct Dataset {
    std::string name;                     ///< e.g. "CIFAR-10 test"
    TensorShape image_shape;
    std::vector<std::uint8_t> pixels;     ///< size() * image_shape.elements()
    std::vector<std::int32_t> labels;
    std::vector<std::string> class_names;
    std::string content_hash;             ///< of the files it came from
    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
    [[nodiscard]] std::span<const std::uint8_t> image(std::int64_t index) const {
        const auto count = static_cast<std::size_t>(image_shape.elements());
        return std::span(pixels).subspan(static_cast<std::size_t>(index) * count, count);
    }
};

/// CIFAR-10's binary files (K records of one label byte and 3,072 pixels). `folder` holds test_batch.bin and
/// data_batch_1..5.bin, or holds "cifar-10-batches-bin" that does. Throws InputError for a missing or truncated
/// file or a label above 9, naming the file, the record and what is allowed.
[[nodiscard]] Dataset read_cifar10_test(const std::filesystem::path& folder);
/// The first `count` training images, in file order (what calibration uses; at most 50,000).
[[nodiscard]] Dataset read_cifar10_train(const std::filesystem::path& folder, std::int64_t count);

/// "cifar10:FOLDER" → kind and path. Throws InputError that lists the known kinds. A relative path is looked for
/// as it is, then below `data_root` (NPUSIM_DATA) when that is not empty; "cifar10" alone means data_root itself.
struct DatasetName {
    std::string kind;
    std::filesystem::path path;
};
[[nodiscard]] DatasetName parse_dataset_name(const std::string& text, const std::filesystem::path& data_root);

/// (x/255 − mean) / stddev for each channel: fp32 input of a network, shape (C, H, W).
[[nodiscard]] std::vector<float> normalize_image(std::span<const std::uint8_t> image, const TensorShape& shape,
                                                 const std::array<double, 3>& mean,
                                                 const std::array<double, 3>& stddev);

}  // namespace npusim
