#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/precision_json.h"
#include "npusim/models/quantization/quantizer.h"

using namespace npusim;

namespace {

const QuantizedNode& node_named(const QuantizedNetwork& network, const std::string& name) {
    for (const auto& node : network.nodes) {
        if (node.name == name) return node;
    }
    throw std::out_of_range(name);
}

}  // namespace

TEST_CASE("A layer with bits of its own has them, and no other layer changes") {
    const Network network = make_network("resnet20");
    PrecisionSpec precision;
    precision.weight_bits = precision.activation_bits = 4;
    const QuantizedNetwork before = quantize_structure(network, precision, 31);
    precision.layers["layer2.1.conv2"] = {2, 6};
    precision.layers["linear"] = {5, 3};
    const QuantizedNetwork after = quantize_structure(network, precision, 31);
    for (const auto& node : after.nodes) {
        if (node.op != QuantizedOp::convolution) continue;
        INFO(node.name);
        const auto own = precision.layers.find(node.name);
        const QuantizedNode& old = node_named(before, node.name);
        CHECK(node.weight_bits == (own != precision.layers.end() ? own->second.weight_bits : old.weight_bits));
        CHECK(node.input_bits == (own != precision.layers.end() ? own->second.activation_bits : old.input_bits));
    }
}

TEST_CASE("A layer that the network has not is refused with the nearest names") {
    PrecisionSpec precision;
    precision.layers["layer1.0.conv3"] = {8, 8};
    CHECK_THROWS_WITH(quantize_structure(make_network("resnet20"), precision, 31),
                      Catch::Contains("layer1.0.conv3") && Catch::Contains("layer1.0.conv1"));
}

TEST_CASE("Bits of layers survive being written and read as JSON, and wrong ones are named") {
    PrecisionSpec precision;
    precision.layers["a"] = {2, 6};
    precision.layers["b.c"] = {16, 1};
    nlohmann::json json = to_json(precision);
    JsonReader reader(json, "p");
    CHECK(read_precision(reader) == precision);
    CHECK_NOTHROW(reader.finish());
    json["layers"]["a"]["weight_bits"] = 9;
    json["layers"]["a"]["bits"] = 9;
    JsonReader wrong(json, "p");
    (void)read_precision(wrong);
    CHECK_THROWS_WITH(wrong.finish(), Catch::Contains("/layers/a/weight_bits") && Catch::Contains("/layers/a/bits"));
}
