// What cannot be lowered is refused with the layer, the buffer and what is missing.
#include <catch2/catch.hpp>
#include <regex>

#include "npusim/base/error.h"
#include "npusim/models/graph/network_builder.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/workloads/lowering/lower.h"
#include "support/random_arch.h"
#include "support/random_pair.h"

namespace npusim {

namespace {

ArchSpec preset() {
    return read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int8_array.json");
}

QuantizedNetwork one_convolution(std::int64_t in, std::int64_t out, std::int64_t groups = 1) {
    NetworkBuilder builder("small", {in, 9, 9});
    Conv2dSpec spec;
    spec.out_channels = out;
    spec.kernel_height = spec.kernel_width = 3;
    spec.groups = groups;
    const NodeId conv = builder.conv2d("conv", builder.input(), spec);
    return quantize_structure(builder.finish(conv), {}, 31);
}

std::string refusal(const QuantizedNetwork& network, const ArchSpec& arch) {
    try {
        (void)lower(network, arch);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

/// Lowering is refused with `bytes` of the buffer, and no more with the bytes that the message says are missing.
void check_missing_bytes(const QuantizedNetwork& network, ArchSpec arch, BufferSpec ArchSpec::*buffer,
                         const std::string& name, std::int64_t bytes) {
    (arch.*buffer).bytes = bytes;
    const std::string message = refusal(network, arch);
    INFO(message);
    std::smatch found;
    const std::regex pattern("/" + name + "/kib: layer (\\S+) of (\\S+) needs (\\d+) bytes.* (\\d+) more than");
    REQUIRE(std::regex_search(message, found, pattern));
    CHECK(found[2] == network.name);
    (arch.*buffer).bytes += std::stoll(found[4]);
    CHECK(refusal(network, arch).empty());
    --(arch.*buffer).bytes;
    CHECK(refusal(network, arch).find(name) != std::string::npos);
}

}  // namespace

TEST_CASE("A buffer too small is refused with layer, buffer and the bytes that it lacks") {
    for (const bool twice : {true, false}) {
        ArchSpec arch = preset();
        arch.double_buffering = twice;
        for (const std::int64_t groups : {1, 2, 8}) {
            const QuantizedNetwork network = one_convolution(40, 48, groups);
            INFO("groups " << groups << ", double buffering " << twice);
            check_missing_bytes(network, arch, &ArchSpec::weight_buffer, "weight_buffer", 64);
            check_missing_bytes(network, arch, &ArchSpec::activation_buffer, "activation_buffer", 32);
            check_missing_bytes(network, arch, &ArchSpec::accumulator_buffer, "accumulator_buffer", 16);
        }
    }
}

TEST_CASE("The bytes that a refusal names are enough on odd arrays too, where one output channel is no whole byte") {
    ArchSpec arch = preset();
    arch.array.rows = 5;
    arch.array.columns = 3;
    QuantizedNetwork network = one_convolution(24, 24);
    network.tensors[1].bits = 1;
    network.tensors[1].is_signed = false;
    check_missing_bytes(network, arch, &ArchSpec::weight_buffer, "weight_buffer", 64);
    check_missing_bytes(network, arch, &ArchSpec::accumulator_buffer, "accumulator_buffer", 16);
}

TEST_CASE("Layers without array work are refused by the activation buffer's missing bytes") {
    NetworkBuilder builder("pool", {64, 9, 9});
    Window window;
    window.kernel_height = window.kernel_width = 3;
    const NodeId pool = builder.max_pool("pool", builder.input(), window);
    const QuantizedNetwork network = quantize_structure(builder.finish(pool), {}, 31);
    check_missing_bytes(network, preset(), &ArchSpec::activation_buffer, "activation_buffer", 16);
    check_missing_bytes(network, preset(), &ArchSpec::weight_buffer, "weight_buffer", 8);
}

TEST_CASE("Parts of a concatenation that begin within a byte are refused, naming the node") {
    NetworkBuilder builder("odd", {3, 6, 6});
    Conv2dSpec spec;
    spec.out_channels = 3;
    const NodeId a = builder.conv2d("a", builder.input(), spec);
    const NodeId b = builder.conv2d("b", builder.input(), spec);
    const NodeId both = builder.concat("both", {a, b});
    const NodeId last = builder.conv2d("last", builder.conv2d("middle", both, spec), spec);
    const Network network = builder.finish(last);
    PrecisionSpec precision;
    precision.weight_bits = precision.activation_bits = 3;
    const std::string message = refusal(quantize_structure(network, precision, 31), preset());
    CHECK(message.find("odd: a: channels 0") != std::string::npos);
    precision.activation_bits = 8;
    CHECK(refusal(quantize_structure(network, precision, 31), preset()).empty());
}

TEST_CASE("Signed tensors of one bit, which have no zero, are refused") {
    QuantizedNetwork network = one_convolution(8, 8);
    network.tensors[0].bits = network.nodes[0].input_bits = 1;
    CHECK(refusal(network, preset()).find("one bit") != std::string::npos);
}

}  // namespace npusim
