#include "clocked_dma.h"

#include <algorithm>

namespace npusim::sim {
namespace {

constexpr std::size_t kMostUnderWay = 2;

std::uint64_t words(std::uint64_t bytes, const BufferSpec& buffer) {
    constexpr std::uint64_t byte_bits = 8;
    const auto width_bits = static_cast<std::uint64_t>(buffer.width_bits);
    return (bytes * byte_bits + width_bits - 1) / width_bits;
}

}  // namespace

void ClockedDma::begin_layer(CurrentLayer& layer, std::uint64_t now_cycles) {
    ClockedUnit::begin_layer(layer, now_cycles);
    layer_began_cycles_ = now_cycles;
    transfers_.clear();
    oldest_ = 0;
}

void ClockedDma::finish(std::uint64_t now_cycles) {
    for (; is_moving() && is_over(transfers_[oldest_], now_cycles); ++oldest_) {
        finish_command(*transfers_[oldest_].what.command);
    }
}

bool ClockedDma::is_over(Transfer& transfer, std::uint64_t now_cycles) {
    if (transfer.request != nullptr) {
        if (!transfer.request->is_through()) return false;
        // The arbiter has let go of it.
        const auto request = std::exchange(transfer.request, nullptr);
        transfer.what.bank_conflict_cycles = request->worked_cycles + request->stood_cycles - transfer.window_cycles;
        transfer.what.done_cycles += transfer.what.bank_conflict_cycles;
    }
    return transfer.what.done_cycles <= now_cycles;
}

bool ClockedDma::act(std::uint64_t now_cycles) {
    bool acted = false;
    while (true) {
        const bool took = take_tokens();
        const bool issues = has_tokens() && transfers_.size() - oldest_ < kMostUnderWay;
        if (issues) issue(start_head(), now_cycles);
        const std::size_t oldest_before = oldest_;
        if (!issues) finish(now_cycles);
        if (!took && !issues && oldest_ == oldest_before) return acted;
        acted = true;
    }
}

void ClockedDma::cycle(std::uint64_t now_cycles) {
    if (!is_moving()) return wait_cycle(now_cycles);
    Transfer& oldest = transfers_[oldest_];
    signals_.show(layer_, oldest.what.command, true, IdleCause::nothing);
    if (oldest.oldest_cycles == 0) oldest.oldest_from_cycles = now_cycles;
    ++oldest.oldest_cycles;
}

void ClockedDma::issue(const Command& command, std::uint64_t now_cycles) {
    Transfer& transfer = transfers_.emplace_back();
    transfer.what = {&command, now_cycles, now_cycles, 0, 0};
    bool meets_others = parts_.ports != nullptr;
    if (const auto* load_command = std::get_if<LoadCommand>(&command.work)) {
        load(*load_command, transfer.what);
        meets_others = meets_others && load_command->kind != LoadKind::weights;
    } else {
        store(std::get<StoreCommand>(command.work), transfer.what);
    }
    if (meets_others && transfer.what.bytes > 0) ask_ports(transfer);
}

void ClockedDma::load(const LoadCommand& load, DramTransfer& transfer) {
    DramCounters& counters = layer_->counters.dram;
    switch (load.kind) {
        case LoadKind::weights:
            move(load.dram_address, load.weight_bytes + load.parameter_bytes, parts_.weights, load.sram_address,
                 transfer);
            counters.weight_read_bytes += static_cast<std::uint64_t>(load.weight_bytes);
            counters.parameter_read_bytes += static_cast<std::uint64_t>(load.parameter_bytes);
            layer_->counters.weight_buffer.writes += words(transfer.bytes, arch_.weight_buffer);
            return;
        case LoadKind::inputs:
        case LoadKind::operand:
            move_region(load.tensor, load.region, load.sram_address, transfer);
            counters.input_read_bytes += transfer.bytes;
            break;
        case LoadKind::residual:
            move_region(load.tensor, load.region, load.sram_address, transfer);
            counters.residual_read_bytes += transfer.bytes;
            break;
    }
    layer_->counters.activation_buffer.writes += words(transfer.bytes, arch_.activation_buffer);
}

void ClockedDma::store(const StoreCommand& store, DramTransfer& transfer) {
    move_region(store.tensor, store.region, store.sram_address, transfer);
    layer_->counters.dram.output_write_bytes += transfer.bytes;
    layer_->counters.activation_buffer.reads += words(transfer.bytes, arch_.activation_buffer);
}

void ClockedDma::move_region(TensorId tensor, const Region& region, std::uint64_t sram_address,
                             DramTransfer& transfer) {
    for_each_chunk((*layer_->layouts)[tensor], region, [&](const Chunk& chunk) {
        move(chunk.address, chunk.bytes, parts_.activations, sram_address, transfer);
        sram_address += static_cast<std::uint64_t>(chunk.bytes);
    });
}

void ClockedDma::move(std::uint64_t address, std::int64_t bytes, Scratchpad& buffer, std::uint64_t sram_address,
                      DramTransfer& transfer) {
    if (bytes == 0) return;
    const auto asked = static_cast<std::int64_t>(transfer.issued_cycles - layer_began_cycles_);
    const std::int64_t done = parts_.dram.access(asked, static_cast<std::int64_t>(address), bytes, !loads());
    transfer.done_cycles = std::max(transfer.done_cycles, layer_began_cycles_ + static_cast<std::uint64_t>(done));
    transfer.bytes += static_cast<std::uint64_t>(bytes);
    if (layer_->with_data()) {
        parts_.copy(!loads(), address, buffer.bytes(sram_address).first(static_cast<std::size_t>(bytes)));
    }
}

/// A load's bytes come at its end, a store's go at its beginning.
void ClockedDma::ask_ports(Transfer& transfer) {
    const DramTransfer& what = transfer.what;
    const std::uint64_t taken_cycles = what.done_cycles - what.issued_cycles;
    transfer.window_cycles = std::min(taken_cycles, cycles_of(what.bytes));
    PortRequest request;
    request.begin_cycles = what.issued_cycles + (loads() ? taken_cycles - transfer.window_cycles : 0);
    request.working_cycles = std::max<std::uint64_t>(1, transfer.window_cycles);
    const std::uint64_t address = loads() ? std::get<LoadCommand>(what.command->work).sram_address
                                          : std::get<StoreCommand>(what.command->work).sram_address;
    request.accesses = parts_.ports->to_slot(words(what.bytes, arch_.activation_buffer), address,
                                             layer_->program->activation_slot_bytes);
    transfer.request = parts_.ports->ask(request);
}

std::uint64_t ClockedDma::cycles_of(std::uint64_t bytes) const {
    if (arch_.dram.ideal) return 0;
    const auto bandwidth = static_cast<std::uint64_t>(arch_.dram.bandwidth_mb_s);
    return (bytes * static_cast<std::uint64_t>(arch_.clock_mhz) + bandwidth - 1) / bandwidth;
}

/// Cycles are the oldest transfer's, and busy as far as the bytes so far need them; what is over goes to later
/// transfers, and at last to earlier ones.
void ClockedDma::divide_busy_cycles() {
    std::uint64_t under_way_cycles = 0;
    std::uint64_t all_bytes = 0;
    for (const Transfer& transfer : transfers_) {
        under_way_cycles += transfer.oldest_cycles;
        all_bytes += transfer.what.bytes;
    }
    cycles_.busy_cycles = std::min(under_way_cycles, cycles_of(all_bytes));
    std::uint64_t bytes = 0;
    std::uint64_t divided_cycles = 0;
    const auto give = [&](Transfer& transfer, std::uint64_t until_cycles) {
        for (; divided_cycles < until_cycles && transfer.busy_cycles < transfer.oldest_cycles; ++divided_cycles) {
            ++transfer.busy_cycles;
        }
    };
    for (Transfer& transfer : transfers_) {
        bytes += transfer.what.bytes;
        give(transfer, std::min(cycles_of(bytes), cycles_.busy_cycles));
    }
    std::for_each(transfers_.rbegin(), transfers_.rend(),
                  [&](Transfer& transfer) { give(transfer, cycles_.busy_cycles); });
}

UnitCycles ClockedDma::end_layer() {
    divide_busy_cycles();
    for (const Transfer& transfer : transfers_) {
        const std::uint64_t waited_cycles = transfer.oldest_cycles - transfer.busy_cycles;
        const std::uint64_t conflict_cycles = std::min(waited_cycles, transfer.what.bank_conflict_cycles);
        const std::uint64_t dram_cycles = waited_cycles - conflict_cycles;
        cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::bank_conflict)] += conflict_cycles;
        cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::dram)] += dram_cycles;
        const std::uint64_t from = transfer.oldest_from_cycles;
        const Command* command = transfer.what.command;
        add_span(from, dram_cycles, IdleCause::dram, command);
        add_span(from + dram_cycles, transfer.busy_cycles, std::nullopt, command);
        add_span(from + dram_cycles + transfer.busy_cycles, conflict_cycles, IdleCause::bank_conflict, command);
    }
    std::sort(spans_.begin(), spans_.end(),
              [](const UnitSpan& a, const UnitSpan& b) { return a.begin_cycles < b.begin_cycles; });
    return cycles_;
}

std::vector<DramTransfer> ClockedDma::take_transfers() {
    std::vector<DramTransfer> all;
    all.reserve(transfers_.size());
    for (const Transfer& transfer : transfers_) all.push_back(transfer.what);
    return all;
}

}  // namespace npusim::sim
