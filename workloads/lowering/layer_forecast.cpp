#include "layer_forecast.h"

#include <algorithm>
#include <array>
#include <deque>

#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "npusim/workloads/lowering/pe_kind.h"

namespace npusim {
namespace {

/// A bit's way costs, by the hierarchy of Chen et al. (Eyeriss, ISCA 2016): a register 1, the global buffer 6, DRAM
/// 200.
constexpr std::int64_t kDramCost = 200;
constexpr std::int64_t kSramCost = 6;
constexpr std::int64_t kRegisterCost = 1;

constexpr std::size_t kOutstandingTransfers = 2;

/// Tokens of a kind in the order in which they are given, with the cycle.
struct TokenQueue {
    std::deque<std::int64_t> given;
};

/// A unit's commands in its order.
struct UnitQueue {
    std::vector<const Command*> commands;
    std::size_t next = 0;
    std::int64_t free_at = 0;
    std::deque<std::int64_t> outstanding;  ///< cycles in which a DMA's transfers are complete
    [[nodiscard]] bool is_done() const { return next == commands.size(); }
};

class LayerWalk {
public:
    LayerWalk(const LayerContext& layer, const LayerProgram& program) : layer_(layer), arch_(layer.arch) {
        for (const Token token : {Token::weights_free, Token::inputs_free, Token::operand_free, Token::accumulator_free,
                                  Token::output_free}) {
            queue(token).given.assign(static_cast<std::size_t>(program.slots), 0);
        }
        for (const Command& command : program.commands) unit_of(command).commands.push_back(&command);
    }

    DataflowForecast run() {
        while (true) {
            while (step_array() || step_vector()) {
            }
            const auto load_at = transfer_at(loads_);
            const auto store_at = transfer_at(stores_);
            if (!load_at && !store_at) break;
            if (load_at && (!store_at || *load_at <= *store_at)) {
                step_transfer(loads_, *load_at);
            } else {
                step_transfer(stores_, *store_at);
            }
        }
        forecast_.dataflow = arch_.array.dataflow;
        forecast_.cycles = end_;
        forecast_.movement_cost =
            kDramCost * forecast_.dram_bytes * 8 + kSramCost * forecast_.sram_bits + kRegisterCost * register_bits_;
        return forecast_;
    }

private:
    [[nodiscard]] TokenQueue& queue(Token token) { return tokens_[static_cast<std::size_t>(token)]; }

    UnitQueue& unit_of(const Command& command) {
        struct Choose {
            LayerWalk& walk;
            UnitQueue& operator()(const LoadCommand&) const { return walk.loads_; }
            UnitQueue& operator()(const ArrayCommand&) const { return walk.array_; }
            UnitQueue& operator()(const VectorCommand&) const { return walk.vector_; }
            UnitQueue& operator()(const StoreCommand&) const { return walk.stores_; }
        };
        return std::visit(Choose{*this}, command.work);
    }

    /// When the unit's next command has its tokens; nothing while one of them is not given yet.
    [[nodiscard]] std::optional<std::int64_t> ready_at(const UnitQueue& unit) {
        if (unit.is_done()) return std::nullopt;
        std::int64_t at = unit.free_at;
        for (const Token token : unit.commands[unit.next]->waits) {
            const TokenQueue& tokens = queue(token);
            if (tokens.given.empty()) return std::nullopt;
            at = std::max(at, tokens.given.front());
        }
        return at;
    }
    void take_tokens(const Command& command) {
        for (const Token token : command.waits) queue(token).given.pop_front();
    }
    void give_tokens(const Command& command, std::int64_t at) {
        for (const Token token : command.posts) queue(token).given.push_back(at);
        end_ = std::max(end_, at);
    }

    /// Takes the unit's next command through, if it can begin.
    template <typename CyclesOf>
    bool step(UnitQueue& unit, const CyclesOf& cycles_of) {
        const auto begin = ready_at(unit);
        if (!begin) return false;
        const Command& command = *unit.commands[unit.next++];
        take_tokens(command);
        unit.free_at = *begin + cycles_of(command);
        give_tokens(command, unit.free_at);
        return true;
    }
    bool step_array() {
        return step(array_, [&](const Command& command) {
            const ArrayTiming& timing = timing_of(std::get<ArrayCommand>(command.work).work);
            add_accesses(arch_.weight_buffer, timing.weight_reads);
            add_accesses(arch_.activation_buffer, timing.activation_reads);
            add_accesses(arch_.accumulator_buffer, timing.accumulator_reads + timing.accumulator_writes);
            add_registers(timing);
            return static_cast<std::int64_t>(timing.total_cycles());
        });
    }
    bool step_vector() {
        return step(vector_, [&](const Command& command) {
            const VectorTiming timing = time_vector(arch_, std::get<VectorCommand>(command.work).work);
            add_accesses(arch_.activation_buffer, timing.activation_reads + timing.activation_writes);
            add_accesses(arch_.accumulator_buffer, timing.accumulator_reads);
            return static_cast<std::int64_t>(timing.total_cycles());
        });
    }

