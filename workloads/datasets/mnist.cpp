#include <algorithm>
#include <iterator>

#include "idx.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/dataset.h"

namespace npusim {
namespace {

constexpr int classes = 10;

std::filesystem::path folder_of(const std::filesystem::path& folder, const std::string& file) {
    for (const auto& candidate : {folder, folder / "mnist"}) {
        std::error_code ignored;
        if (std::filesystem::exists(candidate / file, ignored)) return candidate;
        if (std::filesystem::exists(candidate / (file + ".gz"), ignored)) {
            throw InputError((candidate / (file + ".gz")).string(), "", "is packed, unpack it with gunzip first");
        }
    }
    throw InputError(folder.string(), "", "holds neither " + file + " nor mnist/" + file);
}

std::int64_t wanted_images(const std::filesystem::path& path, std::int64_t held, std::optional<std::int64_t> count) {
    if (count && (*count < 1 || *count > held)) {
        throw InputError(path.string(), "images",
                         std::to_string(*count) + " are wanted, outside 1.." + std::to_string(held));
    }
    return count.value_or(held);
}

/// The first `count` labels, all of the file checked.
std::vector<std::int32_t> read_labels(const std::filesystem::path& path, const IdxFile& labels, std::int64_t count) {
    std::vector<std::int32_t> values;
    for (const std::byte byte : labels.values()) {
        const auto label = std::to_integer<std::int32_t>(byte);
        if (label >= classes) {
            throw InputError(path.string(), "record " + std::to_string(values.size()),
                             "label " + std::to_string(label) + " is outside 0..9");
        }
        values.push_back(label);
    }
    values.resize(static_cast<std::size_t>(count));
    return values;
}

Dataset read_part(const std::filesystem::path& folder, const std::string& part, const std::string& name,
                  std::optional<std::int64_t> count) {
    const std::string images_name = part + "-images-idx3-ubyte";
    const std::filesystem::path found = folder_of(folder, images_name);
    const std::filesystem::path labels_path = found / (part + "-labels-idx1-ubyte");
    const IdxFile images = read_idx_file(found / images_name, 3);
    const IdxFile labels = read_idx_file(labels_path, 1);
    if (labels.extents[0] != images.extents[0]) {
        throw InputError(labels_path.string(), "byte 4",
                         "holds " + std::to_string(labels.extents[0]) + " labels, " + images_name + " has " +
                             std::to_string(images.extents[0]) + " images");
    }
    Dataset dataset;
    dataset.name = name;
    dataset.image_shape = {1, images.extents[1], images.extents[2]};
    const std::int64_t wanted = wanted_images(found / images_name, images.extents[0], count);
    dataset.labels = read_labels(labels_path, labels, wanted);
    const auto bytes = images.values().first(static_cast<std::size_t>(wanted * dataset.image_shape.elements()));
    std::transform(bytes.begin(), bytes.end(), std::back_inserter(dataset.pixels),
                   [](std::byte pixel) { return std::to_integer<std::uint8_t>(pixel); });
    for (int digit = 0; digit < classes; ++digit) dataset.class_names.push_back(std::to_string(digit));
    dataset.content_hash = content_hash(content_hash(images.content) + content_hash(labels.content));
    dataset.normalization = {{0.1307}, {0.3081}};  // of MNIST's training images
    dataset.mirrored_keeps_class = false;
    return dataset;
}

}  // namespace

Dataset read_mnist_test(const std::filesystem::path& folder) {
    return read_part(folder, "t10k", "MNIST test", {});
}

Dataset read_mnist_train(const std::filesystem::path& folder, std::optional<std::int64_t> count) {
    return read_part(folder, "train", "MNIST train", count);
}

}  // namespace npusim
