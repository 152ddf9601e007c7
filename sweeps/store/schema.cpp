#include "schema.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include "npusim/base/error.h"

namespace npusim::store {
namespace {

constexpr std::int64_t application_id = 0x4e505553;  // "NPUS"
constexpr std::int64_t version = 3;                  // counters tell what layers whose sums stay did
constexpr std::uintmax_t smallest_page_bytes = 512;  // of any SQLite database

/// Layers are named by number inside the file: a point has dozens of them, and keys are long.
constexpr const char* layout = R"sql(
PRAGMA application_id = 0x4e505553;
CREATE TABLE layers (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    op TEXT NOT NULL,
    counters TEXT NOT NULL
) STRICT;
CREATE TABLE points (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    network TEXT NOT NULL,
    arch TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TABLE point_layers (
    point INTEGER NOT NULL REFERENCES points (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    layer INTEGER NOT NULL REFERENCES layers (id),
    PRIMARY KEY (point, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE accuracies (
    key TEXT NOT NULL PRIMARY KEY,
    figures TEXT NOT NULL
) STRICT;
CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    spec TEXT NOT NULL
) STRICT;
CREATE TABLE sweep_entries (
    sweep INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    settings TEXT NOT NULL,
    point_key TEXT NOT NULL,
    PRIMARY KEY (sweep, place)
) STRICT, WITHOUT ROWID;
)sql";

/// True for a store, false for a database that nothing was put into yet. One state of the file must be seen.
bool recognized_in_transaction(Connection& connection) {
    const std::int64_t tables = connection.number("SELECT count(*) FROM sqlite_master");
    const std::int64_t application = connection.number("PRAGMA application_id");
    const std::int64_t found = connection.number("PRAGMA user_version");
    const std::string file = connection.file().string();
    if (application == 0 && found == 0 && tables == 0) return false;
    if (application != application_id) {
        throw InputError(file, "", "is a database of another program, no store of sweep results");
    }
    if (found != version) {
        throw InputError(file, "",
                         "is a store of version " + std::to_string(found) + "; this npusim reads version " +
                             std::to_string(version));
    }
    return true;
}

bool recognized(Connection& connection) {
    const Transaction snapshot(connection, Transaction::Kind::read);
    return recognized_in_transaction(connection);
}

/// SQLite does not wait for the lock that this change needs when another process is at the same change.
void choose_write_ahead_log(Connection& connection) {
    constexpr int attempts = 2000;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (connection.execute_unless_busy("PRAGMA journal_mode = WAL")) {
            Query query(connection, "PRAGMA journal_mode");
            if (query.next() && query.text(0) == "wal") return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error(connection.file().string() + ": no write-ahead log can be kept beside it");
}

void require_file(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) throw InputError(file.string(), "", "there is no such file");
    if (!std::filesystem::is_regular_file(file, ignored)) throw InputError(file.string(), "", "is no file");
}

std::uintmax_t size_or_zero(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

bool has_log(const std::filesystem::path& file) {
    std::filesystem::path log = file;
    log += "-wal";
    return size_or_zero(log) > 0;
}

/// SQLite takes a file of one byte for an empty one.
[[noreturn]] void refuse_unrecognized(const Connection& connection) {
    const bool empty = size_or_zero(connection.file()) == 0;
    throw InputError(connection.file().string(), "",
                     empty ? "is empty, no store of sweep results" : "is no store of sweep results");
}

/// SQLite sees that pages are missing, but not that the last one is cut short. With a log, the page may be in there.
void require_whole_pages(Connection& connection) {
    const auto page_bytes = static_cast<std::uintmax_t>(connection.number("PRAGMA page_size"));
    if (size_or_zero(connection.file()) % page_bytes == 0 || has_log(connection.file())) return;
    throw InputError(connection.file().string(), "", "is damaged or cut short: its last page is not whole");
}

void require_store(Connection& connection) {
    if (!recognized(connection)) refuse_unrecognized(connection);
    require_whole_pages(connection);
}

void make_store(Connection& connection) {
    // Two processes may be here at once; and the tables are made before the log is chosen, so that a process that is
    // killed leaves nothing or a whole store.
    Transaction transaction(connection, Transaction::Kind::write);
    if (!recognized_in_transaction(connection)) {
        const auto bytes = size_or_zero(connection.file());
        if (bytes > 0 && bytes < smallest_page_bytes) refuse_unrecognized(connection);
        connection.execute(layout);
        connection.execute(("PRAGMA user_version = " + std::to_string(version)).c_str());
    }
    transaction.commit();
}

std::optional<Connection> try_with_locks(const std::filesystem::path& file) {
    try {
        Connection connection(file, Access::read_only);
        require_store(connection);
        return connection;
    } catch (const InputError&) {
        throw;
    } catch (const std::runtime_error&) {
        // Read without its log, the store would lack what the log holds, and say nothing of it.
        if (has_log(file)) throw;
        return std::nullopt;
    }
}

}  // namespace

Connection open_for_writing(const std::filesystem::path& file) {
    Connection connection(file, Access::create_or_extend);
    const bool old = recognized(connection);
    if (!connection.writable()) throw std::runtime_error(file.string() + ": cannot be written, only read");
    if (old) {
        require_whole_pages(connection);
    } else {
        make_store(connection);
    }
    choose_write_ahead_log(connection);
    // A commit is one append to the log and does not wait for the disk. A killed process loses nothing, since the
    // system has what was written. A power cut may lose the last commits, but not damage the file: the log has
    // checksums, and it is flushed before its pages move into the file, which is flushed before the log is reused.
    connection.execute("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000");
    return connection;
}

Connection open_for_reading(const std::filesystem::path& file) {
    require_file(file);
    if (auto connection = try_with_locks(file)) return std::move(*connection);
    Connection connection(file, Access::read_only_unlocked);
    require_store(connection);
    return connection;
}

}  // namespace npusim::store
