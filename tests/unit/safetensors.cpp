#include "npusim/models/exchange/safetensors.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <utility>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/graph/network_builder.h"
#include "npusim/models/graph/zoo.h"
#include "support/test_data.h"

using npusim::DType;
using npusim::SafetensorsEntry;
using npusim::SafetensorsFile;
using npusim::test::TemporaryFolder;

namespace {

template <typename T>
SafetensorsEntry entry(DType dtype, std::vector<std::int64_t> shape, const std::vector<T>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    return {dtype, std::move(shape), {bytes.begin(), bytes.end()}};
}

bool equal(const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return a.dtype == b.dtype && a.shape == b.shape && a.bytes == b.bytes;
}

/// One tensor of every dtype with random shapes and bytes.
SafetensorsFile random_file(unsigned seed) {
    std::mt19937 random(seed);
    constexpr std::size_t sizes[] = {8, 4, 2, 2, 8, 4, 2, 1, 1, 1};
    SafetensorsFile file;
    file.metadata = {{"format", "pt"}, {"quoted \"name\"", "\n\\"}};
    for (std::size_t dtype = 0; dtype < 10; ++dtype) {
        SafetensorsEntry tensor{static_cast<DType>(dtype), {}, {}};
        std::size_t bytes = sizes[dtype];
        for (auto i = random() % 4; i > 0; --i) {
            const auto extent = static_cast<unsigned>(random() % 5);
            tensor.shape.push_back(extent);
            bytes *= extent;
        }
        for (std::size_t i = 0; i < bytes; ++i) tensor.bytes.push_back(static_cast<std::byte>(random()));
        file.tensors[std::to_string(random() % 1000) + ".t" + std::to_string(dtype)] = tensor;
    }
    return file;
}

/// conv (no bias), batch norm, linear; the parameters are filled so that each value is known.
npusim::Network small_network() {
    npusim::NetworkBuilder builder("small", {3, 8, 8});
    auto node = builder.conv2d("conv1", builder.input(), {.out_channels = 4, .kernel_height = 3, .kernel_width = 3});
    node = builder.relu("relu", builder.batch_norm("bn1", node));
    builder.set_training_only(true);
    builder.conv2d("aux.conv", node, {.out_channels = 2});
    builder.set_training_only(false);
    node = builder.linear("fc", builder.flatten("flatten", builder.adaptive_average_pool("pool", node, 1, 1)), 5);
    return builder.finish(node);
}

SafetensorsFile small_checkpoint(const std::string& prefix = "") {
    SafetensorsFile file;
    file.path = "small.safetensors";
    const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
        std::vector<float> values;
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) count *= extent;
        for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i) / 8.0F);
        file.tensors[prefix + name] = entry(DType::f32, shape, values);
    };
    add("conv1.weight", {4, 3, 3, 3});
    for (const auto* name : {"weight", "bias", "running_mean", "running_var"}) add(std::string("bn1.") + name, {4});
    add("fc.weight", {5, 4});
    add("fc.bias", {5});
    return file;
}

