#include <algorithm>
#include <utility>

#include "npusim/base/integer_math.h"
#include "residency.h"
#include "tensor_lives.h"

namespace npusim {
namespace {

/// DRAM's bytes and the forecast's cycles of some layers.
struct Cost {
    std::int64_t bytes = 0;
    std::int64_t cycles = 0;
};

/// Tensors come into the buffer from its end downwards; slots have what lies below the lowest of those that are alive.
class ActivationKeeper {
public:
    ActivationKeeper(LoweringPlan& plan, TilingMemory& tilings)
        : plan_(plan),
          tilings_(tilings),
          network_(plan.layers.front().network),
          layouts_(plan.layers.front().layouts),
          buffer_(plan.layers.front().arch.activation_buffer),
          lives_(tensor_lives(network_)) {
        plan_.residents.resize(layouts_.size());
    }

    void keep() {
        for (const TensorId tensor : candidates()) try_tensor(tensor);
    }

private:
    /// Those that save the most accesses for the time that they take room, first.
    [[nodiscard]] std::vector<TensorId> candidates() const {
        std::vector<TensorId> tensors;
        for (TensorId tensor = 1; tensor < layouts_.size(); ++tensor) {
            const TensorLife& life = lives_[tensor];
            if (!life.is_made || life.reads == 0 || tensor == network_.output) continue;
            if (bytes_of(tensor) <= buffer_.bytes) tensors.push_back(tensor);
        }
        const auto worth = [&](TensorId tensor) {
            const TensorLife& life = lives_[tensor];
            return static_cast<double>(life.writes + life.reads) / static_cast<double>(life.last - life.first + 1);
        };
        std::stable_sort(tensors.begin(), tensors.end(), [&](TensorId a, TensorId b) { return worth(a) > worth(b); });
        return tensors;
    }

    /// A port's width begins with each tensor.
    [[nodiscard]] std::int64_t bytes_of(TensorId tensor) const {
        const std::int64_t bytes = layouts_[tensor].images * layouts_[tensor].bytes();
        return round_up(bytes, ceil_div<std::int64_t>(buffer_.width_bits, 8));
    }

    void try_tensor(TensorId tensor) {
        const std::int64_t address = place_of(tensor);
        if (address < 0) return;
        TensorLayout layout = layouts_[tensor];
        layout.address = static_cast<std::uint64_t>(address);
        layout.image_stride_bytes = layout.bytes();
        const TensorLife& life = lives_[tensor];
        const std::optional<Cost> before = cost_of(life);
        plan_.residents[tensor] = layout;
        const std::vector<StaysOnChip> stayed = let_stay(tensor);
        const std::optional<Cost> after = cost_of(life);
        if (before && after && after->bytes < before->bytes && after->cycles <= before->cycles) return;
        plan_.residents[tensor].reset();
        for (std::size_t i = life.first; i <= life.last; ++i) plan_.layers[i].stays = stayed[i - life.first];
    }

    /// The highest address where it meets no tensor that is alive with it; negative where there is none.
    [[nodiscard]] std::int64_t place_of(TensorId tensor) const {
        std::vector<std::pair<std::int64_t, std::int64_t>> taken;
        for (TensorId other = 0; other < layouts_.size(); ++other) {
            const auto& resident = plan_.residents[other];
            if (!resident || !lives_[other].overlaps(lives_[tensor])) continue;
            const auto begin = static_cast<std::int64_t>(resident->address);
            taken.emplace_back(begin, begin + bytes_of(other));
        }
        std::sort(taken.rbegin(), taken.rend());
        std::int64_t end = buffer_.bytes;
        for (const auto& [begin, behind] : taken) {
            if (end - bytes_of(tensor) >= behind) break;
            end = std::min(end, begin);
        }
        return end - bytes_of(tensor);
    }

    /// Sets what stays in the layers of the tensor's life; returns what stayed in them before.
    std::vector<StaysOnChip> let_stay(TensorId tensor) {
        const TensorLife& life = lives_[tensor];
        const auto address = static_cast<std::int64_t>(plan_.residents[tensor]->address);
        std::vector<StaysOnChip> before;
        for (std::size_t i = life.first; i <= life.last; ++i) {
            LayerContext& layer = plan_.layers[i];
            StaysOnChip& stays = layer.stays;
            before.push_back(stays);
            stays.activation_bytes = std::max(stays.activation_bytes, buffer_.bytes - address);
            const QuantizedNode& node = layer.node;
            if (node.input.tensor == tensor) stays.input = true;
            if (node.residual && node.residual->tensor == tensor) stays.residual = true;
            stays.outputs.resize(node.destinations.size());
            for (std::size_t d = 0; d < node.destinations.size(); ++d) {
                if (node.destinations[d].tensor == tensor) stays.outputs[d] = true;
            }
        }
        return before;
    }

    /// Nothing where a layer does not fit.
    [[nodiscard]] std::optional<Cost> cost_of(const TensorLife& life) {
        Cost cost;
        for (std::size_t i = life.first; i <= life.last; ++i) {
            if (tilings_.find(plan_.layers[i]) == nullptr) return std::nullopt;
        }
        for (std::size_t i = life.first; i <= life.last; ++i) {
            const DataflowForecast& forecast = tilings_.forecast_of(plan_.layers[i]);
            cost.bytes += forecast.dram_bytes;
            cost.cycles += forecast.cycles;
        }
        return cost;
    }

    LoweringPlan& plan_;
    TilingMemory& tilings_;
    const QuantizedNetwork& network_;
    const std::vector<TensorLayout>& layouts_;
    const BufferSpec& buffer_;
    std::vector<TensorLife> lives_;
};

}  // namespace

void keep_activations(LoweringPlan& plan, TilingMemory& tilings) {
    ActivationKeeper(plan, tilings).keep();
}

}  // namespace npusim
