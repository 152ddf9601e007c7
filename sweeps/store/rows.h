// The store's rows as they stand in the file, where JSON is text: equal content is equal text, since keys are sorted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connection.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim::store {

struct LayerRow {
    std::string key;
    std::string op;
    std::string counters;
    friend bool operator==(const LayerRow&, const LayerRow&) = default;
};

struct PointRow {
    std::string key;
    std::string network;
    std::string arch;
    std::string status;
    std::string reason;
    std::vector<std::pair<std::string, std::string>> layers;  ///< name and key
    friend bool operator==(const PointRow&, const PointRow&) = default;
};

struct EntryRow {
    std::int64_t index = 0;
    std::string settings;
    std::string point_key;
    friend bool operator==(const EntryRow&, const EntryRow&) = default;
};

[[nodiscard]] std::optional<PointStatus> status_named(std::string_view name);
[[nodiscard]] PointRow row_of(const StoredPoint& point);

[[nodiscard]] bool has_layer(Connection& connection, std::string_view key);
[[nodiscard]] std::optional<LayerRow> find_layer(Connection& connection, std::string_view key);
void insert_layer(Connection& connection, const LayerRow& layer);

[[nodiscard]] std::optional<PointRow> find_point(Connection& connection, std::string_view key);
/// Replaces a point that is not done; leaves one that is. Throws std::invalid_argument where a layer is missing.
void put_point(Connection& connection, const PointRow& point);

/// The number of the new sweep.
[[nodiscard]] std::int64_t insert_sweep(Connection& connection, std::string_view name, std::string_view spec);
/// False where the sweep has an entry of that index.
[[nodiscard]] bool insert_entry(Connection& connection, std::int64_t sweep, const EntryRow& entry);

}  // namespace npusim::store
