#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "cli/format.h"

namespace npusim::cli {
namespace {

/// A line that the terminal broke could not be taken back.
std::string cut_to_terminal(const std::string& line) {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return line;
    std::string cut = line;
    while (display_width(cut) >= size.ws_col) cut.pop_back();
    return cut;
}

}  // namespace

std::string duration(double seconds) {
    constexpr long long minute = 60;
    constexpr long long hour = 60 * minute;
    const long long whole = std::llround(seconds);
    if (whole < minute) return std::to_string(whole) + " s";
    if (whole < hour) return std::to_string(whole / minute) + " min " + std::to_string(whole % minute) + " s";
    return std::to_string(whole / hour) + " h " + std::to_string(whole % hour / minute) + " min";
}

void Progress::begin(const std::string& phase) {
    const std::lock_guard lock(mutex_);
    erase_line();
    phase_ = phase;
    began_ = printed_ = Clock::now();
}

void Progress::update(double fraction_done) {
    if (!shown_) return;
    constexpr std::chrono::milliseconds quiet_time{1000};
    constexpr std::chrono::milliseconds between_lines{200};
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (now - began_ < quiet_time || now - printed_ < between_lines || fraction_done <= 0) return;
    const double elapsed_s = std::chrono::duration<double>(now - began_).count();
    const std::string line = phase_ + " " + percent(fraction_done, 1) + " %, " +
                             duration(elapsed_s * (1 - fraction_done) / fraction_done) + " left";
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    printed_ = now;
    line_is_there_ = true;
}

void Progress::show(const std::string& line) {
    if (!shown_) return;
    constexpr std::chrono::milliseconds between_lines{200};
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (now - printed_ < between_lines) return;
    std::fprintf(stderr, "\r\033[K%s", cut_to_terminal(line).c_str());
    std::fflush(stderr);
    printed_ = now;
    line_is_there_ = true;
}

void Progress::finish() {
    const std::lock_guard lock(mutex_);
    erase_line();
}

void Progress::erase_line() {
    if (!line_is_there_) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
    line_is_there_ = false;
}

}  // namespace npusim::cli
