// What a point needs: its layers by name and by key.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/models/graph/network.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim {

struct PointPlan {      // NOLINT(bugprone-exception-escape): moving JSON does not throw
    StoredPoint point;  ///< without a status yet
};

/// The networks of a sweep, each made once, and as they lie on its last chips.
class Networks {
public:
    const Network& get(const std::string& name);
    /// Good until the next call. Throws InputError where the network does not fit the chip's precision.
    const QuantizedNetwork& structure(const std::string& name, const ArchSpec& arch);

private:
    std::map<std::string, Network> networks_;
    std::map<std::string, QuantizedNetwork> structures_;  ///< by all that makes them
};

/// The settings of a point as the store keeps them: an array of [field, value].
[[nodiscard]] nlohmann::json settings_json(const SweepPoint& point);
/// point_key, or where there is no chip, a hash of what was asked for and the reason.
[[nodiscard]] std::string key_of(const SweepPoint& point);

/// Of a point that has a chip. Throws InputError where the network does not fit the chip's precision.
[[nodiscard]] PointPlan plan_point(Networks& networks, const SweepPoint& point, const std::string& key);

}  // namespace npusim
