// One SQLite file: opening it, prepared statements, transactions, and errors that name the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace npusim::store {

enum class Access {
    create_or_extend,
    read_only,
    /// No locks and no files beside it: for a folder that cannot be written. Only where nobody writes the file.
    read_only_unlocked,
};

class Connection {
public:
    /// Throws std::runtime_error naming the file and the system's reason.
    Connection(std::filesystem::path file, Access access);

    [[nodiscard]] const std::filesystem::path& file() const { return file_; }
    [[nodiscard]] bool writable() const;
    /// Runs statements that give no rows.
    void execute(const char* sql);
    /// The same; false where another process holds a lock that is needed.
    [[nodiscard]] bool execute_unless_busy(const char* sql);
    /// The only value of the only row of a query.
    [[nodiscard]] std::int64_t number(const char* sql);
    /// The prepared statement of a query. `sql` must be a literal: its address is what it is found again by.
    [[nodiscard]] sqlite3_stmt* prepared(const char* sql);
    /// Rows that the last statement inserted, changed or removed.
    [[nodiscard]] std::int64_t changes() const;
    /// The number of the row that was inserted last.
    [[nodiscard]] std::int64_t last_id() const;
    [[nodiscard]] bool in_transaction() const;
    /// Throws for SQLite's result `code`: InputError for a file that is no database or a damaged one,
    /// std::runtime_error for what the system refused.
    [[noreturn]] void fail(int code) const;

private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };

    std::filesystem::path file_;
    std::unique_ptr<sqlite3, Close> database_;
    std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// One use of a prepared statement; parameters are bound in their order. Uses of one statement cannot be nested.
class Query {
public:
    Query(Connection& connection, const char* sql);
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;
    ~Query();

    Query& bind(std::int64_t value);
    /// The text must live as long as the query.
    Query& bind(std::string_view text);
    /// Ends this run of the statement, for another with new parameters.
    Query& restart();
    /// Goes to the next row; false at the end.
    bool next();
    /// Of the present row, columns from 0. A text is valid until next().
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] std::string copy(int column) const { return std::string(text(column)); }

private:
    Connection& connection_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
};

/// Rolled back unless committed.
class Transaction {
public:
    enum class Kind {
        read,   ///< one state of the file for several queries
        write,  ///< takes the write lock at once, so that nothing read in it can be out of date
    };
    Transaction(Connection& connection, Kind kind);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

private:
    Connection& connection_;
};

}  // namespace npusim::store
