// Does scripts/pth_to_safetensors.py keep a torch checkpoint to the bit?
#include <bit>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "npusim/base/files.h"
#include "npusim/models/exchange/safetensors.h"
#include "support/test_data.h"

using npusim::DType;
using npusim::test::TemporaryFolder;

namespace {

const std::string python = "/usr/bin/python3";

bool torch_is_here() {
    if (std::system((python + " -c 'import torch' > /dev/null 2>&1").c_str()) == 0) return true;
    std::cout << "SKIPPED: " << python << " has no torch\n";
    return false;
}

/// Runs a Python program that saves a checkpoint, then the conversion; gives the exit status of the latter.
int convert(const TemporaryFolder& folder, const std::string& program) {
    npusim::write_whole_file(folder / "make.py", "import sys, torch\n" + program);
    const std::string checkpoint = (folder / "in.pth").string();
    REQUIRE(std::system((python + " " + (folder / "make.py").string() + " " + checkpoint).c_str()) == 0);
    return std::system((python + " " NPUSIM_SOURCE_DIR "/scripts/pth_to_safetensors.py " + checkpoint + " " +
                        (folder / "out.safetensors").string() + " 2> " + (folder / "errors").string())
                           .c_str());
}

template <typename T>
T value_at(const npusim::SafetensorsEntry& tensor, std::size_t index) {
    T value{};
    REQUIRE(tensor.bytes.size() >= (index + 1) * sizeof(T));
    std::memcpy(&value, tensor.bytes.data() + index * sizeof(T), sizeof(T));
    return value;
}

}  // namespace

TEST_CASE("A nested torch checkpoint of several dtypes is converted to the bit") {
    if (!torch_is_here()) return;
    const TemporaryFolder folder;
    REQUIRE(convert(folder, R"(
weight = torch.arange(120, dtype=torch.float32).reshape(2, 3, 4, 5) / 7 - 8
torch.save({"epoch": 3, "state_dict": {
    "module.conv.weight": torch.nn.Parameter(weight), "module.turned": weight.permute(3, 2, 1, 0),
    "module.every_half": torch.arange(65536).sub(32768).to(torch.int16).view(torch.float16),
    "module.brain": torch.arange(9).to(torch.bfloat16), "module.double": torch.tensor(0.1, dtype=torch.float64),
    "module.long": torch.tensor([-2 ** 63]), "module.bits": torch.tensor([True, False]), "module.none": torch.zeros(0, 4),
    "module.bn.num_batches_tracked": torch.tensor(5)}}, sys.argv[1])
)") == 0);
    const auto file = npusim::read_safetensors(folder / "out.safetensors");
    CHECK(file.tensors.size() == 8);
    const auto& weight = file.tensors.at("conv.weight");
    const auto& turned = file.tensors.at("turned");
    CHECK(weight.dtype == DType::f32);
    CHECK(weight.shape == std::vector<std::int64_t>{2, 3, 4, 5});
    CHECK(turned.shape == std::vector<std::int64_t>{5, 4, 3, 2});
    for (std::size_t i = 0; i < 120; ++i) {
        const float expected = static_cast<float>(i) / 7.0F - 8.0F;
        CHECK(value_at<float>(weight, i) == expected);
        const std::size_t a = i / 60, b = i / 20 % 3, c = i / 5 % 4, d = i % 5;
        CHECK(value_at<float>(turned, ((d * 4 + c) * 3 + b) * 2 + a) == expected);
    }
    const auto& half = file.tensors.at("every_half");
    CHECK(half.dtype == DType::f16);
    for (std::size_t i = 0; i < 65536; ++i) {
        REQUIRE(value_at<std::uint16_t>(half, i) == static_cast<std::uint16_t>(i - 32768));
    }
    CHECK(npusim::to_fp32(file, "brain").values == std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(file.tensors.at("double").shape.empty());
    CHECK(value_at<double>(file.tensors.at("double"), 0) == 0.1);
    CHECK(value_at<std::int64_t>(file.tensors.at("long"), 0) == std::numeric_limits<std::int64_t>::min());
    CHECK(file.tensors.at("bits").dtype == DType::boolean);
    CHECK(value_at<std::uint8_t>(file.tensors.at("bits"), 0) == 1);
    CHECK(file.tensors.at("none").shape == std::vector<std::int64_t>{0, 4});
}

TEST_CASE("Half-precision numbers are widened as torch widens them") {
    if (!torch_is_here()) return;
    const TemporaryFolder folder;
    REQUIRE(convert(folder, R"(
half = torch.arange(65536).sub(32768).to(torch.int16).view(torch.float16)
torch.save({"model": {"half": half, "wide": half.to(torch.float32)}}, sys.argv[1])
)") == 0);
    const auto file = npusim::read_safetensors(folder / "out.safetensors");
    const std::vector<float> half = npusim::to_fp32(file, "half").values;
    const std::vector<float> wide = npusim::to_fp32(file, "wide").values;
    REQUIRE(half.size() == wide.size());
    for (std::size_t i = 0; i < half.size(); ++i) {
        if (half[i] == half[i]) REQUIRE(std::bit_cast<std::uint32_t>(half[i]) == std::bit_cast<std::uint32_t>(wide[i]));
        REQUIRE((half[i] == half[i]) == (wide[i] == wide[i]));
    }
}

TEST_CASE("A checkpoint that holds more than tensors is refused by name and writes nothing") {
    if (!torch_is_here()) return;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"torch.save({'fc.weight': torch.zeros(2), 'epoch': 3}, sys.argv[1])", "epoch: a tensor of one name"},
        {"torch.save({'a': torch.zeros(2), 'module.a': torch.zeros(2)}, sys.argv[1])", "a: a tensor of one name"},
        {"torch.save([1, 2], sys.argv[1])", "holds list, a state_dict"},
        {"torch.save(torch.nn.Linear(2, 2), sys.argv[1])", "is no file of tensors alone"},
        {"open(sys.argv[1], 'w').write('text')", "is no file of tensors alone"},
    };
    for (const auto& [program, message] : cases) {
        const TemporaryFolder folder;
        CHECK(convert(folder, program + "\n") != 0);
        CHECK_THAT(npusim::read_text_file(folder / "errors"),
                   Catch::StartsWith((folder / "in.pth").string()) && Catch::Contains(message));
        CHECK_FALSE(std::filesystem::exists(folder / "out.safetensors"));
    }
}
