// The fp32 executor against the logits and predictions that PyTorch computed with the published CIFAR-10 checkpoints.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <thread>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/exchange/safetensors.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/workloads/datasets/dataset.h"
#include "support/test_data.h"

namespace npusim {

namespace {

constexpr std::array<double, 3> kMean{0.485, 0.456, 0.406};
constexpr std::array<double, 3> kDeviation{0.229, 0.224, 0.225};

struct Case {
    Network network;
    SafetensorsFile reference;
    Parameters parameters;
};

Case load_case(const std::filesystem::path& data, const std::string& model) {
    Case loaded{make_network(model), read_safetensors(data / "ref" / ("cifar10_" + model + ".safetensors")), {}};
    const auto checkpoint = read_safetensors(data / "models" / ("cifar10_" + model + ".safetensors"));
    loaded.parameters = load_parameters(checkpoint, loaded.network);
    return loaded;
}

template <typename T>
std::vector<T> values_of(const SafetensorsFile& file, const std::string& name) {
    const auto& bytes = file.tensors.at(name).bytes;
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

std::int32_t argmax(const std::vector<float>& logits) {
    return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

float margin_of(std::vector<float> logits) {
    std::sort(logits.begin(), logits.end(), std::greater<>());
    return logits[0] - logits[1];
}

std::vector<std::vector<float>> logits_of_all(const FloatExecutor& executor, const Dataset& images) {
    std::vector<std::vector<float>> logits(static_cast<std::size_t>(images.size()));
    std::atomic<std::int64_t> next = 0;
    const auto work = [&] {
        for (std::int64_t i = next++; i < images.size(); i = next++) {
            const auto image = normalize_image(images.image(i), images.image_shape, kMean, kDeviation);
            logits[static_cast<std::size_t>(i)] = executor.run(image);
        }
    };
    std::thread other(work);
    work();
    other.join();
    return logits;
}

void check_whole_set(const std::filesystem::path& data, const std::string& model, int expected_correct) {
    const Case loaded = load_case(data, model);
    const FloatExecutor executor(loaded.network, loaded.parameters);
    const Dataset images = read_cifar10_test(data);
    const auto reference = values_of<std::int32_t>(loaded.reference, "pred");
    REQUIRE(images.size() == static_cast<std::int64_t>(reference.size()));
    const auto logits = logits_of_all(executor, images);
    int correct = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const std::int32_t predicted = argmax(logits[i]);
        correct += predicted == images.labels[i] ? 1 : 0;
        if (predicted == reference[i]) continue;
        // The sums of PyTorch and Eigen have other orders: a tie may fall to the other side.
        const auto ours = logits[i][static_cast<std::size_t>(predicted)];
        const auto theirs = logits[i][static_cast<std::size_t>(reference[i])];
        WARN("image " << i << ": class " << predicted << " (" << ours << "), reference " << reference[i] << " ("
                      << theirs << ")");
        CHECK(margin_of(logits[i]) < 1e-3F);
    }
    CHECK(correct == expected_correct);
}

void check_logits(const std::filesystem::path& data, const std::string& model) {
    const Case loaded = load_case(data, model);
    const FloatExecutor executor(loaded.network, loaded.parameters);
    const auto pixels = values_of<std::uint8_t>(loaded.reference, "input_u8");
    const auto reference = values_of<float>(loaded.reference, "logits");
    const auto elements = static_cast<std::size_t>(loaded.network.input_shape().elements());
    REQUIRE(pixels.size() == 8 * elements);
    for (std::size_t i = 0; i < 8; ++i) {
        const auto image = std::span(pixels).subspan(i * elements, elements);
        const auto logits = executor.run(normalize_image(image, loaded.network.input_shape(), kMean, kDeviation));
        REQUIRE(logits.size() == 10);
        for (std::size_t k = 0; k < logits.size(); ++k) {
            INFO(model << ", image " << i << ", class " << k);
            CHECK(std::abs(logits[k] - reference[i * 10 + k]) < 1e-4F);
        }
    }
}

}  // namespace

TEST_CASE("The fp32 executor gives PyTorch's logits for ResNet-20 and ResNet-56") {
    const auto data = test::data_folder("ref/cifar10_resnet56.safetensors");
    if (!data) return;
    check_logits(*data, "resnet20");
    check_logits(*data, "resnet56");
}

TEST_CASE("In fp32 ResNet-20 predicts PyTorch's class on every CIFAR-10 test image, 91.73 % of them correctly") {
    const auto data = test::data_folder("ref/cifar10_resnet20.safetensors");
    if (!data) return;
    check_whole_set(*data, "resnet20", 9173);
}

TEST_CASE("In fp32 ResNet-56 predicts PyTorch's class on every CIFAR-10 test image, 93.39 % of them correctly") {
    const auto data = test::data_folder("ref/cifar10_resnet56.safetensors");
    if (!data) return;
    check_whole_set(*data, "resnet56", 9339);
}

}  // namespace npusim