std::string load_message(const SafetensorsFile& file) {
    try {
        (void)npusim::load_parameters(file, small_network());
    } catch (const npusim::InputError& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("Random tensors of every dtype survive writing and reading") {
    const TemporaryFolder folder;
    for (unsigned seed = 0; seed < 50; ++seed) {
        const SafetensorsFile file = random_file(seed);
        npusim::write_safetensors(file, folder / "a.safetensors");
        const SafetensorsFile back = npusim::read_safetensors(folder / "a.safetensors");
        CHECK(back.metadata == file.metadata);
        CHECK(back.content_hash == npusim::content_hash(npusim::read_text_file(folder / "a.safetensors")));
        REQUIRE(back.tensors.size() == file.tensors.size());
        for (const auto& [name, tensor] : file.tensors) CHECK(equal(back.tensors.at(name), tensor));
    }
}

TEST_CASE("Equal tensors are written as equal bytes in the order of their names") {
    const TemporaryFolder folder;
    SafetensorsFile file;
    file.tensors["b"] = entry<std::int8_t>(DType::i8, {1}, {7});
    file.tensors["a"] = entry<std::int16_t>(DType::i16, {2, 1}, {1, 2});
    npusim::write_safetensors(file, folder / "a.safetensors");
    const std::string header =
        R"({"a":{"data_offsets":[0,4],"dtype":"I16","shape":[2,1]},"b":{"data_offsets":[4,5],"dtype":"I8","shape":[1]}})";
    const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
    CHECK(npusim::read_text_file(folder / "a.safetensors") == std::string(1, static_cast<char>(padded.size())) +
                                                                  std::string(7, '\0') + padded +
                                                                  std::string("\x01\0\x02\0\x07", 5));
}

TEST_CASE("A tensor whose bytes do not fill its shape is not written") {
    const TemporaryFolder folder;
    SafetensorsFile file;
    file.tensors["a"] = entry<float>(DType::f32, {3}, {1, 2});
    CHECK_THROWS_AS(npusim::write_safetensors(file, folder / "a.safetensors"), std::invalid_argument);
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("Every half-precision number is widened to its value") {
    std::vector<std::uint16_t> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    SafetensorsFile file;
    file.tensors["half"] = entry(DType::f16, {65536}, all);
    file.tensors["brain"] = entry(DType::bf16, {65536}, all);
    const std::vector<float> half = npusim::to_fp32(file, "half").values;
    const std::vector<float> brain = npusim::to_fp32(file, "brain").values;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const int exponent = static_cast<int>(i >> 10) & 31;
        const double fraction = static_cast<double>(i & 1023) / 1024.0;
        const double sign = i < 32768 ? 1.0 : -1.0;
        if (exponent == 31) {
            REQUIRE((fraction == 0 ? std::isinf(half[i]) : std::isnan(half[i])));
        } else {
            const double value = exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
            REQUIRE(static_cast<double>(half[i]) == sign * value);
        }
        REQUIRE(std::signbit(half[i]) == (i >= 32768));
        REQUIRE(std::bit_cast<std::uint32_t>(brain[i]) == i << 16);
    }
}

TEST_CASE("Double precision is rounded to fp32 and integers are no parameters") {
    SafetensorsFile file;
    file.path = "f";
    file.tensors["d"] = entry<double>(DType::f64, {2}, {0.1, -3.0});
    file.tensors["i"] = entry<std::int32_t>(DType::i32, {1}, {4});
    CHECK(npusim::to_fp32(file, "d").values == std::vector<float>{0.1F, -3.0F});
    CHECK_THROWS_WITH(npusim::to_fp32(file, "i"), "f: i: dtype I32, F64, F32, F16 or BF16 is needed");
    CHECK_THROWS_WITH(npusim::to_fp32(file, "dd"), Catch::StartsWith("f: dd: is missing, nearest are d"));
}

TEST_CASE("A checkpoint gives the network's parameters and ignores what inference does not need") {
    SafetensorsFile file = small_checkpoint("module.");
    file.tensors["module.bn1.num_batches_tracked"] = entry<std::int64_t>(DType::i64, {}, {7});
    file.tensors["aux.conv.weight"] = entry<float>(DType::f32, {1}, {NAN});
    const npusim::Parameters parameters = npusim::load_parameters(file, small_network());
    REQUIRE(parameters.size() == 7);
    const npusim::Tensor& weight = parameters.at("conv1.weight");
    CHECK(weight.shape == std::vector<std::int64_t>{4, 3, 3, 3});
    REQUIRE(weight.values.size() == 108);
    CHECK(weight.values[107] == 107.0F / 8.0F);
    CHECK(parameters.at("fc.bias").values == std::vector<float>{0, 0.125F, 0.25F, 0.375F, 0.5F});
}

TEST_CASE("Everything that is wrong with a checkpoint is told at once") {
    SafetensorsFile file = small_checkpoint();
    file.tensors["conv1.wieght"] = file.tensors.extract("conv1.weight").mapped();
    file.tensors["bn1.bias"] = entry<float>(DType::f32, {4}, {1, NAN, 3, 4});
    file.tensors["bn1.running_var"] = entry<float>(DType::f32, {4}, {1, 2, -0.5F, 4});
    file.tensors["fc.weight"] = entry<float>(DType::f32, {4, 1}, {1, 2, 3, 4});
    file.tensors["fc.bias"] = entry<std::int8_t>(DType::i8, {5}, {1, 2, 3, 4, 5});
    CHECK(load_message(file) ==
          npusim::join({"small.safetensors: bn1.bias: value nan at index 1, finite numbers are needed",
                        "small.safetensors: bn1.running_var: value -0.500000 at index 2, a variance of at least 0 is "
                        "needed",
                        "small.safetensors: fc.weight: shape [4, 1], small needs [5, 4]",
                        "small.safetensors: fc.bias: dtype I8, F64, F32, F16 or BF16 is needed",
                        "small.safetensors: conv1.weight: is missing, the file has conv1.wieght",
                        "small.safetensors: conv1.wieght: is no parameter of small, it needs conv1.weight"},
                       "\n"));
}

TEST_CASE("A tensor with and without the module prefix is refused") {
    SafetensorsFile file = small_checkpoint();
    file.tensors["module.fc.bias"] = file.tensors.at("fc.bias");
    CHECK(load_message(file) == "small.safetensors: module.fc.bias: is in the file with and without \"module.\"");
}

TEST_CASE("Published CIFAR ResNet checkpoints have exactly the parameters of the zoo's networks") {
    const auto folder = npusim::test::data_folder("models/cifar10_resnet20.safetensors");
    if (!folder) return;
    for (const std::string name : {"resnet20", "resnet56"}) {
        const auto file = npusim::read_safetensors(*folder / "models" / ("cifar10_" + name + ".safetensors"));
        const npusim::Network network = npusim::make_network(name);
        const npusim::Parameters parameters = npusim::load_parameters(file, network);
        CHECK(parameters.size() == npusim::parameters_of(network).size());
    }
}
