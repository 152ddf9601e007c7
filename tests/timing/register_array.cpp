// The dataflows' cycles and counts against an array that is clocked PE by PE, with operands in it.
#include "npusim/sim/register_array.h"

#include <catch2/catch.hpp>
#include <random>
#include <sstream>

#include "npusim/sweeps/worker.h"
#include "support/random_arch.h"
#include "support/random_work.h"

using namespace npusim;

namespace {

/// Small, so that a PE is a module: at most 5 × 5.
ArchSpec small_arch(std::uint64_t seed) {
    ArchSpec arch = test::RandomArchMaker(seed).make(20);
    arch.array.rows = 1 + arch.array.rows % 5;
    arch.array.columns = 1 + arch.array.columns % 5;
    return arch;
}

ArrayWork small_work(std::uint64_t seed, const ArchSpec& arch) {
    std::mt19937_64 generator(seed);
    ArrayWork work = test::random_work(generator, arch);
    work.pixels = 1 + work.pixels % 9;
    work.reduction = 1 + work.reduction % (13 + 6 * arch.array.rows * (work.lanes - 1));
    work.out_channels = 1 + work.out_channels % 9;
    work.groups = 1 + work.groups % 2;
    return work;
}

ArrayMatrices random_matrices(std::uint64_t seed, const ArrayWork& work) {
    std::mt19937_64 generator(seed + 1);
    const auto draw = [&](std::int64_t count, std::int64_t bits) {
        std::vector<std::int32_t> values(static_cast<std::size_t>(count));
        const std::int64_t range = std::int64_t{1} << bits;
        for (auto& value : values) {
            value = static_cast<std::int32_t>(
                static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(range)) - range / 2);
        }
        return values;
    };
    return {draw(work.groups * work.pixels * work.reduction, work.activation_slices * work.activation_slice_bits),
            draw(work.groups * work.out_channels * work.reduction, work.weight_slices * work.weight_slice_bits)};
}

std::vector<std::int64_t> products(const ArrayWork& work, const ArrayMatrices& matrices) {
    std::vector<std::int64_t> sums;
    for (std::int64_t g = 0; g < work.groups; ++g) {
        for (std::int64_t m = 0; m < work.pixels; ++m) {
            for (std::int64_t n = 0; n < work.out_channels; ++n) {
                std::int64_t sum = 0;
                for (std::int64_t k = 0; k < work.reduction; ++k) {
                    const auto input = static_cast<std::size_t>((g * work.pixels + m) * work.reduction + k);
                    const auto weight = static_cast<std::size_t>((g * work.out_channels + n) * work.reduction + k);
                    sum += std::int64_t{matrices.inputs[input]} * matrices.weights[weight];
                }
                sums.push_back(sum);
            }
        }
    }
    return sums;
}

/// Empty where both levels agree.
std::string difference(const ArchSpec& arch, const ArrayWork& work, const ArrayMatrices& matrices) {
    const ArrayRun run = run_register_array(arch, work, matrices);
    const ArrayTiming fast = dataflow_policy(arch.array.dataflow).time(arch, work);
    std::ostringstream text;
    const auto compare = [&](const char* what, std::uint64_t slow, std::uint64_t computed) {
        if (slow != computed) text << what << ": registers " << slow << ", computed " << computed << "\n";
    };
    const ArrayTiming& slow = run.timing;
    compare("cycles", run.clock_cycles, fast.total_cycles());
    compare("accounted cycles", slow.total_cycles(), run.clock_cycles);
    compare("busy", slow.busy_cycles, fast.busy_cycles);
    compare("fill and drain", slow.fill_drain_cycles, fast.fill_drain_cycles);
    compare("bank conflicts", slow.bank_conflict_cycles, fast.bank_conflict_cycles);
    compare("folds", slow.folds, fast.folds);
    compare("operations", slow.pe_operations, fast.pe_operations);
    compare("steps", slow.pe_steps, fast.pe_steps);
    compare("loads", slow.pe_weight_loads, fast.pe_weight_loads);
    compare("weight reads", slow.weight_reads, fast.weight_reads);
    compare("activation reads", slow.activation_reads, fast.activation_reads);
    compare("accumulator reads", slow.accumulator_reads, fast.accumulator_reads);
    compare("accumulator writes", slow.accumulator_writes, fast.accumulator_writes);
    if (run.sums != products(work, matrices)) text << "sums differ\n";
    return text.str();
}

}  // namespace

TEST_CASE("Registers and formulas agree on cycles, counts and sums of random commands, in every dataflow") {
    constexpr std::uint64_t kPairs = 2400;
    std::vector<WorkerJob> jobs;
    for (std::uint64_t seed = 0; seed < kPairs; ++seed) {
        jobs.emplace_back([seed](const FractionSink&) -> RunResult {
            const ArchSpec arch = small_arch(seed);
            const ArrayWork work = small_work(seed, arch);
            const std::string found = difference(arch, work, random_matrices(seed, work));
            if (!found.empty()) throw std::runtime_error(found);
            return {};
        });
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::uint64_t seed = 0; seed < kPairs; ++seed) {
        const auto* failure = std::get_if<WorkerFailure>(&outcomes[seed]);
        const ArchSpec arch = small_arch(seed);
        const ArrayWork work = small_work(seed, arch);
        INFO("seed " << seed << ", " << name_of(arch.array.dataflow) << " " << arch.array.rows << "x"
                     << arch.array.columns << (arch.array.overlap_weight_load ? ", overlapped" : "") << ", T "
                     << work.pixels << ", K " << work.reduction << ", N " << work.out_channels << ", groups "
                     << work.groups << ", slices " << work.weight_slices << "x" << work.activation_slices
                     << (work.accumulates ? ", accumulates" : ""));
        CHECK((failure == nullptr ? std::string() : failure->reason) == "");
    }
}
