#include <optional>
#include <tuple>

#include "database.h"
#include "npusim/base/error.h"
#include "rows.h"
#include "schema.h"

namespace npusim {
namespace {

using store::Connection;
using store::Query;
using store::Transaction;

class Merge {
public:
    Merge(Connection& into, Connection& from) : into_(into), from_(from) {}

    void run() {
        merge_layers();
        merge_points();
        merge_accuracies();
        merge_sweeps();
    }

private:
    [[noreturn]] void disagree(const std::string& what) const {
        throw InputError(into_.file().string() + " and " + from_.file().string(), what,
                         "the two stores disagree on it; they cannot both be right, so nothing was merged");
    }

    void merge_layers() {
        Query rows(from_, "SELECT key, op, counters FROM layers");
        while (rows.next()) {
            const store::LayerRow theirs{rows.copy(0), rows.copy(1), rows.copy(2)};
            const auto ours = store::find_layer(into_, theirs.key);
            if (!ours) store::insert_layer(into_, theirs);
            if (ours && *ours != theirs) disagree("layer " + theirs.key);
        }
    }

    /// Of two points that are not done, or whose chips differ in name only, the same one whichever store came first.
    [[nodiscard]] static bool is_better(const store::PointRow& a, const store::PointRow& b) {
        const auto rank = [](const store::PointRow& point) {
            return std::tuple(point.status != "done", point.status != "impossible", point.status, point.reason,
                              point.arch);
        };
        return rank(a) < rank(b);
    }

    void check_point(const store::PointRow& ours, const store::PointRow& theirs) const {
        if (ours.network != theirs.network) disagree("point " + ours.key);
        if (ours.status != "done" || theirs.status != "done") return;
        if (ours.layers != theirs.layers) disagree("point " + ours.key);
    }

    void merge_points() {
        Query keys(from_, "SELECT key FROM points");
        while (keys.next()) {
            const auto theirs = store::find_point(from_, keys.text(0));
            const auto ours = store::find_point(into_, keys.text(0));
            if (ours) check_point(*ours, *theirs);
            if (ours && !is_better(*theirs, *ours)) continue;
            Query(into_, "DELETE FROM points WHERE key = ?").bind(theirs->key).next();
            store::put_point(into_, *theirs);
        }
    }

    void merge_accuracies() {
        Query rows(from_, "SELECT key, figures FROM accuracies");
        while (rows.next()) {
            Query ours(into_, "SELECT figures FROM accuracies WHERE key = ?");
            if (ours.bind(rows.text(0)).next()) {
                if (ours.text(0) != rows.text(1)) disagree("accuracy " + rows.copy(0));
                continue;
            }
            Query(into_, "INSERT INTO accuracies (key, figures) VALUES (?, ?)")
                .bind(rows.text(0))
                .bind(rows.text(1))
                .next();
        }
    }

    void merge_sweeps() {
        Query rows(from_, "SELECT id, name, spec FROM sweeps");
        while (rows.next()) merge_entries(rows.number(0), sweep_like(rows.copy(1), rows.copy(2)), rows.copy(1));
    }

    /// The number that the sweep has in the store that is merged into.
    [[nodiscard]] std::int64_t sweep_like(const std::string& name, const std::string& spec) const {
        Query ours(into_, "SELECT id, spec FROM sweeps WHERE name = ?");
        if (!ours.bind(name).next()) return store::insert_sweep(into_, name, spec);
        if (ours.text(1) != spec) disagree("sweep " + name);
        return ours.number(0);
    }

    void merge_entries(std::int64_t from_sweep, std::int64_t into_sweep, const std::string& name) const {
        Query rows(from_, "SELECT place, settings, point_key FROM sweep_entries WHERE sweep = ?");
        rows.bind(from_sweep);
        while (rows.next()) {
            const store::EntryRow theirs{rows.number(0), rows.copy(1), rows.copy(2)};
            if (store::insert_entry(into_, into_sweep, theirs)) continue;
            Query ours(into_, "SELECT settings, point_key FROM sweep_entries WHERE sweep = ? AND place = ?");
            ours.bind(into_sweep).bind(theirs.index).next();
            if (ours.text(0) == theirs.settings && ours.text(1) == theirs.point_key) continue;
            disagree("sweep " + name + ", point " + std::to_string(theirs.index));
        }
    }

    Connection& into_;
    Connection& from_;
};

}  // namespace

void SweepStore::merge(const std::filesystem::path& other) {
    Connection from = store::open_for_reading(other);
    const Transaction snapshot(from, Transaction::Kind::read);
    Transaction transaction(database_->connection, Transaction::Kind::write);
    Merge(database_->connection, from).run();
    transaction.commit();
}

}  // namespace npusim
