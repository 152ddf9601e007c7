#include "residency.h"

namespace npusim {
namespace {

/// A way of sharing the weight buffer: slots of the layers whose weights come and go lie below `slot_bytes`.
struct Share {
    std::int64_t slot_bytes = 0;
    std::int64_t moved_bytes = 0;
    std::int64_t cycles = 0;
    std::vector<StaysOnChip> stays;
};

class WeightKeeper {
public:
    WeightKeeper(LoweringPlan& plan, TilingMemory& tilings)
        : plan_(plan), tilings_(tilings), buffer_bytes_(plan.layers.front().arch.weight_buffer.bytes) {}

    void keep() {
        for (const LayerContext& layer : plan_.layers) {
            if (tilings_.find(layer) == nullptr) return;
        }
        Share best = of_present();
        constexpr std::int64_t eighths[] = {0, 1, 2, 3, 4, 5, 6, 7};
        for (const std::int64_t part : eighths) {
            const std::optional<Share> share = shared(buffer_bytes_ * part / 8);
            if (!share || share->moved_bytes >= best.moved_bytes || share->cycles > best.cycles) continue;
            best = *share;
        }
        for (std::size_t i = 0; i < plan_.layers.size(); ++i) plan_.layers[i].stays = best.stays[i];
    }

private:
    [[nodiscard]] Share of_present() {
        Share share;
        share.slot_bytes = buffer_bytes_;
        for (const LayerContext& layer : plan_.layers) {
            share.stays.push_back(layer.stays);
            add(layer, share);
        }
        return share;
    }

    void add(const LayerContext& layer, Share& share) {
        const DataflowForecast& forecast = tilings_.forecast_of(layer);
        share.moved_bytes += forecast.dram_bytes;
        share.cycles += forecast.cycles;
    }

    /// The first layers whose weights fit beside the slots, in the order of the network; nothing where a layer that is
    /// left does not fit.
    [[nodiscard]] std::optional<Share> shared(std::int64_t slot_bytes) {
        Share share;
        share.slot_bytes = slot_bytes;
        auto address = static_cast<std::uint64_t>(slot_bytes);
        for (const LayerContext& layer : plan_.layers) {
            LayerContext kept = layer;
            kept.stays.weights = true;
            kept.stays.weight_address = address;
            const PlannedLayer* planned = tilings_.find(kept);
            const std::int64_t bytes = planned == nullptr ? buffer_bytes_ : tilings_.resident_weight_bytes_of(kept);
            const bool fits = planned != nullptr && static_cast<std::int64_t>(address) + bytes <= buffer_bytes_;
            if (fits) {
                address += static_cast<std::uint64_t>(bytes);
            } else {
                kept.stays = layer.stays;
                kept.stays.weight_bytes = buffer_bytes_ - slot_bytes;
                if (tilings_.find(kept) == nullptr) return std::nullopt;
            }
            share.stays.push_back(kept.stays);
            add(kept, share);
        }
        return share;
    }

    LoweringPlan& plan_;
    TilingMemory& tilings_;
    std::int64_t buffer_bytes_;
};

}  // namespace

void keep_weights(LoweringPlan& plan, TilingMemory& tilings) {
    WeightKeeper(plan, tilings).keep();
}

}  // namespace npusim
