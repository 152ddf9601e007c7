// SCALE-Sim's layer lists: what is read, what is refused and where, and what network they become.
#include "npusim/workloads/topology.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <sstream>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/lowering/lower.h"
#include "support/test_data.h"

using namespace npusim;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kHeading =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num "
    "Filter, Strides,\n";

std::vector<TopologyLayer> layers_of(const std::string& text) {
    const test::TemporaryFolder folder;
    write_whole_file(folder / "list.csv", text);
    return read_topology(folder / "list.csv");
}

/// The lines of the refusal, without the folder of the file.
std::vector<std::string> problems_of(const std::string& text) {
    const test::TemporaryFolder folder;
    write_whole_file(folder / "list.csv", text);
    try {
        (void)read_topology(folder / "list.csv");
    } catch (const InputError& error) {
        std::vector<std::string> lines;
        std::istringstream in(error.what());
        const std::string file = (folder / "list.csv").string();
        for (std::string line; std::getline(in, line);) {
            REQUIRE(line.starts_with(file + ": "));
            lines.push_back(line.substr(file.size() + 2));
        }
        return lines;
    }
    return {};
}

std::vector<std::int64_t> sizes(const TopologyLayer& layer) {
    return {layer.input_height, layer.input_width, layer.filter_height, layer.filter_width,
            layer.channels,     layer.filters,     layer.stride};
}

/// Windows that a convolution with all of its windows inside, or one that begins inside and ends outside, would have.
std::int64_t windows_by_counting(std::int64_t input, std::int64_t filter, std::int64_t stride) {
    std::int64_t count = 0;
    while (count * stride < input - filter + stride) ++count;
    return count;
}

}  // namespace

TEST_CASE("Each column of a convolution's line is read into its own field") {
    const auto layers = layers_of(kHeading + std::string("Conv1,12,34,5,6,7,8,9,\nlast, 1,1 ,1,1,1000000,1,1\n"));
    REQUIRE(layers.size() == 2);
    CHECK(layers[0].name == "Conv1");
    CHECK(sizes(layers[0]) == std::vector<std::int64_t>{12, 34, 5, 6, 7, 8, 9});
    CHECK(layers[1].name == "last");
    CHECK(sizes(layers[1]) == std::vector<std::int64_t>{1, 1, 1, 1, 1'000'000, 1, 1});
}

TEST_CASE("A matrix product becomes a 1x1 convolution with the product's multiplications") {
    const auto layers = layers_of("Layer, M, N, K,\ngemm,100,30,7,\n");
    REQUIRE(layers.size() == 1);
    CHECK(sizes(layers[0]) == std::vector<std::int64_t>{100, 1, 1, 1, 7, 30, 1});
    const QuantizedNetwork network = topology_network("products", layers, {}, 31);
    CHECK(network.nodes.at(0).macs() == 100 * 30 * 7);
    CHECK(network.weight_count() == 30 * 7);
}

TEST_CASE("Line ends of Windows, blank lines, blanks and a missing last line end change nothing") {
    const std::string text = kHeading + std::string("a,8,8,3,3,4,5,1,\nb,9,8,3,3,4,5,2,\n");
    std::string windows;
    for (const char c : text) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const std::string blank = kHeading + std::string("\n a , 8,8\t,3,3,4,5,1 ,\n\n,,\nb,9,8,3,3,4,5,2");
    const auto expected = layers_of(text);
    REQUIRE(expected.size() == 2);
    for (const std::string& other : {windows, blank}) {
        const auto layers = layers_of(other);
        REQUIRE(layers.size() == 2);
        for (std::size_t i = 0; i < 2; ++i) {
            CHECK(layers[i].name == expected[i].name);
            CHECK(sizes(layers[i]) == sizes(expected[i]));
        }
    }
}

TEST_CASE("A quoted name may hold commas") {
    const auto layers = layers_of("\"name, quoted\",M,N,K\n\"a, b\",1,2,3\n");
    REQUIRE(layers.size() == 1);
    CHECK(layers[0].name == "a, b");
}

TEST_CASE("All problems of a list are told at once, each with line, column and value") {
    const auto problems = problems_of(kHeading + std::string("ok,8,8,3,3,4,5,1\n"
                                                             "bad,0,8.5,x,-3,1000001,,1\n"
                                                             "short,8,8\n"
                                                             "\n"
                                                             "large,8,2,3,3,4,5,1\n"
                                                             "long,8,8,3,3,4,5,1,7\n"
                                                             ",8,8,3,3,4,5,99999999999999999999\n"));
    const std::vector<std::string> expected{
        R"(line 3: column ifmap height: "0" is not a whole number from 1 to 1000000)",
        R"(line 3: column ifmap width: "8.5" is not a whole number from 1 to 1000000)",
        R"(line 3: column filter height: "x" is not a whole number from 1 to 1000000)",
        R"(line 3: column filter width: "-3" is not a whole number from 1 to 1000000)",
        R"(line 3: column channels: "1000001" is not a whole number from 1 to 1000000)",
        R"(line 3: column filters: "" is not a whole number from 1 to 1000000)",
        "line 4: has 3 columns, 8 are needed",
        "line 6: the filter is larger than the ifmap, which is not padded",
        "line 7: has 9 columns, 8 are needed",
        "line 8: column name: is empty",
        R"(line 8: column stride: "99999999999999999999" is not a whole number from 1 to 1000000)",
    };
    CHECK(problems == expected);
}

