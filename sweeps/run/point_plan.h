// What a point needs: its layers by name and by key.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/models/graph/network.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim {

struct PointPlan {  // NOLINT(bugprone-exception-escape): moving JSON does not throw
    const Network* network = nullptr;
    StoredPoint point;  ///< without a status yet
};

/// The networks of a sweep, each made once.
class Networks {
public:
    const Network& get(const std::string& name);

private:
    std::map<std::string, Network> networks_;
};

/// The settings of a point as the store keeps them: an array of [field, value].
[[nodiscard]] nlohmann::json settings_json(const SweepPoint& point);
/// point_key, or where there is no chip, a hash of what was asked for and the reason.
[[nodiscard]] std::string key_of(const SweepPoint& point);

/// Throws InputError where the network does not fit the chip's precision.
[[nodiscard]] PointPlan plan_point(const Network& network, const std::string& key, const ArchSpec& arch,
                                   std::int64_t batch);

}  // namespace npusim
