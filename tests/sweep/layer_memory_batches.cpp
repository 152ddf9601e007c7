// Layers of batches, and of chips that keep things, are remembered by what they see too.
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

struct Drawn {
    ArchSpec arch;
    std::int64_t batch = 1;
};

Drawn draw(std::mt19937_64& random) {
    const auto choose = [&](auto... values) {
        const std::int64_t all[] = {static_cast<std::int64_t>(values)...};
        return all[random() % sizeof...(values)];
    };
    const char* const names[] = {"int8_array", "int4_array"};
    Drawn drawn;
    drawn.arch =
        read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / (std::string(names[random() % 2]) + ".json"));
    drawn.arch.keep_on_chip = {choose(0, 1) == 1, choose(0, 1, 1) == 1};
    drawn.arch.prefetch_depth = static_cast<int>(choose(1, 1, 2));
    drawn.arch.activation_buffer.bytes *= choose(1, 4);
    drawn.arch.weight_buffer.bytes *= choose(1, 8);
    drawn.batch = choose(1, 2, 3);
    return drawn;
}

RunResult simulated(const WorkerJob& job) {
    return result_or_throw(run_in_workers({job}).front());
}

}  // namespace

TEST_CASE("Layers with equal keys have equal counters, with batches and whatever stays on chip") {
    std::mt19937_64 random(3);
    const char* const models[] = {"resnet18", "resnet20", "resnet56", "squeezenet1_1"};
    std::map<std::string, nlohmann::json> counters_of;
    std::size_t met_again = 0;
    for (int round = 0; round < 40; ++round) {
        const Network network = make_network(models[random() % 4], 32);
        const Drawn drawn = draw(random);
        const ArchSpec& arch = drawn.arch;
        const QuantizedNetwork structure = quantize_structure(network, arch.precision, arch.array.accumulator_bits);
        const std::vector<std::string> keys = layer_keys(structure, arch, drawn.batch);
        const RunResult result =
            simulated([&](const FractionSink&) { return run_timing(structure, arch, {}, drawn.batch); });
        REQUIRE(result.layers.size() == keys.size());
        for (std::size_t layer = 0; layer < keys.size(); ++layer) {
            const auto [place, is_new] = counters_of.emplace(keys[layer], to_json(result.layers[layer].counters));
            INFO(network.name << ", " << result.layers[layer].name << ", batch " << drawn.batch);
            CHECK(place->second == to_json(result.layers[layer].counters));
            met_again += is_new ? 0 : 1;
        }
    }
    CHECK(met_again > 200);
    CHECK(counters_of.size() > 200);
}

TEST_CASE("A layer of a batch that is simulated alone has the counters that it has among others") {
    std::mt19937_64 random(4);
    for (int round = 0; round < 8; ++round) {
        const Network network = make_network(round % 2 == 0 ? "resnet20" : "squeezenet1_1", 32);
        const Drawn drawn = draw(random);
        const RunResult whole =
            simulated([&](const FractionSink&) { return run_timing(network, drawn.arch, {}, drawn.batch); });
        std::vector<std::size_t> chosen;
        for (std::size_t layer = 0; layer < whole.layers.size(); ++layer) {
            if (random() % 4 == 0) chosen.push_back(layer);
        }
        const RunResult some =
            simulated([&](const FractionSink&) { return run_timing(network, drawn.arch, chosen, {}, drawn.batch); });
        REQUIRE(some.layers.size() == chosen.size());
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            INFO(network.name << ", " << some.layers[i].name << ", batch " << drawn.batch);
            CHECK(to_json(some.layers[i].counters) == to_json(whole.layers[chosen[i]].counters));
        }
    }
}
