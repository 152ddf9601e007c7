#include "npusim/workloads/datasets/folder_source.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <stdexcept>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/resize_image.h"

namespace npusim {
namespace {

RgbImage read_image_to_resize(const std::filesystem::path& path) {
    RgbImage image = read_image(path);
    // A narrower image would grow beyond all memory when its short side is brought to size.
    constexpr std::int64_t most_ratio = 100;
    const auto [shorter, longer] = std::minmax(image.width, image.height);
    if (longer > most_ratio * shorter) {
        throw InputError(path.string(), "",
                         "is " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                             ", allowed: sides that differ by a factor of 100 at most");
    }
    return image;
}

/// Interleaved to planes.
void write_planes(const RgbImage& image, std::span<std::uint8_t> planes) {
    const std::size_t plane = planes.size() / 3;
    for (std::size_t i = 0; i < plane; ++i) {
        for (std::size_t c = 0; c < 3; ++c) planes[c * plane + i] = image.pixels[3 * i + c];
    }
}

TensorShape shape_of(const Preprocessing& preprocessing) {
    return {3, preprocessing.crop_px, preprocessing.crop_px};
}

std::vector<std::int32_t> labels_of(const ImageList& list) {
    std::vector<std::int32_t> labels;
    for (const LabelledFile& file : list.files) labels.push_back(file.label);
    return labels;
}

class FolderSource final : public BatchSource {
public:
    FolderSource(ImageList list, const std::string& name, const Preprocessing& preprocessing, std::uint64_t seed)
        : list_(std::move(list)),
          name_(name),
          labels_(labels_of(list_)),
          preprocessing_(preprocessing),
          normalizer_(normalization_of(preprocessing)),
          seed_(seed) {}

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::string& content_hash() const override { return list_.content_hash; }
    [[nodiscard]] TensorShape image_shape() const override { return shape_of(preprocessing_); }
    [[nodiscard]] std::span<const std::int32_t> labels() const override { return labels_; }
    [[nodiscard]] const std::vector<std::string>& class_names() const override { return list_.class_names; }

    void write_batch(std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                     std::span<float> values) const override {
        const auto elements = static_cast<std::size_t>(image_shape().elements());
        if (values.size() != indices.size() * elements) {
            throw std::invalid_argument("a batch of " + std::to_string(indices.size()) + " images does not fill " +
                                        std::to_string(values.size()) + " values");
        }
        for (const std::int64_t index : indices) {
            if (index < 0 || index >= size()) throw std::out_of_range("a batch of image " + std::to_string(index));
        }
        tbb::parallel_for(std::size_t{0}, indices.size(), [&](std::size_t i) {
            std::vector<std::uint8_t> planes(elements);
            write_planes(shown(indices[i], epoch), planes);
            normalizer_.write_nhwc(planes, image_shape(), values.subspan(i * elements, elements));
        });
    }

private:
    [[nodiscard]] RgbImage shown(std::int64_t index, std::optional<std::uint64_t> epoch) const {
        const std::filesystem::path& path = list_.files[static_cast<std::size_t>(index)].path;
        if (!epoch) return evaluation_image(path, preprocessing_);
        const RgbImage image = read_image_to_resize(path);
        return apply_crop(image, random_crop(image.width, image.height, seed_, *epoch, index), preprocessing_.crop_px);
    }

