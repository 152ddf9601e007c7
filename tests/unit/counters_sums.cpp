#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <random>
#include <set>
#include <string>

#include "npusim/arch/counters.h"

using namespace npusim;

namespace {

// Counters hold 64-bit counts and two maps side by side, so their memory on both sides of these is the list of all
// counts.
using ByBits = decltype(Counters::pe_operations_by_bits);
constexpr std::size_t count_of_counts = (sizeof(Counters) - 2 * sizeof(ByBits)) / sizeof(std::uint64_t);
using Counts = std::array<std::uint64_t, count_of_counts>;

/// Visits the bytes before and behind the maps: visit(offset in the counters, offset in the counts, bytes).
template <typename Visit>
void for_each_part(const Counters& counters, const Visit& visit) {
    const auto* begin = reinterpret_cast<const char*>(&counters);
    const auto before =
        static_cast<std::size_t>(reinterpret_cast<const char*>(&counters.pe_operations_by_bits) - begin);
    visit(std::size_t{0}, std::size_t{0}, before);
    const std::size_t behind = before + 2 * sizeof(ByBits);
    visit(behind, before, sizeof(Counters) - behind);
}

Counts counts_of(const Counters& counters) {
    Counts counts{};
    for_each_part(counters, [&](std::size_t from, std::size_t to, std::size_t bytes) {
        std::memcpy(reinterpret_cast<char*>(counts.data()) + to, reinterpret_cast<const char*>(&counters) + from,
                    bytes);
    });
    return counts;
}

Counters random_counters(std::mt19937_64& random) {
    Counts counts{};
    for (auto& count : counts) count = random() >> 8;
    Counters counters;
    for_each_part(counters, [&](std::size_t to, std::size_t from, std::size_t bytes) {
        std::memcpy(reinterpret_cast<char*>(&counters) + to, reinterpret_cast<const char*>(counts.data()) + from,
                    bytes);
    });
    for (const int bits : {1, 4, 8}) {
        for (ByBits* map : {&counters.pe_operations_by_bits, &counters.output_stationary_operations_by_bits}) {
            if (random() % 2 == 0) (*map)[{bits, 8}] = random() >> 8;
        }
    }
    return counters;
}

}  // namespace

TEST_CASE("Adding counters adds every single count") {
    static_assert(sizeof(Counters) % sizeof(std::uint64_t) == 0);
    std::mt19937_64 random(1);
    for (int round = 0; round < 20; ++round) {
        const Counters a = random_counters(random);
        const Counters b = random_counters(random);
        Counters sum = a;
        sum += b;
        Counts expected = counts_of(a);
        const Counts addends = counts_of(b);
        for (std::size_t i = 0; i < count_of_counts; ++i) expected[i] += addends[i];
        CHECK(counts_of(sum) == expected);
        for (const int bits : {1, 4, 8}) {
            for (ByBits Counters::*map :
                 {&Counters::pe_operations_by_bits, &Counters::output_stationary_operations_by_bits}) {
                const auto of = [&](const Counters& counters) {
                    const auto found = (counters.*map).find({bits, 8});
                    return found == (counters.*map).end() ? 0 : found->second;
                };
                CHECK(of(sum) == of(a) + of(b));
            }
        }
        Counters same = a;
        same += Counters{};
        CHECK(same == a);
    }
}

TEST_CASE("A unit's total is its busy cycles and every idle cycle") {
    UnitCycles cycles;
    cycles.busy_cycles = 1000;
    std::uint64_t expected = 1000;
    for (std::size_t cause = 0; cause < kIdleCauses; ++cause) {
        cycles.idle_cycles[cause] = std::uint64_t{1} << cause;
        expected += std::uint64_t{1} << cause;
        CHECK(cycles.idle(static_cast<IdleCause>(cause)) == std::uint64_t{1} << cause);
    }
    CHECK(cycles.total_cycles() == expected);
}

TEST_CASE("Moved DRAM bytes are all reads, all writes and the waste of bursts") {
    const DramCounters dram{1, 20, 300, 4000, 50000, 600000};
    CHECK(dram.read_bytes() == 4321);
    CHECK(dram.moved_bytes() == 654321);
}

TEST_CASE("Every idle cause has a name of its own") {
    std::set<std::string_view> names;
    for (std::size_t cause = 0; cause < kIdleCauses; ++cause) names.insert(name_of(static_cast<IdleCause>(cause)));
    CHECK(names.size() == kIdleCauses);
    CHECK_FALSE(names.contains(""));
    CHECK(name_of(IdleCause::weights) == "weights");
    CHECK(name_of(IdleCause::array) == "array");
    CHECK(name_of(IdleCause::bank_conflict) == "bank_conflict");
    CHECK(name_of(IdleCause::nothing) == "nothing");
}
