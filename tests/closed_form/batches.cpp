// What batches, residency and prefetch may cost: never more than doing without.
#include <catch2/catch.hpp>
#include <random>

#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

using Programs = std::vector<std::pair<ArchSpec, Program>>;

/// Every cycle of every unit and of every PE is accounted for.
void check_accounts(const RunResult& result, const ArraySpec& array) {
    const auto pes = static_cast<std::uint64_t>(array.rows * array.columns);
    for (const LayerResult& layer : result.layers) {
        const Counters& c = layer.counters;
        for (const UnitCycles* unit : {&c.load_dma, &c.array, &c.vector_unit, &c.store_dma}) {
            CHECK(unit->total_cycles() == c.total_cycles);
        }
        CHECK(c.pe_steps + c.pe_idle_in_fold_cycles + c.pe_stalled_cycles == c.total_cycles * pes);
    }
}

std::vector<RunResult> time_all(const std::vector<test::RandomPair>& pairs, const Programs& programs) {
    std::vector<WorkerJob> jobs;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        jobs.emplace_back([&, i](const FractionSink&) {
            return simulate({pairs[i].network, programs[i].first, programs[i].second, {}, {}, {}});
        });
    }
    std::vector<RunResult> results;
    for (const auto& outcome : run_in_workers(jobs)) {
        results.push_back(result_or_throw(outcome));
        check_accounts(results.back(), programs[results.size() - 1].first.array);
    }
    return results;
}

/// Pairs whose layers have the chip's dataflow: one that each layer chooses may be another in a batch.
std::vector<test::RandomPair> fixed_pairs(std::uint64_t first_seed, std::size_t wanted) {
    std::vector<test::RandomPair> pairs = test::random_pairs(first_seed, wanted);
    for (auto& pair : pairs) pair.arch.array.auto_dataflow.reset();
    std::erase_if(pairs, [](const test::RandomPair& pair) {
        return !test::RandomArchMaker::made_to_fit(pair.arch, pair.network);
    });
    for (auto& pair : pairs) pair.arch = *test::RandomArchMaker::made_to_fit(pair.arch, pair.network);
    return pairs;
}

/// The pairs with larger buffers, so that something can stay.
std::vector<test::RandomPair> roomy_pairs(std::uint64_t first_seed, std::size_t wanted) {
    std::vector<test::RandomPair> pairs = fixed_pairs(first_seed, wanted);
    std::mt19937_64 random(first_seed);
    for (auto& pair : pairs) {
        pair.arch.activation_buffer.bytes <<= random() % 8;
        pair.arch.weight_buffer.bytes <<= random() % 6;
        pair.program = lower(pair.network, pair.arch);
    }
    return pairs;
}

/// `percent` more.
std::uint64_t with_percent(std::uint64_t cycles, std::uint64_t percent) {
    return cycles + cycles * percent / 100;
}

template <typename Change>
Programs programs_of(const std::vector<test::RandomPair>& pairs, const Change& change) {
    Programs programs;
    for (const auto& pair : pairs) {
        ArchSpec arch = pair.arch;
        const std::int64_t batch = change(arch);
        Program program = lower(pair.network, arch, batch);
        programs.emplace_back(std::move(arch), std::move(program));
    }
    return programs;
}

}  // namespace

// Loads and stores share the bus in the order in which they are issued: where that changes, a transfer that everything
// waits for may come a place later.
TEST_CASE("A batch moves no more bytes than its images one by one, and takes no more cycles but for the bus's order") {
    const auto pairs = fixed_pairs(330'000, 150);
    const auto single = time_all(pairs, programs_of(pairs, [](ArchSpec&) { return 1; }));
    for (const std::int64_t batch : {2, 5, 16}) {
        const auto together = time_all(pairs, programs_of(pairs, [&](ArchSpec&) { return batch; }));
        const auto images = static_cast<std::uint64_t>(batch);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            INFO("seed " << pairs[i].seed << ", batch " << batch);
            for (std::size_t l = 0; l < single[i].layers.size(); ++l) {
                const Counters& one = single[i].layers[l].counters;
                const Counters& all = together[i].layers[l].counters;
                INFO("layer " << single[i].layers[l].name);
                CHECK(all.dram.moved_bytes() <= images * one.dram.moved_bytes());
                CHECK(all.macs == images * one.macs);
                CHECK(all.total_cycles <= with_percent(images * one.total_cycles, 2));
            }
        }
    }
}

TEST_CASE("Activations that stay on chip never make DRAM move more") {
    const auto pairs = roomy_pairs(340'000, 200);
    const auto without = time_all(pairs, programs_of(pairs, [](ArchSpec&) { return 1; }));
    const Programs keeping = programs_of(pairs, [](ArchSpec& arch) {
        arch.keep_on_chip.activations = true;
        return 1;
    });
    const auto with = time_all(pairs, keeping);
    std::size_t residents = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        INFO("seed " << pairs[i].seed);
        bool any = false;
        for (const auto& resident : keeping[i].second.residents) any = any || resident;
        residents += any ? 1 : 0;
        const DramCounters& more = without[i].total.dram;
        const DramCounters& fewer = with[i].total.dram;
        CHECK(fewer.moved_bytes() <= more.moved_bytes());
        if (any) CHECK(fewer.moved_bytes() < more.moved_bytes());
        CHECK(with[i].total.total_cycles <= with_percent(without[i].total.total_cycles, 2));
    }
    CHECK(residents > 50);
}

