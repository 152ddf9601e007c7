#include <algorithm>
#include <charconv>

#include "npusim/base/error.h"
#include "npusim/workloads/datasets/dataset.h"
#include "npusim/workloads/datasets/shapes.h"

namespace npusim {
namespace {

const std::vector<std::string>& known_kinds() {
    static const std::vector<std::string> kinds = {"cifar10", "mnist", "images", "imagenet", "shapes"};
    return kinds;
}

std::filesystem::path find_folder(const std::string& text, const std::filesystem::path& path,
                                  const std::filesystem::path& data_root) {
    std::error_code ignored;
    if (path.is_absolute() || std::filesystem::exists(path, ignored)) return path;
    std::string tried = path.string();
    if (!data_root.empty()) {
        if (std::filesystem::exists(data_root / path, ignored)) return data_root / path;
        tried += ", " + (data_root / path).string();
    }
    throw InputError("data set " + text, "",
                     "no such folder (looked for " + tried + ")" +
                         (data_root.empty() ? ", and NPUSIM_DATA names no folder to look in" : ""));
}

/// "shapes" or "shapes:SEED".
DatasetName drawn_name(const std::string& text, std::size_t colon) {
    if (colon == std::string::npos) return {"shapes", {}, kShapesSeed};
    const std::string digits = text.substr(colon + 1);
    std::uint64_t seed = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    if (problem != std::errc() || end != digits.data() + digits.size()) {
        throw InputError(
            "data set " + text, "",
            "seed \"" + digits + "\" is no integer in 0..18446744073709551615; write shapes or shapes:SEED");
    }
    return {"shapes", {}, seed};
}

void refuse_image_folder(const DatasetName& name) {
    if (name.kind != "images") return;
    throw InputError("data set images:" + name.path.string(), "",
                     "is a folder of images of any size, which is not possible here");
}

}  // namespace

DatasetName parse_dataset_name(const std::string& text, const std::filesystem::path& data_root) {
    const std::size_t colon = text.find(':');
    const std::string kind = text.substr(0, colon);
    const std::vector<std::string>& kinds = known_kinds();
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
        throw InputError(
            "data set " + text, "",
            "unknown kind \"" + kind + "\", known are " + join(kinds) + "; write KIND:FOLDER, shapes or shapes:SEED");
    }
    if (kind == "shapes") return drawn_name(text, colon);
    const bool is_images = kind == "images" || kind == "imagenet";
    if (colon != std::string::npos && colon + 1 < text.size()) {
        return {is_images ? "images" : kind, find_folder(text, text.substr(colon + 1), data_root), 0};
    }
    if (colon != std::string::npos || data_root.empty() || is_images) {
        throw InputError(
            "data set " + text, "",
            "names no folder; write " + kind + ":FOLDER" + (is_images ? "" : ", or set NPUSIM_DATA and write " + kind));
    }
    return {kind, data_root, 0};
}

Dataset read_test_images(const DatasetName& name) {
    refuse_image_folder(name);
    if (name.kind == "shapes") return make_shapes_test(kShapesTestImages, name.seed);
    return name.kind == "mnist" ? read_mnist_test(name.path) : read_cifar10_test(name.path);
}

Dataset read_train_images(const DatasetName& name, std::optional<std::int64_t> count) {
    refuse_image_folder(name);
    if (name.kind == "shapes") return make_shapes_train(count.value_or(kShapesTrainImages), name.seed);
    if (name.kind == "mnist") return read_mnist_train(name.path, count);
    return read_cifar10_train(name.path, count.value_or(kCifar10TrainImages));
}

}  // namespace npusim
