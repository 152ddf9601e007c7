// What sweeps have found, in one SQLite file: results of layers, points made of them, and the sweeps' lists of points.
// Counters only: energy and area are priced when the store is read, so that a changed cost table needs no simulation.
// The file is whole at any moment, whatever process is killed; several processes of one machine may write it at once.
// While it is written, and after a kill until it is opened again, "<file>-wal" and "<file>-shm" beside it belong to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "npusim/arch/counters.h"

namespace npusim {

/// A layer's result by the hash of everything that determines it.
struct StoredLayer {
    std::string key;
    std::string op;
    Counters counters;
};

enum class PointStatus { done, impossible, crashed, timed_out, failed };
[[nodiscard]] std::string_view name_of(PointStatus status);

/// A chip with a network by the hash of everything that determines its result.
struct StoredPoint {  // NOLINT(bugprone-exception-escape): moving JSON does not throw
    std::string key;
    std::string network;
    nlohmann::json arch;  ///< resolved
    PointStatus status = PointStatus::done;
    std::string reason;                                       ///< empty when done
    std::vector<std::pair<std::string, std::string>> layers;  ///< name and key, in execution order; empty unless done
};

/// A sweep's point: its place, what its axes say, and the key of its result.
struct SweepEntry {
    std::int64_t index = 0;
    nlohmann::json settings;  ///< an array of [field, value]
    std::string point_key;
};

/// Measured accuracy by the hash of network, weights, data and precision.
struct StoredAccuracy {
    std::string key;
    nlohmann::json figures;
};

class SweepStore {
public:
    enum class Mode { create_or_extend, read_only };

    /// Throws InputError for a file that is no store, or one of another version (an empty file becomes a store);
    /// std::runtime_error where it cannot be written (read-only folder, full disk), naming the file. So do all below.
    SweepStore(const std::filesystem::path& file, Mode mode);
    ~SweepStore();
    SweepStore(SweepStore&&) noexcept;
    SweepStore& operator=(SweepStore&&) noexcept;

    /// One transaction. What is there already stays: results are deterministic, and another sweep may have been faster;
    /// only a point that is not done is replaced. Throws std::invalid_argument for a point made of a layer that is
    /// neither in `layers` nor in the store.
    void add(const std::vector<StoredLayer>& layers, const StoredPoint& point);
    void add(const StoredAccuracy& accuracy);
    /// Replaces the sweep's list. `spec` is its resolved JSON.
    void set_sweep(const std::string& name, const nlohmann::json& spec, const std::vector<SweepEntry>& entries);

    [[nodiscard]] std::map<std::string, StoredLayer> layers() const;
    [[nodiscard]] std::map<std::string, StoredPoint> points() const;
    [[nodiscard]] std::optional<StoredAccuracy> accuracy(const std::string& key) const;
    [[nodiscard]] std::vector<std::string> sweeps() const;  ///< names, in alphabetical order
    [[nodiscard]] nlohmann::json sweep_spec(const std::string& name) const;
    [[nodiscard]] std::vector<SweepEntry> sweep_entries(const std::string& name) const;

    /// Takes over what another store has (a shard): layers, points, accuracies, sweeps and their entries, all or
    /// nothing. A point that is done is better than one that is not; the order of merges does not matter. Throws
    /// InputError where the two disagree on what both have (a result, or the spec or an entry of a sweep of the same
    /// name), naming both files and the key.
    void merge(const std::filesystem::path& other);

private:
    struct Database;
    std::unique_ptr<Database> database_;
};

}  // namespace npusim
