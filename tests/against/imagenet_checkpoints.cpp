// The published ImageNet checkpoints of FD-MobileNet 0.5 and SqueezeNet 1.1 against what PyTorch computed with them on
// 1,000 labelled images.
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/exchange/safetensors.h"
#include "npusim/workloads/datasets/folder_source.h"
#include "support/test_data.h"

namespace npusim {
namespace {

constexpr std::int64_t reference_px = 224;  ///< of the images, and of the reference's input

struct Case {
    Network network;
    Preprocessing preprocessing;
    SafetensorsFile reference;
    Parameters parameters;
};

Case load_case(const std::filesystem::path& data, const std::string& model, const std::string& file) {
    const ZooEntry& entry = zoo_entry(model);
    Case loaded{
        make_network(model), *entry.preprocessing, read_safetensors(data / "ref" / (file + ".safetensors")), {}};
    loaded.parameters = load_parameters(read_safetensors(data / "models" / (file + ".safetensors")), loaded.network);
    return loaded;
}

template <typename T>
std::vector<T> values_of(const SafetensorsFile& file, const std::string& name) {
    const auto& bytes = file.tensors.at(name).bytes;
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

/// Planes of `from` x `from` enlarged between the centres of their pixels, in real numbers: the reference did not round
/// to bytes in between, as an image file would.
std::vector<float> enlarged(const std::vector<float>& planes, std::int64_t from, std::int64_t to) {
    const auto place = [&](std::int64_t i) {
        const float centre =
            (static_cast<float>(i) + 0.5F) * (static_cast<float>(from) / static_cast<float>(to)) - 0.5F;
        return std::clamp(centre, 0.0F, static_cast<float>(from - 1));
    };
    std::vector<float> result;
    for (std::int64_t c = 0; c < std::ssize(planes) / (from * from); ++c) {
        const float* plane = planes.data() + c * from * from;
        for (std::int64_t y = 0; y < to; ++y) {
            const float fy = place(y);
            const auto top = static_cast<std::int64_t>(fy);
            const std::int64_t below = std::min(top + 1, from - 1);
            for (std::int64_t x = 0; x < to; ++x) {
                const float fx = place(x);
                const auto left = static_cast<std::int64_t>(fx);
                const std::int64_t right = std::min(left + 1, from - 1);
                const float share_x = fx - static_cast<float>(left);
                const float share_y = fy - static_cast<float>(top);
                const float upper = plane[top * from + left] * (1 - share_x) + plane[top * from + right] * share_x;
                const float lower = plane[below * from + left] * (1 - share_x) + plane[below * from + right] * share_x;
                result.push_back(upper * (1 - share_y) + lower * share_y);
            }
        }
    }
    return result;
}

/// A 224x224 image as the reference took it: normalized, then enlarged where the network wants more.
std::vector<float> reference_input(const Case& loaded, std::span<const std::uint8_t> image) {
    const TensorShape shape{3, reference_px, reference_px};
    std::vector<float> planes = normalize_image(image, shape, normalization_of(loaded.preprocessing));
    const std::int64_t wanted = loaded.network.input_shape().height;
    return wanted == reference_px ? planes : enlarged(planes, reference_px, wanted);
}

Dataset dataset_of(const ImageList& list, std::int64_t count, const Preprocessing& preprocessing) {
    Dataset dataset;
    dataset.image_shape = {3, preprocessing.crop_px, preprocessing.crop_px};
    const auto plane = static_cast<std::size_t>(preprocessing.crop_px * preprocessing.crop_px);
    dataset.pixels.resize(static_cast<std::size_t>(count) * 3 * plane);
    for (std::int64_t i = 0; i < count; ++i) {
        dataset.labels.push_back(list.files[static_cast<std::size_t>(i)].label);
    }
    tbb::parallel_for(std::int64_t{0}, count, [&](std::int64_t i) {
        const RgbImage image = evaluation_image(list.files[static_cast<std::size_t>(i)].path, preprocessing);
        const std::size_t begin = static_cast<std::size_t>(i) * 3 * plane;
        for (std::size_t k = 0; k < 3 * plane; ++k) dataset.pixels[begin + k % 3 * plane + k / 3] = image.pixels[k];
    });
    return dataset;
}

template <typename InputOf>
std::vector<std::vector<float>> logits_of(const Case& loaded, std::int64_t count, const InputOf& input_of) {
    const FloatExecutor executor(loaded.network, loaded.parameters);
    std::vector<std::vector<float>> logits(static_cast<std::size_t>(count));
    tbb::parallel_for(std::int64_t{0}, count,
                      [&](std::int64_t i) { logits[static_cast<std::size_t>(i)] = executor.run(input_of(i)); });
    return logits;
}

std::int32_t argmax(const std::vector<float>& logits) {
    return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// How many of the other classes have a larger logit.
std::int64_t rank_of(const std::vector<float>& logits, std::int32_t label) {
    const float own = logits[static_cast<std::size_t>(label)];
    return std::count_if(logits.begin(), logits.end(), [&](float logit) { return logit > own; });
}

void check_logits(const Case& loaded) {
    const auto pixels = values_of<std::uint8_t>(loaded.reference, "input_u8");
    const auto reference = values_of<float>(loaded.reference, "logits");
    constexpr std::size_t elements = 3 * reference_px * reference_px;
    REQUIRE(pixels.size() == 2 * elements);
    const auto logits = logits_of(loaded, 2, [&](std::int64_t i) {
        return reference_input(loaded, std::span(pixels).subspan(static_cast<std::size_t>(i) * elements, elements));
    });
    float worst = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        worst = std::max(worst, std::abs(logits[i / 1000][i % 1000] - reference[i]));
    }
    CHECK(worst < 2e-4F);
}

/// Images 0..count−1 as the reference took them: the same class on every image, and the reference's top-5.
void check_predictions(const std::filesystem::path& data, const Case& loaded, std::int64_t count, int top1, int top5) {
    Preprocessing as_stored = loaded.preprocessing;
    as_stored.crop_px = as_stored.resize_px = reference_px;
    const ImageList list = list_image_folder(data / "imagenet-nips17", 1000).test;
    REQUIRE(list.files.size() == 1000);
    const Dataset images = dataset_of(list, count, as_stored);
    const auto reference = values_of<std::int32_t>(loaded.reference, "pred");
    const auto labels = values_of<std::int32_t>(loaded.reference, "label");
    const auto logits =
        logits_of(loaded, count, [&](std::int64_t i) { return reference_input(loaded, images.image(i)); });
    int right = 0;
    int among_five = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        CAPTURE(i, list.files[i].path.filename().string());
        REQUIRE(images.labels[i] == labels[i]);
        CHECK(argmax(logits[i]) == reference[i]);
        right += argmax(logits[i]) == labels[i] ? 1 : 0;
        among_five += rank_of(logits[i], labels[i]) < 5 ? 1 : 0;
    }
    CHECK(right == top1);
    CHECK(among_five == top5);
}

}  // namespace

TEST_CASE("The fp32 executor gives PyTorch's logits for FD-MobileNet 0.5 and SqueezeNet 1.1") {
    const auto data = test::data_folder("ref/imagenet_fdmobilenet_0.5.safetensors");
    if (!data) return;
    check_logits(load_case(*data, "fdmobilenet_0_5", "imagenet_fdmobilenet_0.5"));
    check_logits(load_case(*data, "squeezenet1_1", "imagenet_squeezenet1.1_fp16"));
}

TEST_CASE("The first pixels of the labelled images are those that the reference decoded") {
    const auto data = test::data_folder("ref/imagenet_fdmobilenet_0.5.safetensors");
    if (!data) return;
    const Case loaded = load_case(*data, "fdmobilenet_0_5", "imagenet_fdmobilenet_0.5");
    const ImageList list = list_image_folder(*data / "imagenet-nips17", 1000).test;
    const Dataset images = dataset_of(list, 2, loaded.preprocessing);
    CHECK(images.pixels == values_of<std::uint8_t>(loaded.reference, "input_u8"));
}

TEST_CASE("In fp32 FD-MobileNet 0.5 predicts PyTorch's class on every image, 58.6 % rightly, 82.9 % among five") {
    const auto data = test::data_folder("ref/imagenet_fdmobilenet_0.5.safetensors");
    if (!data) return;
    check_predictions(*data, load_case(*data, "fdmobilenet_0_5", "imagenet_fdmobilenet_0.5"), 1000, 586, 829);
}

TEST_CASE("In fp32 SqueezeNet 1.1 predicts PyTorch's class on every image, 45.1 % rightly, 72.1 % among five") {
    const auto data = test::data_folder("ref/imagenet_squeezenet1.1_fp16.safetensors");
    if (!data) return;
    check_predictions(*data, load_case(*data, "squeezenet1_1", "imagenet_squeezenet1.1_fp16"), 1000, 451, 721);
}

TEST_CASE("Rounding SqueezeNet's enlarged images to bytes changes no clear prediction") {
    const auto data = test::data_folder("ref/imagenet_squeezenet1.1_fp16.safetensors");
    if (!data) return;
    const Case loaded = load_case(*data, "squeezenet1_1", "imagenet_squeezenet1.1_fp16");
    const ImageList list = list_image_folder(*data / "imagenet-nips17", 1000).test;
    constexpr std::int64_t count = 1000;
    const Dataset images = dataset_of(list, count, loaded.preprocessing);
    const auto reference = values_of<std::int32_t>(loaded.reference, "pred");
    const auto logits = logits_of(loaded, count, [&](std::int64_t i) {
        return normalize_image(images.image(i), images.image_shape, normalization_of(loaded.preprocessing));
    });
    int differing = 0;
    int right = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        right += argmax(logits[i]) == images.labels[i] ? 1 : 0;
        if (argmax(logits[i]) == reference[i]) continue;
        ++differing;
        const float lead =
            *std::max_element(logits[i].begin(), logits[i].end()) - logits[i][static_cast<std::size_t>(reference[i])];
        CAPTURE(i, list.files[i].path.filename().string());
        CHECK(lead < 0.25F);  // how far a half step of a byte in every pixel moved logits of the reference
    }
    CHECK(differing <= 25);
    CHECK(right == 448);  // 451 without the rounding
}

}  // namespace npusim
