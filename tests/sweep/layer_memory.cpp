// Layers are remembered by what they see: equal keys must mean equal counters, and a layer alone must take what it
// takes among others.
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "npusim/arch/arch_spec.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sweeps/precision_ladder.h"
#include "npusim/sweeps/result_json.h"
#include "npusim/workloads/lowering/layer_keys.h"

using namespace npusim;

namespace {

ArchSpec preset(const std::string& name) {
    return read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / (name + ".json"));
}

std::vector<std::string> keys_of(const Network& network, const ArchSpec& arch) {
    return layer_keys(quantize_structure(network, arch.precision, arch.array.accumulator_bits), arch);
}

RunResult simulated(const WorkerJob& job) {
    return result_or_throw(run_in_workers({job}).front());
}

/// A chip that differs from a preset in what some layers, or none, can see.
ArchSpec random_chip(std::mt19937_64& random) {
    const char* const names[] = {"int8_array", "int4_array", "int2_array"};
    ArchSpec arch = preset(names[random() % 3]);
    const auto choose = [&](auto... values) {
        const std::int64_t all[] = {static_cast<std::int64_t>(values)...};
        return all[random() % sizeof...(values)];
    };
    arch.clock_mhz = static_cast<int>(choose(250, 500));
    arch.dram.bandwidth_mb_s = choose(3200, 6400);
    arch.dram.latency_ns = static_cast<int>(choose(50, 100));
    arch.dram.burst_bytes = static_cast<int>(choose(32, 1024));
    arch.dram.channels = static_cast<int>(choose(1, 1, 1, 2));
    if (choose(0, 0, 0, 1) == 1) arch.dram.timing = DramTimingSpec{};
    arch.double_buffering = choose(0, 1, 1) == 1;
    arch.precision.first_last_bits = static_cast<int>(choose(arch.precision.weight_bits, 8));
    arch.clock_gate_stalls = choose(0, 1) == 1;
    return arch;
}

}  // namespace

TEST_CASE("A layer that is simulated alone has the counters that it has among others") {
    std::mt19937_64 random(1);
    const char* const models[] = {"resnet20", "squeezenet1_1", "fdmobilenet_0_5", "resnet18"};
    for (int round = 0; round < 12; ++round) {
        const Network network = make_network(models[round % 4]);
        const ArchSpec arch = random_chip(random);
        const RunResult whole = simulated([&](const FractionSink&) { return run_timing(network, arch, {}); });
        std::vector<std::size_t> chosen;
        for (std::size_t layer = 0; layer < whole.layers.size(); ++layer) {
            if (random() % 4 == 0) chosen.push_back(layer);
        }
        const RunResult some = simulated([&](const FractionSink&) { return run_timing(network, arch, chosen, {}); });
        REQUIRE(some.layers.size() == chosen.size());
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            INFO(network.name << ", " << some.layers[i].name);
            CHECK(some.layers[i].name == whole.layers[chosen[i]].name);
            CHECK(to_json(some.layers[i].counters) == to_json(whole.layers[chosen[i]].counters));
        }
    }
}

TEST_CASE("Layers with equal keys have equal counters, whatever their network and chip") {
    std::mt19937_64 random(2);
    const char* const models[] = {"resnet18", "resnet34", "resnet20", "resnet56", "squeezenet1_1"};
    std::map<std::string, nlohmann::json> counters_of;
    std::size_t met_again = 0;
    for (int round = 0; round < 60; ++round) {
        const Network network = make_network(models[random() % 5]);
        const ArchSpec arch = random_chip(random);
        const std::vector<std::string> keys = keys_of(network, arch);
        const RunResult result = simulated([&](const FractionSink&) { return run_timing(network, arch, {}); });
        REQUIRE(result.layers.size() == keys.size());
        for (std::size_t layer = 0; layer < keys.size(); ++layer) {
            const auto [place, is_new] = counters_of.emplace(keys[layer], to_json(result.layers[layer].counters));
            INFO(network.name << ", " << result.layers[layer].name);
            CHECK(place->second == to_json(result.layers[layer].counters));
            met_again += is_new ? 0 : 1;
        }
    }
    CHECK(met_again > 350);
    CHECK(counters_of.size() > 200);
}

TEST_CASE("A layer sees the clock only through the DRAM's cycles, and no prices, names or other layers' bits") {
    const Network network = make_network("resnet18");
    const ArchSpec arch = preset("int4_array");
    ArchSpec same = arch;
    same.name = "other";
    same.description = "other";
    same.technology = "other.json";
    same.dram.type = "HBM2";
    same.clock_mhz = arch.clock_mhz * 2;
    same.dram.bandwidth_mb_s = arch.dram.bandwidth_mb_s * 2;
    same.dram.latency_ns = arch.dram.latency_ns / 2;
    CHECK(keys_of(network, same) == keys_of(network, arch));
    ArchSpec other = arch;
    other.precision.first_last_bits = 4;
    const auto before = keys_of(network, arch);
    const auto after = keys_of(network, other);
    CHECK(before.front() != after.front());
    CHECK(before.back() != after.back());
    CHECK(std::equal(before.begin() + 3, before.end() - 2, after.begin() + 3));
    ArchSpec faster = arch;
    faster.clock_mhz *= 2;
    CHECK(keys_of(network, faster) != before);
}
