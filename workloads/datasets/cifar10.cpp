// CIFAR-10's binary version (www.cs.toronto.edu/~kriz/cifar.html): records of one label byte, then 1,024 red,
// 1,024 green and 1,024 blue bytes, row major.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <sstream>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/dataset.h"

namespace npusim {
namespace {

constexpr TensorShape image_shape{3, 32, 32};
constexpr std::size_t pixel_bytes = std::size_t{3} * 32 * 32;
constexpr std::size_t record_bytes = 1 + pixel_bytes;
constexpr std::size_t classes = 10;
constexpr int train_files = 5;

/// The folder that holds `file`: the one given, or "cifar-10-batches-bin" in it.
std::filesystem::path folder_of(const std::filesystem::path& folder, const std::string& file) {
    const std::filesystem::path inner = folder / "cifar-10-batches-bin";
    for (const auto& candidate : {folder, inner}) {
        std::error_code ignored;
        if (std::filesystem::exists(candidate / file, ignored)) return candidate;
    }
    throw InputError(folder.string(), "", "holds neither " + file + " nor cifar-10-batches-bin/" + file);
}

std::vector<std::string> class_names(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "batches.meta.txt";
    if (!std::filesystem::exists(path)) {
        return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
    }
    std::vector<std::string> names;
    std::istringstream lines(read_text_file(path));
    for (std::string line; std::getline(lines, line);) {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
        if (!line.empty()) names.push_back(line);
    }
    if (names.size() != classes) {
        throw InputError(path.string(), "", "names " + std::to_string(names.size()) + " classes, 10 are needed");
    }
    return names;
}

/// Appends at most `most` images of a file, every label checked.
void append_file(const std::filesystem::path& path, std::size_t most, Dataset& dataset) {
    const std::vector<std::byte> content = read_binary_file(path);
    if (content.empty() || content.size() % record_bytes != 0) {
        throw InputError(path.string(), "",
                         "has " + std::to_string(content.size()) + " bytes, a positive multiple of " +
                             std::to_string(record_bytes) + " is needed (one label and 3,072 pixels an image)");
    }
    dataset.content_hash += content_hash(content);
    const std::size_t records = std::min(most, content.size() / record_bytes);
    for (std::size_t i = 0; i < records; ++i) {
        const std::byte* record = content.data() + i * record_bytes;
        const auto label = std::to_integer<std::int32_t>(record[0]);
        if (label >= static_cast<std::int32_t>(classes)) {
            throw InputError(path.string(), "record " + std::to_string(i),
                             "label " + std::to_string(label) + " is outside 0..9");
        }
        dataset.labels.push_back(label);
        std::transform(record + 1, record + record_bytes, std::back_inserter(dataset.pixels),
                       [](std::byte pixel) { return std::to_integer<std::uint8_t>(pixel); });
    }
}

Dataset empty_dataset(const std::string& name, const std::filesystem::path& folder) {
    Dataset dataset;
    dataset.name = name;
    dataset.image_shape = image_shape;
    dataset.class_names = class_names(folder);
    // Of ImageNet: the published CIFAR-10 weights were trained with it.
    dataset.normalization = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
    return dataset;
}

}  // namespace

Dataset read_cifar10_test(const std::filesystem::path& folder) {
    const std::string file = "test_batch.bin";
    const std::filesystem::path found = folder_of(folder, file);
    Dataset dataset = empty_dataset("CIFAR-10 test", found);
    append_file(found / file, std::numeric_limits<std::size_t>::max(), dataset);
    return dataset;
}

Dataset read_cifar10_train(const std::filesystem::path& folder, std::int64_t count) {
    if (count < 1 || count > kCifar10TrainImages) {
        throw InputError(folder.string(), "training images",
                         std::to_string(count) + " is outside 1.." + std::to_string(kCifar10TrainImages));
    }
    const std::filesystem::path found = folder_of(folder, "data_batch_1.bin");
    Dataset dataset = empty_dataset("CIFAR-10 train", found);
    dataset.pixels.reserve(static_cast<std::size_t>(count) * pixel_bytes);
    for (int file = 1; file <= train_files && dataset.size() < count; ++file) {
        append_file(found / ("data_batch_" + std::to_string(file) + ".bin"),
                    static_cast<std::size_t>(count - dataset.size()), dataset);
    }
    if (dataset.size() < count) {
        throw InputError(found.string(), "training images",
                         std::to_string(count) + " are wanted, the five files hold " + std::to_string(dataset.size()));
    }
    dataset.content_hash = content_hash(dataset.content_hash);
    return dataset;
}

}  // namespace npusim
