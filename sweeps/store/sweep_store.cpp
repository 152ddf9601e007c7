#include "npusim/sweeps/sweep_store.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "counters_text.h"
#include "database.h"
#include "npusim/base/error.h"
#include "rows.h"
#include "schema.h"

namespace npusim {
namespace {

using store::Connection;
using store::Query;
using store::Transaction;

std::int64_t sweep_id(Connection& connection, const std::string& name) {
    Query query(connection, "SELECT id FROM sweeps WHERE name = ?");
    if (!query.bind(name).next()) throw InputError(connection.file().string(), "", "has no sweep \"" + name + "\"");
    return query.number(0);
}

/// Runs `parse`, and says where in the file the text stands that it cannot make sense of.
template <typename Parse>
auto parsed(const Connection& connection, const std::string& place, const Parse& parse) {
    try {
        return parse();
    } catch (const std::exception& error) {
        throw InputError(connection.file().string(), place, std::string("cannot be read: ") + error.what());
    }
}

nlohmann::json parsed_json(const Connection& connection, const std::string& place, std::string_view text) {
    return parsed(connection, place, [&] { return nlohmann::json::parse(text); });
}

StoredPoint read_point(const Connection& connection, const Query& row) {
    StoredPoint point;
    point.key = row.copy(1);
    const std::string place = "point " + point.key;
    point.network = row.copy(2);
    point.arch = parsed_json(connection, place, row.text(3));
    const auto status = store::status_named(row.text(4));
    if (!status) throw InputError(connection.file().string(), place, "has the unknown status " + row.copy(4));
    point.status = *status;
    point.reason = row.copy(5);
    return point;
}

}  // namespace

SweepStore::SweepStore(const std::filesystem::path& file, Mode mode)
    : database_(new Database{mode == Mode::read_only ? store::open_for_reading(file) : store::open_for_writing(file)}) {
}
SweepStore::~SweepStore() = default;
SweepStore::SweepStore(SweepStore&&) noexcept = default;
SweepStore& SweepStore::operator=(SweepStore&&) noexcept = default;

void SweepStore::add(const std::vector<StoredLayer>& layers, const StoredPoint& point) {
    Connection& connection = database_->connection;
    Transaction transaction(connection, Transaction::Kind::write);
    for (const StoredLayer& layer : layers) {
        // Most layers are there already; making their text would cost more than looking.
        if (store::has_layer(connection, layer.key)) continue;
        store::insert_layer(connection, {layer.key, layer.op, store::counters_text(layer.counters)});
    }
    store::put_point(connection, store::row_of(point));
    transaction.commit();
}

void SweepStore::add(const StoredAccuracy& accuracy) {
    Connection& connection = database_->connection;
    const std::string figures = accuracy.figures.dump();
    Query(connection, "INSERT OR IGNORE INTO accuracies (key, figures) VALUES (?, ?)")
        .bind(accuracy.key)
        .bind(figures)
        .next();
}

void SweepStore::set_sweep(const std::string& name, const nlohmann::json& spec,
                           const std::vector<SweepEntry>& entries) {
    Connection& connection = database_->connection;
    Transaction transaction(connection, Transaction::Kind::write);
    Query(connection, "DELETE FROM sweeps WHERE name = ?").bind(name).next();
    const std::int64_t sweep = store::insert_sweep(connection, name, spec.dump());
    for (const SweepEntry& entry : entries) {
        if (store::insert_entry(connection, sweep, {entry.index, entry.settings.dump(), entry.point_key})) continue;
        throw std::invalid_argument("sweep \"" + name + "\" has two points " + std::to_string(entry.index));
    }
    transaction.commit();
}

std::map<std::string, StoredLayer> SweepStore::layers() const {
    Connection& connection = database_->connection;
    std::map<std::string, StoredLayer> layers;
    Query rows(connection, "SELECT key, op, counters FROM layers");
    while (rows.next()) {
        std::string key = rows.copy(0);
        const Counters counters =
            parsed(connection, "layer " + key, [&] { return store::counters_of_text(rows.text(2)); });
        layers.emplace(key, StoredLayer{key, rows.copy(1), counters});
    }
    return layers;
}

std::map<std::string, StoredPoint> SweepStore::points() const {
    Connection& connection = database_->connection;
    const Transaction snapshot(connection, Transaction::Kind::read);
    std::map<std::string, StoredPoint> points;
    Query rows(connection, "SELECT id, key, network, arch, status, reason FROM points");
    Query layers(connection,
                 "SELECT l.name, layers.key FROM point_layers AS l JOIN layers ON layers.id = l.layer "
                 "WHERE l.point = ? ORDER BY l.position");
    while (rows.next()) {
        StoredPoint point = read_point(connection, rows);
        layers.restart().bind(rows.number(0));
        while (layers.next()) point.layers.emplace_back(layers.copy(0), layers.copy(1));
        points.emplace(point.key, std::move(point));
    }
    return points;
}

std::optional<StoredAccuracy> SweepStore::accuracy(const std::string& key) const {
    Connection& connection = database_->connection;
    Query row(connection, "SELECT figures FROM accuracies WHERE key = ?");
    if (!row.bind(key).next()) return std::nullopt;
    return StoredAccuracy{key, parsed_json(connection, "accuracy " + key, row.text(0))};
}

std::vector<std::string> SweepStore::sweeps() const {
    std::vector<std::string> names;
    Query rows(database_->connection, "SELECT name FROM sweeps ORDER BY name");
    while (rows.next()) names.push_back(rows.copy(0));
    return names;
}

nlohmann::json SweepStore::sweep_spec(const std::string& name) const {
    Connection& connection = database_->connection;
    const std::int64_t id = sweep_id(connection, name);
    Query row(connection, "SELECT spec FROM sweeps WHERE id = ?");
    row.bind(id).next();
    return parsed_json(connection, "sweep " + name, row.text(0));
}

std::vector<SweepEntry> SweepStore::sweep_entries(const std::string& name) const {
    Connection& connection = database_->connection;
    const Transaction snapshot(connection, Transaction::Kind::read);
    const std::int64_t id = sweep_id(connection, name);
    std::vector<SweepEntry> entries;
    Query rows(connection, "SELECT place, settings, point_key FROM sweep_entries WHERE sweep = ? ORDER BY place");
    rows.bind(id);
    while (rows.next()) {
        const std::string place = "sweep " + name + ", point " + std::to_string(rows.number(0));
        entries.push_back({rows.number(0), parsed_json(connection, place, rows.text(1)), rows.copy(2)});
    }
    return entries;
}

}  // namespace npusim