    ImageList list_;
    std::string name_;
    std::vector<std::int32_t> labels_;
    Preprocessing preprocessing_;
    ImageNormalizer normalizer_;
    std::uint64_t seed_;
};

Dataset decode_all(const ImageList& list, const std::string& name, const Preprocessing& preprocessing) {
    Dataset dataset;
    dataset.name = name;
    dataset.image_shape = shape_of(preprocessing);
    dataset.labels = labels_of(list);
    dataset.class_names = list.class_names;
    dataset.normalization = normalization_of(preprocessing);
    const std::int64_t elements = dataset.image_shape.elements();
    if (dataset.size() > kMostImageBytes / elements) {
        throw InputError("data set " + name, "",
                         std::to_string(dataset.size()) + " images do not fit into " +
                             std::to_string(kMostImageBytes >> 30) +
                             " GiB, allowed here: " + std::to_string(kMostImageBytes / elements));
    }
    dataset.pixels.resize(static_cast<std::size_t>(dataset.size() * elements));
    tbb::parallel_for(std::int64_t{0}, dataset.size(), [&](std::int64_t i) {
        const std::span pixels(dataset.pixels);
        write_planes(evaluation_image(list.files[static_cast<std::size_t>(i)].path, preprocessing),
                     pixels.subspan(static_cast<std::size_t>(i * elements), static_cast<std::size_t>(elements)));
    });
    dataset.content_hash = content_hash(list.content_hash + content_hash(std::as_bytes(std::span(dataset.pixels))));
    return dataset;
}

std::string wanted_text(std::int64_t wanted, std::int64_t most) {
    return std::to_string(wanted) + " are wanted, outside 1.." + std::to_string(most);
}

std::int64_t checked_count(const DatasetName& name, const std::string& part, std::int64_t wanted, std::int64_t most) {
    if (wanted < 1 || wanted > most) {
        throw InputError(name.path.string(), part + " images", wanted_text(wanted, most));
    }
    return wanted;
}

ImageList without(const ImageList& list, const std::vector<std::int64_t>& left_out) {
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 0; i < std::ssize(list.files); ++i) {
        if (!std::binary_search(left_out.begin(), left_out.end(), i)) kept.push_back(i);
    }
    return take(list, kept);
}

}  // namespace

Normalization normalization_of(const Preprocessing& preprocessing) {
    return {{preprocessing.mean.begin(), preprocessing.mean.end()},
            {preprocessing.stddev.begin(), preprocessing.stddev.end()},
            preprocessing.divisor,
            preprocessing.bgr};
}

RgbImage evaluation_image(const std::filesystem::path& path, const Preprocessing& preprocessing) {
    RgbImage image = read_image_to_resize(path);
    const std::int64_t size = preprocessing.crop_px;
    if (image.width == size && image.height == size) return image;
    return resize_and_crop(image, preprocessing.resize_px, size);
}

ImageLists list_images(const DatasetName& name, const ImageUse& use) {
    ImageFolder folder = list_image_folder(name.path, use.classes);
    ImageLists lists;
    if (folder.train) {
        const std::int64_t held = std::ssize(folder.train->files);
        const std::int64_t count = checked_count(name, "training", use.train_images.value_or(held), held);
        lists.train = count == held ? *folder.train : take(*folder.train, leading_images(*folder.train, count));
        lists.test = std::move(folder.test);
    } else {
        if (!use.train_images) {
            throw InputError(name.path.string(), "",
                             "has no \"train\" and \"val\"; say how many of its images are for training");
        }
        const std::int64_t held = std::ssize(folder.test.files);
        const auto train = leading_images(folder.test, checked_count(name, "training", *use.train_images, held - 1));
        lists.train = take(folder.test, train);
        lists.test = without(folder.test, train);
    }
    lists.test_images_of = std::ssize(lists.test.files);
    if (use.test_images && *use.test_images < lists.test_images_of) {
        const std::int64_t count = checked_count(name, "test", *use.test_images, lists.test_images_of);
        lists.test = take(lists.test, leading_images(lists.test, count));
    }
    return lists;
}

std::unique_ptr<BatchSource> folder_source(ImageList list, const std::string& name, const Preprocessing& preprocessing,
                                           std::uint64_t seed) {
    return std::make_unique<FolderSource>(std::move(list), name, preprocessing, seed);
}

ImageParts open_image_folder(const DatasetName& name, const ImageUse& use) {
    ImageLists lists = list_images(name, use);
    return {folder_source(std::move(lists.train), name.path.string() + " train", use.preprocessing, use.seed),
            folder_source(std::move(lists.test), name.path.string() + " test", use.preprocessing, use.seed)};
}

ImageDatasets read_image_folder(const DatasetName& name, const ImageUse& use) {
    const ImageLists lists = list_images(name, use);
    return {decode_all(lists.train, name.path.string() + " train", use.preprocessing),
            decode_all(lists.test, name.path.string() + " test", use.preprocessing), lists.test_images_of};
}

}  // namespace npusim
