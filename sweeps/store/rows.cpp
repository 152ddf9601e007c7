#include "rows.h"

#include <array>
#include <stdexcept>

namespace npusim {

std::string_view name_of(PointStatus status) {
    constexpr std::array names = {"done", "impossible", "crashed", "timed_out", "failed"};
    return names.at(static_cast<std::size_t>(status));
}

namespace store {

std::optional<PointStatus> status_named(std::string_view name) {
    for (const auto status : {PointStatus::done, PointStatus::impossible, PointStatus::crashed, PointStatus::timed_out,
                              PointStatus::failed}) {
        if (name_of(status) == name) return status;
    }
    return std::nullopt;
}

PointRow row_of(const StoredPoint& point) {
    return {point.key,    point.network, point.arch.dump(), std::string(name_of(point.status)),
            point.reason, point.layers};
}

bool has_layer(Connection& connection, std::string_view key) {
    return Query(connection, "SELECT 1 FROM layers WHERE key = ?").bind(key).next();
}

std::optional<LayerRow> find_layer(Connection& connection, std::string_view key) {
    Query row(connection, "SELECT op, counters FROM layers WHERE key = ?");
    if (!row.bind(key).next()) return std::nullopt;
    return LayerRow{std::string(key), row.copy(0), row.copy(1)};
}

void insert_layer(Connection& connection, const LayerRow& layer) {
    Query(connection, "INSERT INTO layers (key, op, counters) VALUES (?, ?, ?)")
        .bind(layer.key)
        .bind(layer.op)
        .bind(layer.counters)
        .next();
}

std::optional<PointRow> find_point(Connection& connection, std::string_view key) {
    Query row(connection, "SELECT id, network, arch, status, reason FROM points WHERE key = ?");
    if (!row.bind(key).next()) return std::nullopt;
    PointRow point{std::string(key), row.copy(1), row.copy(2), row.copy(3), row.copy(4), {}};
    Query layers(connection,
                 "SELECT l.name, layers.key FROM point_layers AS l JOIN layers ON layers.id = l.layer "
                 "WHERE l.point = ? ORDER BY l.position");
    layers.bind(row.number(0));
    while (layers.next()) point.layers.emplace_back(layers.copy(0), layers.copy(1));
    return point;
}

void put_point(Connection& connection, const PointRow& point) {
    Query(connection, "DELETE FROM points WHERE key = ? AND status <> 'done'").bind(point.key).next();
    Query insertion(connection,
                    "INSERT OR IGNORE INTO points (key, network, arch, status, reason) VALUES (?, ?, ?, ?, ?)");
    insertion.bind(point.key).bind(point.network).bind(point.arch).bind(point.status).bind(point.reason).next();
    if (connection.changes() == 0) return;
    const std::int64_t id = connection.last_id();
    std::int64_t position = 0;
    for (const auto& [name, key] : point.layers) {
        Query(connection,
              "INSERT INTO point_layers (point, position, name, layer) SELECT ?, ?, ?, id FROM layers WHERE key = ?")
            .bind(id)
            .bind(position++)
            .bind(name)
            .bind(key)
            .next();
        if (connection.changes() != 1) {
            throw std::invalid_argument("point " + point.key + " is made of the unknown layer " + key);
        }
    }
}

std::int64_t insert_sweep(Connection& connection, std::string_view name, std::string_view spec) {
    Query(connection, "INSERT INTO sweeps (name, spec) VALUES (?, ?)").bind(name).bind(spec).next();
    return connection.last_id();
}

bool insert_entry(Connection& connection, std::int64_t sweep, const EntryRow& entry) {
    Query(connection, "INSERT OR IGNORE INTO sweep_entries (sweep, place, settings, point_key) VALUES (?, ?, ?, ?)")
        .bind(sweep)
        .bind(entry.index)
        .bind(entry.settings)
        .bind(entry.point_key)
        .next();
    return connection.changes() == 1;
}

}  // namespace store
}  // namespace npusim
