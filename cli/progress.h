// One line on standard error that says what runs and how long it will still take. Silent for what takes no second.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

namespace npusim::cli {

/// Thread-safe. Shows nothing unless made with `shown`.
class Progress {
public:
    explicit Progress(bool shown) : shown_(shown) {}
    ~Progress() { finish(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    [[nodiscard]] bool is_shown() const { return shown_; }
    /// A new phase begins at 0.
    void begin(const std::string& phase);
    void update(double fraction_done);
    /// A line that says it all itself; its end is cut where the terminal is narrower.
    void show(const std::string& line);
    /// Removes the line.
    void finish();

private:
    using Clock = std::chrono::steady_clock;
    void erase_line();

    const bool shown_;
    std::mutex mutex_;
    std::string phase_;
    Clock::time_point began_;
    Clock::time_point printed_;
    bool line_is_there_ = false;
};

/// "8 s", "3 min 20 s", "2 h 5 min"
[[nodiscard]] std::string duration(double seconds);

}  // namespace npusim::cli
