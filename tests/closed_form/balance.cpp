// What goes into a layer comes out of it or stays where the program says: bytes, slots, and work that fits the machine.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <map>

#include "support/random_pair.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

std::vector<RunResult> time_all(const std::vector<test::RandomPair>& pairs) {
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        jobs.emplace_back([&pair](const FractionSink&) {
            return simulate({pair.network, pair.arch, pair.program, {}, {}, {}});
        });
    }
    std::vector<RunResult> results;
    for (const auto& outcome : run_in_workers(jobs)) results.push_back(result_or_throw(outcome));
    return results;
}

bool is_resident(const Program& program, TensorId tensor) {
    return !program.residents.empty() && program.residents[tensor].has_value();
}

/// Bytes that the commands of a layer name.
DramCounters named_bytes(const Program& program, const LayerProgram& layer) {
    DramCounters bytes;
    for (const auto& command : layer.commands) {
        if (const auto* load = std::get_if<LoadCommand>(&command.work)) {
            bytes.weight_read_bytes += static_cast<std::uint64_t>(load->weight_bytes);
            bytes.parameter_read_bytes += static_cast<std::uint64_t>(load->parameter_bytes);
            if (load->kind == LoadKind::weights) continue;
            auto& read = load->kind == LoadKind::residual ? bytes.residual_read_bytes : bytes.input_read_bytes;
            read += static_cast<std::uint64_t>(region_bytes(program.layouts[load->tensor], load->region));
        } else if (const auto* store = std::get_if<StoreCommand>(&command.work)) {
            bytes.output_write_bytes +=
                static_cast<std::uint64_t>(region_bytes(program.layouts[store->tensor], store->region));
        }
    }
    return bytes;
}

/// Bytes of each destination that the vector unit makes, and that the store queue takes away.
struct OutputBytes {
    std::map<std::size_t, std::int64_t> made, stored;
};

OutputBytes output_bytes(const test::RandomPair& pair, const LayerProgram& layer) {
    const auto& destinations = pair.network.nodes[layer.node].destinations;
    OutputBytes bytes;
    for (const auto& command : layer.commands) {
        if (const auto* vector = std::get_if<VectorCommand>(&command.work)) {
            for (std::size_t d = 0; d < destinations.size(); ++d) {
                if (is_resident(pair.program, destinations[d].tensor)) continue;
                const Region region = vector->output.shifted(destinations[d].channel_begin);
                bytes.made[d] += region_bytes(pair.program.layouts[destinations[d].tensor], region);
            }
        } else if (const auto* store = std::get_if<StoreCommand>(&command.work)) {
            bytes.stored[store->destination] += region_bytes(pair.program.layouts[store->tensor], store->region);
        }
    }
    return bytes;
}

/// Pairs of tokens: what a unit gives when data is there, and gives back when it is used up.
constexpr std::array<std::pair<Token, Token>, 5> kTokenPairs{{{Token::weights_ready, Token::weights_free},
                                                              {Token::inputs_ready, Token::inputs_free},
                                                              {Token::operand_ready, Token::operand_free},
                                                              {Token::accumulator_ready, Token::accumulator_free},
                                                              {Token::output_ready, Token::output_free}}};

struct TokenCounts {
    std::map<Token, std::int64_t> taken, given;
};

TokenCounts count_tokens(const LayerProgram& layer) {
    TokenCounts counts;
    for (const auto& command : layer.commands) {
        for (const Token token : command.waits) ++counts.taken[token];
        for (const Token token : command.posts) ++counts.given[token];
    }
    return counts;
}

}  // namespace

TEST_CASE("DRAM moves the bytes that a layer's commands name, and nothing else but the rest of their bursts") {
    const auto pairs = test::random_pairs(320'000, 120);
    const auto results = time_all(pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        for (std::size_t l = 0; l < results[i].layers.size(); ++l) {
            INFO("seed " << pairs[i].seed << ", layer " << results[i].layers[l].name);
            const DramCounters named = named_bytes(pairs[i].program, pairs[i].program.layers[l]);
            DramCounters counted = results[i].layers[l].counters.dram;
            CHECK(counted.read_bytes() == named.read_bytes());
            CHECK(counted.weight_read_bytes == named.weight_read_bytes);
            CHECK(counted.input_read_bytes == named.input_read_bytes);
            CHECK(counted.residual_read_bytes == named.residual_read_bytes);
            CHECK(counted.output_write_bytes == named.output_write_bytes);
        }
    }
}

TEST_CASE("What the vector unit writes for DRAM is stored, to the byte") {
    for (const auto& pair : test::random_pairs(330'000, 200)) {
        for (const auto& layer : pair.program.layers) {
            INFO("seed " << pair.seed << ", layer " << layer.name);
            const OutputBytes bytes = output_bytes(pair, layer);
            CHECK(bytes.made == bytes.stored);
        }
    }
}

TEST_CASE("What is loaded or made is used, and no slot is given back that was not taken") {
    for (const auto& pair : test::random_pairs(340'000, 200)) {
        for (const auto& layer : pair.program.layers) {
            INFO("seed " << pair.seed << ", layer " << layer.name);
            TokenCounts counts = count_tokens(layer);
            for (const auto& [ready, free] : kTokenPairs) {
                CHECK(counts.given[ready] == counts.taken[ready]);
                // What is still held at the end is free again when the next layer begins.
                const std::int64_t held = counts.taken[free] - counts.given[free];
                CHECK(held >= 0);
                CHECK(held <= layer.slots);
            }
        }
    }
}

TEST_CASE("No PE and no SRAM port does more than its share of the cycles") {
    const auto pairs = test::random_pairs(350'000, 120);
    const auto results = time_all(pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const ArchSpec& arch = pairs[i].arch;
        const auto pes = static_cast<std::uint64_t>(arch.array.rows * arch.array.columns);
        const auto side_ports = [&](const BufferSpec& buffer) {
            const int banks = std::max(1, buffer.banks / (arch.double_buffering ? 2 : 1));
            return static_cast<std::uint64_t>(banks * buffer.ports);
        };
        for (const auto& layer : results[i].layers) {
            INFO("seed " << pairs[i].seed << ", layer " << layer.name);
            const Counters& c = layer.counters;
            const std::uint64_t in_folds =
                c.array.busy_cycles + c.array.idle(IdleCause::fill_drain) + c.array.idle(IdleCause::bank_conflict);
            CHECK(c.pe_steps <= c.array.busy_cycles * pes);
            CHECK(c.pe_steps + c.pe_idle_in_fold_cycles == in_folds * pes);
            CHECK(c.weight_buffer.reads <= in_folds * side_ports(arch.weight_buffer));
            CHECK(c.accumulator_buffer.writes <= in_folds * side_ports(arch.accumulator_buffer));
        }
    }
}

}  // namespace npusim