    [[nodiscard]] std::optional<std::int64_t> transfer_at(const UnitQueue& unit) {
        const auto at = ready_at(unit);
        if (!at || unit.outstanding.size() < kOutstandingTransfers) return at;
        return std::max(*at, unit.outstanding.front());
    }
    void step_transfer(UnitQueue& unit, std::int64_t at) {
        const Command& command = *unit.commands[unit.next++];
        take_tokens(command);
        unit.free_at = at;
        if (unit.outstanding.size() == kOutstandingTransfers) unit.outstanding.pop_front();
        std::int64_t done_at = std::max(at, move(command, at));
        if (!unit.outstanding.empty()) done_at = std::max(done_at, unit.outstanding.back());
        unit.outstanding.push_back(done_at);
        give_tokens(command, done_at);
    }

    /// Over the bus from cycle `at` on; returns the cycle in which all is there.
    std::int64_t move(const Command& command, std::int64_t at) {
        const DramSpec& dram = arch_.dram;
        const std::int64_t moved = bus_bytes(command);
        forecast_.dram_bytes += moved;
        if (dram.ideal || moved == 0) return at;
        bus_free_at_ = std::max(bus_free_at_, at * dram.bandwidth_mb_s) + moved * arch_.clock_mhz;
        return ceil_div(bus_free_at_, dram.bandwidth_mb_s) +
               ceil_div(std::int64_t{dram.latency_ns} * arch_.clock_mhz, std::int64_t{1000});
    }

    /// In whole bursts.
    std::int64_t bus_bytes(const Command& command) {
        const std::int64_t burst = arch_.dram.burst_bytes;
        std::int64_t moved = 0;
        std::int64_t bytes = 0;
        const auto add = [&](std::uint64_t address, std::int64_t length) {
            if (length == 0) return;
            const auto begin = static_cast<std::int64_t>(address);
            moved += ((begin + length - 1) / burst - begin / burst + 1) * burst;
            bytes += length;
        };
        const auto add_region = [&](TensorId tensor, const Region& region) {
            for_each_chunk(layer_.layouts[tensor], region,
                           [&](const Chunk& chunk) { add(chunk.address, chunk.bytes); });
        };
        const BufferSpec* buffer = &arch_.activation_buffer;
        if (const auto* store = std::get_if<StoreCommand>(&command.work)) {
            add_region(store->tensor, store->region);
        } else if (const auto& load = std::get<LoadCommand>(command.work); load.kind == LoadKind::weights) {
            add(load.dram_address, load.weight_bytes + load.parameter_bytes);
            buffer = &arch_.weight_buffer;
        } else {
            add_region(load.tensor, load.region);
        }
        add_accesses(*buffer, static_cast<std::uint64_t>(ceil_div<std::int64_t>(bytes * 8, buffer->width_bits)));
        return moved;
    }

    void add_accesses(const BufferSpec& buffer, std::uint64_t accesses) {
        forecast_.sram_bits += static_cast<std::int64_t>(accesses) * buffer.width_bits;
    }

    /// Bits written into the PEs to stay, and those that PEs without work clock; what a product costs is the same in
    /// every dataflow.
    void add_registers(const ArrayTiming& timing) {
        const ArraySpec& array = arch_.array;
        const LaneRegisters registers = pe_mode(array.pe, layer_.node.weight_bits, layer_.node.input_bits).registers;
        const std::uint64_t pes = static_cast<std::uint64_t>(array.rows) * static_cast<std::uint64_t>(array.columns);
        const auto idle_cycles = static_cast<std::int64_t>(timing.total_cycles() * pes - timing.pe_steps);
        const auto loads = static_cast<std::int64_t>(timing.pe_weight_loads);
        register_bits_ += idle_cycles * moving_register_bits(array, registers, array.dataflow) +
                          loads * loaded_register_bits(registers, array.dataflow);
    }

    const ArrayTiming& timing_of(const ArrayWork& work) {
        const auto found =
            std::find_if(timings_.begin(), timings_.end(), [&](const auto& one) { return one.first == work; });
        if (found != timings_.end()) return found->second;
        return timings_.emplace_back(work, dataflow_policy(arch_.array.dataflow).time(arch_, work)).second;
    }

    const LayerContext& layer_;
    const ArchSpec& arch_;
    std::array<TokenQueue, kTokens> tokens_;
    UnitQueue loads_, array_, vector_, stores_;
    std::vector<std::pair<ArrayWork, ArrayTiming>> timings_;  ///< each kind once
    std::int64_t bus_free_at_ = 0;  ///< in units of 1 / bandwidth_mb_s cycles, in which a byte takes clock_mhz
    std::int64_t register_bits_ = 0;
    std::int64_t end_ = 0;
    DataflowForecast forecast_;
};

}  // namespace

DataflowForecast forecast_layer(const LayerContext& layer, const LayerProgram& program) {
    return LayerWalk(layer, program).run();
}

}  // namespace npusim
