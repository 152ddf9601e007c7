#include "dma_engine.h"

#include <algorithm>
#include <stdexcept>

#include "transfer_spans.h"

namespace npusim::sim {
namespace {

/// Transfers that may wait for their data at once, so that one's latency passes while another's data moves.
constexpr std::size_t kOutstandingTransfers = 2;

}  // namespace

DmaEngine::DmaEngine(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& weights,
                     Scratchpad& activations)
    : Unit(name, arch, tokens), weights_(weights), activations_(activations) {
    SC_HAS_PROCESS(DmaEngine);
    SC_THREAD(complete_transfers);
}

void DmaEngine::begin_layer(CurrentLayer& layer) {
    Unit::begin_layer(layer);
    layer_began_cycles_ = now_cycles();
    outstanding_until_ = layer_began_cycles_;
    outstanding_cycles_ = 0;
    moved_bytes_ = 0;
    transfers_.clear();
}

UnitCycles DmaEngine::end_layer() {
    account_idle(IdleCause::nothing);
    cycles_.busy_cycles = std::min(outstanding_cycles_, peak_cycles(arch_, moved_bytes_));
    std::vector<UnitSpan> spans = spans_of_transfers(transfers_, layer_began_cycles_, cycles_.busy_cycles, arch_);
    std::uint64_t conflict_cycles = 0;
    for (const UnitSpan& span : spans) {
        if (span.idle == IdleCause::bank_conflict) conflict_cycles += span.cycles();
    }
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::bank_conflict)] = conflict_cycles;
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::dram)] =
        outstanding_cycles_ - cycles_.busy_cycles - conflict_cycles;
    if (keeps_spans()) spans_ = interleaved(spans_, spans);
    return cycles_;
}

void DmaEngine::account_idle(IdleCause cause) {
    const std::uint64_t now = now_cycles();
    const std::uint64_t moving_until = std::clamp(outstanding_until_, accounted_until_, now);
    outstanding_cycles_ += moving_until - accounted_until_;
    note_span(moving_until, now, cause);
    cycles_.idle_cycles[static_cast<std::size_t>(cause)] += now - moving_until;
    accounted_until_ = now;
}

/// It works while a transfer is outstanding, whatever else it waits for.
void DmaEngine::show_waiting(IdleCause cause) {
    waits_for_ = cause;
    show(outstanding_.empty() ? nullptr : outstanding_.front().command, cause);
}

void DmaEngine::run() {
    while (true) {
        const Command& command = next_command();
        take_tokens(command);
        while (outstanding_.size() >= kOutstandingTransfers) sc_core::wait(completed_event_);
        account_idle(IdleCause::dram);
        await_turn(std::holds_alternative<LoadCommand>(command.work) ? Turn::load : Turn::store);
        execute(command);
    }
}

void DmaEngine::execute(const Command& command) {
    const std::uint64_t moved_before = moved_bytes_;
    const std::uint64_t issued_cycles = now_cycles();
    const auto* load_command = std::get_if<LoadCommand>(&command.work);
    const std::uint64_t done_cycles =
        load_command != nullptr ? load(*load_command) : store(std::get<StoreCommand>(command.work));
    const DramTransfer transfer = behind_others({&command, issued_cycles, done_cycles, moved_bytes_ - moved_before, 0});
    outstanding_until_ = std::max(outstanding_until_, transfer.done_cycles);
    outstanding_.push_back({&command, transfer.done_cycles});
    if (keeps_spans() || activations_.ports() != nullptr) transfers_.push_back(transfer);
    show_waiting(waits_for_);
    issued_.notify(sc_core::SC_ZERO_TIME);
}

DramTransfer DmaEngine::behind_others(DramTransfer transfer) const {
    PortCalendar* ports = activations_.ports();
    const auto* load_command = std::get_if<LoadCommand>(&transfer.command->work);
    const bool meets = load_command == nullptr || load_command->kind != LoadKind::weights;
    if (ports == nullptr || !meets || transfer.bytes == 0) return transfer;
    const std::uint64_t address = load_command != nullptr ? load_command->sram_address
                                                          : std::get<StoreCommand>(transfer.command->work).sram_address;
    const std::uint64_t accesses = activations_.accesses(static_cast<std::int64_t>(transfer.bytes));
    // Data comes from DRAM at the end of a transfer and goes to it at its beginning, at peak bandwidth.
    const std::uint64_t window_cycles =
        std::min(transfer.done_cycles - transfer.issued_cycles, peak_cycles(arch_, transfer.bytes));
    const std::uint64_t begin_cycles =
        load_command != nullptr ? transfer.done_cycles - window_cycles : transfer.issued_cycles;
    const std::uint64_t cycles = std::max<std::uint64_t>(1, window_cycles);
    const std::uint64_t stood_cycles =
        ports->book(transfer.issued_cycles, begin_cycles, cycles,
                    ports->in_slot(accesses, address, layer_->program->activation_slot_bytes));
    transfer.bank_conflict_cycles = cycles + stood_cycles - window_cycles;
    transfer.done_cycles += transfer.bank_conflict_cycles;
    return transfer;
}

