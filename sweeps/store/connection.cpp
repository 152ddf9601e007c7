#include "connection.h"

#include <sqlite3.h>

#include <cstring>
#include <stdexcept>

#include "npusim/base/error.h"

namespace npusim::store {
namespace {

/// Longer than any transaction of this program: another process is stuck where this is not enough.
constexpr int patience_ms = 60'000;

/// A path may hold what has a meaning in a URI, and a path of its own kind (":memory:") is none here.
std::string uri_of(const std::filesystem::path& file, const std::string& query) {
    std::string uri = "file:";
    constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : std::filesystem::absolute(file).string()) {
        if (c == '%' || c == '?' || c == '#') {
            const auto code = static_cast<unsigned char>(c);
            uri += {'%', digits[code >> 4], digits[code & 15]};
        } else {
            uri += c;
        }
    }
    return uri + "?" + query;
}

const char* query_of(Access access) {
    switch (access) {
        case Access::create_or_extend:
            return "mode=rwc";
        case Access::read_only:
            return "mode=ro";
        case Access::read_only_unlocked:
            break;
    }
    return "mode=ro&immutable=1";
}

}  // namespace

void Connection::Close::operator()(sqlite3* database) const {
    sqlite3_close_v2(database);
}

void Connection::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Connection::Connection(std::filesystem::path file, Access access) : file_(std::move(file)) {
    sqlite3* opened = nullptr;
    const int ways =
        SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE |
        (access == Access::create_or_extend ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    const int code = sqlite3_open_v2(uri_of(file_, query_of(access)).c_str(), &opened, ways, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) fail(code);
    sqlite3_busy_timeout(opened, patience_ms);
    execute("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
}

bool Connection::writable() const {
    return sqlite3_db_readonly(database_.get(), "main") == 0;
}

void Connection::execute(const char* sql) {
    const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

bool Connection::execute_unless_busy(const char* sql) {
    const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if ((code & 0xff) == SQLITE_BUSY) return false;
    if (code != SQLITE_OK) fail(code);
    return true;
}

std::int64_t Connection::number(const char* sql) {
    Query query(*this, sql);
    if (!query.next()) throw std::logic_error(std::string("no row from ") + sql);
    return query.number(0);
}

sqlite3_stmt* Connection::prepared(const char* sql) {
    auto& statement = statements_[sql];
    if (!statement) {
        sqlite3_stmt* made = nullptr;
        const int code = sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
        if (code != SQLITE_OK) fail(code);
        statement.reset(made);
    }
    return statement.get();
}

std::int64_t Connection::changes() const {
    return sqlite3_changes64(database_.get());
}

std::int64_t Connection::last_id() const {
    return sqlite3_last_insert_rowid(database_.get());
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(database_.get()) == 0;
}

void Connection::fail(int code) const {
    const std::string reason = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
    const int kind = code & 0xff;
    // SQLite keeps the system's code of these errors only; for others it is of an earlier one.
    const bool has_system_code = database_ && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN);
    const int system_code = has_system_code ? sqlite3_system_errno(database_.get()) : 0;
    switch (kind) {
        case SQLITE_NOTADB:
            throw InputError(file_.string(), "", "is no store of sweep results: " + reason);
        case SQLITE_CORRUPT:
            throw InputError(file_.string(), "", "is damaged or cut short: " + reason);
        case SQLITE_BUSY:
            throw std::runtime_error(file_.string() + ": another process has been writing it for more than " +
                                     std::to_string(patience_ms / 1000) + " s");
        default:
            throw std::runtime_error(file_.string() + ": " + reason +
                                     (system_code == 0 ? "" : std::string(" (") + std::strerror(system_code) + ")"));
    }
}

Query::Query(Connection& connection, const char* sql) : connection_(connection), statement_(connection.prepared(sql)) {}

Query::~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Query& Query::restart() {
    sqlite3_reset(statement_);
    bound_ = 0;
    return *this;
}

Query& Query::bind(std::int64_t value) {
    const int code = sqlite3_bind_int64(statement_, ++bound_, value);
    if (code != SQLITE_OK) connection_.fail(code);
    return *this;
}

Query& Query::bind(std::string_view text) {
    // An empty view may have no address, which SQLite would take for NULL.
    const char* begin = text.empty() ? "" : text.data();
    const int code = sqlite3_bind_text64(statement_, ++bound_, begin, text.size(), nullptr, SQLITE_UTF8);
    if (code != SQLITE_OK) connection_.fail(code);
    return *this;
}

bool Query::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) connection_.fail(code);
    return false;
}

std::int64_t Query::number(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string_view Query::text(int column) const {
    const void* begin = sqlite3_column_blob(statement_, column);  // as it is: the text encoding is UTF-8
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return {static_cast<const char*>(begin), begin == nullptr ? 0 : size};
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
    connection_.execute(kind == Kind::read ? "BEGIN" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    if (!connection_.in_transaction()) return;
    try {
        connection_.execute("ROLLBACK");
    } catch (const std::exception&) {
        // SQLite rolls back by itself at the next chance; the error that led here is the one to tell.
        return;
    }
}

void Transaction::commit() {
    connection_.execute("COMMIT");
}

}  // namespace npusim::store
