// Labelled images, as bytes, before any normalization.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "npusim/models/graph/network.h"

namespace npusim {

/// (x/divisor − mean) / stddev, one value a channel, in the order in which the network takes the channels.
struct Normalization {
    std::vector<double> mean;
    std::vector<double> stddev;
    double divisor = 255;
    bool bgr = false;  ///< the network takes the channels in the reverse order
};

/// Images of one size, planes (C, H, W) of unsigned bytes, one image after the other; RGB or grey.
struct Dataset {
    std::string name;  ///< e.g. "CIFAR-10 test"
    TensorShape image_shape;
    std::vector<std::uint8_t> pixels;  ///< size() * image_shape.elements()
    std::vector<std::int32_t> labels;
    std::vector<std::string> class_names;
    std::string content_hash;          ///< of the files it came from, or of what was drawn
    Normalization normalization;       ///< what networks for it are usually trained with
    bool mirrored_keeps_class = true;  ///< false for digits
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
inline constexpr std::int64_t kCifar10TrainImages = 50'000;
/// The first `count` training images, in file order (what calibration uses; at most 50,000).
[[nodiscard]] Dataset read_cifar10_train(const std::filesystem::path& folder, std::int64_t count);

/// MNIST and its kin as IDX files: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte, in `folder` or in "mnist" in it; grey images of any one size, ten classes. Throws InputError
/// for a missing, truncated or overlong file, another type of IDX file or a label above 9, naming the file, the place
/// and what is allowed.
[[nodiscard]] Dataset read_mnist_test(const std::filesystem::path& folder);
/// The first `count` training images, or all.
[[nodiscard]] Dataset read_mnist_train(const std::filesystem::path& folder, std::optional<std::int64_t> count = {});

/// "cifar10:FOLDER", "mnist:FOLDER" or "images:FOLDER" ("imagenet:FOLDER" means the same) → kind and path; "shapes" or
/// "shapes:SEED" → kind and seed. Throws InputError that lists the known kinds. A relative path is looked for as it is,
/// then below `data_root` (NPUSIM_DATA) when that is not empty; "cifar10" or "mnist" alone means data_root itself.
struct DatasetName {
    std::string kind;
    std::filesystem::path path;
    std::uint64_t seed = 0;  ///< of a drawn data set
};
[[nodiscard]] DatasetName parse_dataset_name(const std::string& text, const std::filesystem::path& data_root);

/// The images of a parsed name, but for image folders, which need to know the network (folder_source.h): those are
/// refused with InputError. Of drawn data sets there are kShapesTestImages and, unless `count` says otherwise,
/// kShapesTrainImages; of files all, or the first `count`.
[[nodiscard]] Dataset read_test_images(const DatasetName& name);
[[nodiscard]] Dataset read_train_images(const DatasetName& name, std::optional<std::int64_t> count = {});

/// (x/divisor − mean) / stddev for each channel: fp32 input of a network, shape (C, H, W).
[[nodiscard]] std::vector<float> normalize_image(std::span<const std::uint8_t> image, const TensorShape& shape,
                                                 const Normalization& normalization);
[[nodiscard]] std::vector<float> normalize_image(std::span<const std::uint8_t> image, const TensorShape& shape,
                                                 const std::array<double, 3>& mean,
                                                 const std::array<double, 3>& stddev);

}  // namespace npusim