void DmaEngine::complete_transfers() {
    while (true) {
        while (outstanding_.empty()) sc_core::wait(issued_);
        const Transfer transfer = outstanding_.front();
        if (transfer.done_at_cycles > now_cycles()) {
            sc_core::wait(cycles_to_time(transfer.done_at_cycles) - sc_core::sc_time_stamp());
        }
        outstanding_.pop_front();
        show_waiting(waits_for_);
        give_tokens(*transfer.command);
        completed_event_.notify(sc_core::SC_ZERO_TIME);
    }
}

std::uint64_t DmaEngine::load(const LoadCommand& load) {
    DramCounters& dram = layer_->counters.dram;
    if (load.kind == LoadKind::weights) {
        const std::int64_t bytes = load.weight_bytes + load.parameter_bytes;
        dram.weight_read_bytes += static_cast<std::uint64_t>(load.weight_bytes);
        dram.parameter_read_bytes += static_cast<std::uint64_t>(load.parameter_bytes);
        layer_->counters.weight_buffer.writes += weights_.accesses(bytes);
        return access(tlm::TLM_READ_COMMAND, load.dram_address, bytes, weights_, load.sram_address);
    }
    const std::int64_t bytes = region_bytes((*layer_->layouts)[load.tensor], load.region);
    auto& counted = load.kind == LoadKind::residual ? dram.residual_read_bytes : dram.input_read_bytes;
    counted += static_cast<std::uint64_t>(bytes);
    layer_->counters.activation_buffer.writes += activations_.accesses(bytes);
    return move_region(tlm::TLM_READ_COMMAND, load.tensor, load.region, load.sram_address);
}

std::uint64_t DmaEngine::store(const StoreCommand& store) {
    const std::int64_t bytes = region_bytes((*layer_->layouts)[store.tensor], store.region);
    layer_->counters.dram.output_write_bytes += static_cast<std::uint64_t>(bytes);
    layer_->counters.activation_buffer.reads += activations_.accesses(bytes);
    return move_region(tlm::TLM_WRITE_COMMAND, store.tensor, store.region, store.sram_address);
}

std::uint64_t DmaEngine::move_region(tlm::tlm_command direction, TensorId tensor, const Region& region,
                                     std::uint64_t sram_address) {
    std::uint64_t done_at = now_cycles();
    for_each_chunk((*layer_->layouts)[tensor], region, [&](const Chunk& chunk) {
        done_at = std::max(done_at, access(direction, chunk.address, chunk.bytes, activations_, sram_address));
        sram_address += static_cast<std::uint64_t>(chunk.bytes);
    });
    return done_at;
}

std::uint64_t DmaEngine::access(tlm::tlm_command direction, std::uint64_t address, std::int64_t bytes,
                                Scratchpad& buffer, std::uint64_t sram_address) {
    if (bytes == 0) return now_cycles();
    const auto length = static_cast<std::size_t>(bytes);
    if (!layer_->with_data() && dummy_.size() < length) dummy_.resize(length);
    std::byte* place = layer_->with_data() ? buffer.bytes(sram_address).first(length).data() : dummy_.data();
    tlm::tlm_generic_payload payload;
    payload.set_command(direction);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(place));
    payload.set_data_length(static_cast<unsigned int>(length));
    payload.set_streaming_width(static_cast<unsigned int>(length));
    payload.set_byte_enable_ptr(nullptr);
    payload.set_dmi_allowed(false);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket->b_transport(payload, delay);
    if (payload.is_response_error()) throw std::logic_error("DRAM refused address " + std::to_string(address));
    moved_bytes_ += length;
    return now_cycles() + time_to_cycles(delay);
}

}  // namespace npusim::sim