TEST_CASE("The columns of a product are named as in its heading") {
    CHECK(problems_of("Layer,M,N,K\ng,1,two,0\n") ==
          std::vector<std::string>{R"(line 2: column N: "two" is not a whole number from 1 to 1000000)",
                                   R"(line 2: column K: "0" is not a whole number from 1 to 1000000)"});
}

TEST_CASE("A file that is no layer list is refused with what is needed") {
    CHECK_THAT(problems_of("").at(0), Contains("is empty"));
    CHECK_THAT(problems_of(kHeading).at(0), Contains("has no layer, only a heading"));
    CHECK_THAT(problems_of("Layer,M,K,N\ng,1,2,3\n").at(0), Contains("line 1") && Contains("(name, M, N, K)"));
    CHECK_THAT(problems_of("{\"a\": 1}\n").at(0), Contains("line 1") && Contains("has 1 columns"));
    CHECK_THAT(problems_of("Conv1,12,34,5,6,7,8,9,\nConv2,12,34,5,6,7,8,9,\n").at(0),
               Contains("line 1") && Contains("heading"));
    CHECK_THAT(problems_of("g,1,2,3\n").at(0), Contains("line 1") && Contains("heading"));
}

TEST_CASE("A line that is no CSV is one problem among the others, also as the heading") {
    const auto problems = problems_of("Layer,M,N,K\na\\b,1,1,1\ng,0,1,1\n");
    REQUIRE(problems.size() == 2);
    CHECK_THAT(problems[0], Catch::StartsWith("line 2: is no CSV: "));
    CHECK_THAT(problems[1], Catch::StartsWith("line 3: column M: "));
    const auto heading = problems_of("La\\yer,M,N,K\ng,1,1,1\n");
    REQUIRE(heading.size() == 1);
    CHECK_THAT(heading[0], Catch::StartsWith("line 1: is no CSV: "));
}

TEST_CASE("A layer whose figures would not fit into 64 bits is refused") {
    CHECK(problems_of("Layer,M,N,K\ng,1000000,1000000,100\n").empty());
    CHECK_THAT(problems_of("Layer,M,N,K\ng,1000000,1000000,101\n").at(0), Contains("10^14 multiplications"));
    CHECK_THAT(problems_of(kHeading + std::string("a,1000000,1000000,1,1,101,1,1000000\n")).at(0),
               Contains("ifmap of more than 10^14 values"));
}

TEST_CASE("The output has the rows that counting windows gives, and the padding that its last window needs") {
    std::mt19937_64 random(5);
    const auto pick = [&](std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    };
    for (int i = 0; i < 500; ++i) {
        TopologyLayer layer;
        layer.input_height = pick(1, 40);
        layer.input_width = pick(1, 40);
        layer.filter_height = pick(1, layer.input_height);
        layer.filter_width = pick(1, layer.input_width);
        layer.stride = pick(1, 9);
        CHECK(layer.output_height() == windows_by_counting(layer.input_height, layer.filter_height, layer.stride));
        CHECK(layer.output_width() == windows_by_counting(layer.input_width, layer.filter_width, layer.stride));
        const QuantizedNetwork network = topology_network("one", {layer}, {}, 31);
        const Window& window = network.nodes.at(0).window;
        CHECK(window.pad_top == 0);
        CHECK(window.pad_left == 0);
        const std::int64_t reach = (layer.output_height() - 1) * layer.stride + layer.filter_height;
        CHECK(window.pad_bottom == std::max<std::int64_t>(reach - layer.input_height, 0));
        CHECK(window.pad_bottom < std::max(layer.filter_height, layer.stride));
        CHECK(window.pad_right < std::max(layer.filter_width, layer.stride));
    }
}

TEST_CASE("Every layer of the network has the chip's bits and an input of its own, of which one is alive at a time") {
    const auto layers = layers_of(kHeading + std::string("a,8,8,3,3,4,8,1\nb,16,16,3,3,8,8,2\nc,4,4,1,1,8,8,1\n"));
    ArchSpec arch = read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int8_array.json");
    arch.precision.weight_bits = 4;
    arch.precision.activation_bits = 8;
    const QuantizedNetwork network = topology_network("three", layers, arch.precision, arch.array.accumulator_bits);
    REQUIRE(network.nodes.size() == 3);
    for (const QuantizedNode& node : network.nodes) {
        CHECK(node.weight_bits == 4);
        CHECK(node.input_bits == 8);
        for (const auto& other : network.nodes) {
            CHECK(other.destinations.at(0).tensor != node.input.tensor);
            CHECK((&other == &node || other.input.tensor != node.input.tensor));
        }
    }
    // b is the largest: 16·16·8 bytes in, ⌈(16 − 3 + 2) / 2⌉² · 8 out.
    CHECK(lower(network, arch).peak_activation_bytes == 16 * 16 * 8 + 8 * 8 * 8);
}
