#include "npusim/sim/timeline.h"

#include <algorithm>
#include <iterator>

#include "npusim/base/integer_math.h"
#include "transfer_spans.h"

namespace npusim {

std::string_view name_of(MachineUnit unit) {
    constexpr std::array<std::string_view, kMachineUnits> names{"load_dma", "array", "vector_unit", "store_dma"};
    return names[static_cast<std::size_t>(unit)];
}

MachineUnit unit_of(const Command& command) {
    struct Choose {
        MachineUnit operator()(const LoadCommand&) const { return MachineUnit::load_dma; }
        MachineUnit operator()(const ArrayCommand&) const { return MachineUnit::array; }
        MachineUnit operator()(const VectorCommand&) const { return MachineUnit::vector_unit; }
        MachineUnit operator()(const StoreCommand&) const { return MachineUnit::store_dma; }
    };
    return std::visit(Choose{}, command.work);
}

const UnitCycles& cycles_of(const Counters& counters, MachineUnit unit) {
    const std::array<const UnitCycles*, kMachineUnits> units{&counters.load_dma, &counters.array, &counters.vector_unit,
                                                             &counters.store_dma};
    return *units[static_cast<std::size_t>(unit)];
}

}  // namespace npusim

namespace npusim::sim {
namespace {

/// The cycles in which one transfer is the oldest, and how many of them are busy.
struct Share {
    const DramTransfer* transfer;
    std::uint64_t begin_cycles;
    std::uint64_t cycles;
    std::uint64_t busy_cycles;
};

std::vector<Share> shares_of(const std::vector<DramTransfer>& transfers, std::uint64_t begin_cycles) {
    std::vector<Share> shares;
    shares.reserve(transfers.size());
    std::uint64_t until = begin_cycles;
    for (const DramTransfer& transfer : transfers) {
        const std::uint64_t from = std::max(until, transfer.issued_cycles);
        until = std::max(from, transfer.done_cycles);
        shares.push_back({&transfer, from, until - from, 0});
    }
    return shares;
}

/// Bytes take fractions of cycles: what does not fit into a transfer's own cycles goes to the next one's, and what is
/// left at the end to those before.
void divide_busy_cycles(std::vector<Share>& shares, std::uint64_t busy_cycles, const ArchSpec& arch) {
    std::uint64_t bytes = 0;
    std::uint64_t given = 0;
    for (Share& share : shares) {
        bytes += share.transfer->bytes;
        const std::uint64_t wanted = std::min(peak_cycles(arch, bytes), busy_cycles);
        share.busy_cycles = std::min(share.cycles, wanted - given);
        given += share.busy_cycles;
    }
    for (auto share = shares.rbegin(); share != shares.rend() && given < busy_cycles; ++share) {
        const std::uint64_t more = std::min(share->cycles - share->busy_cycles, busy_cycles - given);
        share->busy_cycles += more;
        given += more;
    }
}

}  // namespace

std::uint64_t peak_cycles(const ArchSpec& arch, std::uint64_t bytes) {
    if (arch.dram.ideal) return 0;
    return ceil_div(bytes * static_cast<std::uint64_t>(arch.clock_mhz),
                    static_cast<std::uint64_t>(arch.dram.bandwidth_mb_s));
}

std::vector<UnitSpan> spans_of_transfers(const std::vector<DramTransfer>& transfers, std::uint64_t begin_cycles,
                                         std::uint64_t busy_cycles, const ArchSpec& arch) {
    std::vector<Share> shares = shares_of(transfers, begin_cycles);
    divide_busy_cycles(shares, busy_cycles, arch);
    std::vector<UnitSpan> spans;
    spans.reserve(3 * shares.size());
    for (const Share& share : shares) {
        const std::uint64_t end = share.begin_cycles + share.cycles;
        const std::uint64_t through =
            end - std::min(share.transfer->bank_conflict_cycles, share.cycles - share.busy_cycles);
        const std::uint64_t arrival = through - share.busy_cycles;
        const auto add = [&](std::uint64_t from, std::uint64_t to, std::optional<IdleCause> idle) {
            if (to > from) spans.push_back({from, to, idle, share.transfer->command});
        };
        add(share.begin_cycles, arrival, IdleCause::dram);
        add(arrival, through, std::nullopt);
        add(through, end, IdleCause::bank_conflict);
    }
    return spans;
}

std::vector<UnitSpan> interleaved(const std::vector<UnitSpan>& first, const std::vector<UnitSpan>& second) {
    std::vector<UnitSpan> all;
    all.reserve(first.size() + second.size());
    std::merge(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(all),
               [](const UnitSpan& a, const UnitSpan& b) { return a.begin_cycles < b.begin_cycles; });
    return all;
}

}  // namespace npusim::sim