TEST_CASE("Weights that stay on chip are loaded by the first batch and by no other") {
    const auto pairs = roomy_pairs(350'000, 150);
    const auto without = time_all(pairs, programs_of(pairs, [](ArchSpec&) { return 2; }));
    const Programs keeping = programs_of(pairs, [](ArchSpec& arch) {
        arch.keep_on_chip.weights = true;
        return 2;
    });
    const auto with = time_all(pairs, keeping);
    std::size_t layers_that_keep = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        INFO("seed " << pairs[i].seed);
        std::uint64_t loaded = 0;
        bool all = true;
        for (std::size_t l = 0; l < with[i].layers.size(); ++l) {
            const DramCounters& dram = with[i].layers[l].counters.dram;
            const bool stays = keeping[i].second.layers[l].weights_stay;
            all = all && stays;
            layers_that_keep += stays ? 1 : 0;
            if (stays) CHECK(dram.weight_read_bytes + dram.parameter_read_bytes == 0);
            loaded += dram.weight_read_bytes + dram.parameter_read_bytes;
        }
        const DramCounters& first = with[i].first_total.dram;
        CHECK(with[i].total.dram.moved_bytes() <= without[i].total.dram.moved_bytes());
        CHECK(first.weight_read_bytes + first.parameter_read_bytes >= loaded);
        const auto all_weights = static_cast<std::uint64_t>(keeping[i].second.weight_bytes);
        if (all) CHECK(first.weight_read_bytes + first.parameter_read_bytes <= all_weights);
        CHECK(with[i].total.total_cycles <= with_percent(without[i].total.total_cycles, 2));
    }
    CHECK(layers_that_keep > 50);
}

TEST_CASE("The same tiles are never slower with a slot more, but for the bus's order") {
    const auto pairs = fixed_pairs(360'000, 150);
    const Programs deepest = programs_of(pairs, [](ArchSpec& arch) {
        arch.double_buffering = true;
        arch.prefetch_depth = 3;
        for (BufferSpec* buffer : {&arch.weight_buffer, &arch.activation_buffer, &arch.accumulator_buffer}) {
            buffer->bytes *= 4;
            buffer->banks = 2 * buffer->banks;
        }
        return 1;
    });
    std::vector<std::vector<RunResult>> by_slots;
    for (const int slots : {1, 2, 3, 4}) {
        Programs programs = deepest;
        for (auto& [arch, program] : programs) {
            for (LayerProgram& layer : program.layers) layer.slots = slots;
        }
        by_slots.push_back(time_all(pairs, programs));
    }
    int faster = 0;
    for (std::size_t s = 1; s < by_slots.size(); ++s) {
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            for (std::size_t l = 0; l < by_slots[s][i].layers.size(); ++l) {
                const std::uint64_t shallow = by_slots[s - 1][i].layers[l].counters.total_cycles;
                const std::uint64_t deep = by_slots[s][i].layers[l].counters.total_cycles;
                INFO("seed " << pairs[i].seed << ", layer " << by_slots[s][i].layers[l].name << ", slots " << s + 1);
                // Ideal DRAM has no bus to share.
                CHECK(deep <= with_percent(shallow, pairs[i].arch.dram.ideal ? 0 : 10));
                CHECK(by_slots[s][i].layers[l].counters.dram.moved_bytes() ==
                      by_slots[0][i].layers[l].counters.dram.moved_bytes());
                faster += deep < shallow ? 1 : 0;
            }
        }
    }
    CHECK(faster > 100);
}

TEST_CASE("On networks of the zoo, batches and residency save traffic and time") {
    const ArchSpec base = read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int8_array.json");
    for (const char* name : {"resnet20", "fdmobilenet_0_5"}) {
        const Network network = make_network(name);
        const QuantizedNetwork structure = quantize_structure(network, base.precision, base.array.accumulator_bits);
        const auto total_of = [&](const ArchSpec& arch, std::int64_t batch) {
            return test::simulate_in_child(structure, arch, lower(structure, arch, batch)).total;
        };
        const Counters plain = total_of(base, 1);
        INFO(name);
        const Counters batch = total_of(base, 8);
        CHECK(batch.total_cycles < 8 * plain.total_cycles);
        CHECK(batch.dram.moved_bytes() < 8 * plain.dram.moved_bytes());
        ArchSpec keeping = base;
        keeping.keep_on_chip.activations = true;
        const Counters kept = total_of(keeping, 1);
        CHECK(kept.total_cycles < plain.total_cycles);
        CHECK(kept.dram.moved_bytes() < plain.dram.moved_bytes());
        CHECK(kept.dram.weight_read_bytes >= static_cast<std::uint64_t>(structure.weight_bits_total()) / 8);
        keeping.keep_on_chip.weights = true;
        keeping.weight_buffer.bytes *= 64;
        CHECK(total_of(keeping, 1).dram.weight_read_bytes == 0);
    }
}

}  // namespace npusim
