// What a person sees of a sweep before, while and after it runs, and what Ctrl-C leaves.
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>

#include "npusim/base/files.h"
#include "support/program_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using test::TemporaryFolder;

namespace {

constexpr unsigned short kColumns = 60;

/// The program with a terminal of its own.
class Terminal {
public:
    explicit Terminal(const std::string& space, const std::string& store) {
        winsize size{24, kColumns, 0, 0};
        pid_ = ::forkpty(&descriptor_, nullptr, nullptr, &size);
        REQUIRE(pid_ >= 0);
        if (pid_ != 0) return;
        ::setenv("NO_COLOR", "1", 1);
        ::execl(NPUSIM_PROGRAM, NPUSIM_PROGRAM, "sweep", space.c_str(), "--store", store.c_str(), "--workers", "2",
                static_cast<char*>(nullptr));
        ::_exit(127);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(descriptor_);
    }

    /// Everything shown, until `text` was shown so many times; or all until the program closes the terminal.
    std::string read_until(const std::string& text, std::size_t times = 1) {
        std::array<char, 4096> part{};
        while (text.empty() || count_of(text) < times) {
            const ssize_t got = ::read(descriptor_, part.data(), part.size());
            if (got <= 0) break;
            shown_.append(part.data(), static_cast<std::size_t>(got));
        }
        return shown_;
    }

    void type(char key) const { REQUIRE(::write(descriptor_, &key, 1) == 1); }

    int exit_code() {
        int status = 0;
        REQUIRE(::waitpid(pid_, &status, 0) == pid_);
        pid_ = -1;
        REQUIRE(WIFEXITED(status));
        return WEXITSTATUS(status);
    }

private:
    [[nodiscard]] std::size_t count_of(const std::string& text) const {
        std::size_t count = 0;
        for (std::size_t at = shown_.find(text); at != std::string::npos; at = shown_.find(text, at + 1)) ++count;
        return count;
    }

    int descriptor_ = -1;
    pid_t pid_ = -1;
    std::string shown_;
};

constexpr char kControlC = 3;

}  // namespace

TEST_CASE("Ctrl-C ends a sweep with what is done, its front and how to go on, and the next run goes on there") {
    const TemporaryFolder folder;
    const std::string store = (folder / "store").string();
    Terminal terminal("space_resnet34.json", store);
    CHECK_THAT(terminal.read_until("distinct layers, about "),
               Contains("1,920 points to simulate: 34,560 distinct layers"));
    // On this narrow terminal the line's end is cut, so that it stays one line.
    const std::string begun = terminal.read_until(" left, best ");
    CHECK_THAT(begun, Contains(" of 1,920 points, ") && Contains("/s, "));
    terminal.type(kControlC);
    const std::string all = terminal.read_until("");
    CHECK(terminal.exit_code() == 1);
    const std::string end = all.substr(begun.size());
    CHECK_THAT(end, Contains(" of 1,920 done"));
    CHECK_THAT(end, Contains("stopped; the same command goes on where this one ended"));
    CHECK_THAT(end, Contains("Pareto front by energy, latency, area"));
    const auto rest = test::run_program("sweep space_resnet34.json --dry-run --store " + store);
    REQUIRE(rest.code == 0);
    CHECK_THAT(rest.out, Contains("found in the store, ") && Contains("points to simulate"));
}

TEST_CASE("No part of the progress line is wider than the terminal") {
    const TemporaryFolder folder;
    Terminal terminal("space_resnet34.json", (folder / "store").string());
    const std::string begin_of_line = "\r\033[K";
    const std::string shown = terminal.read_until(begin_of_line, 6);
    std::size_t lines = 0;
    for (std::size_t at = shown.find(begin_of_line); at != std::string::npos;) {
        const std::size_t begin = at + begin_of_line.size();
        at = shown.find(begin_of_line, begin);
        if (at == std::string::npos) break;
        ++lines;
        const std::string line = shown.substr(begin, at - begin);
        INFO(line);
        CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) < kColumns);
        CHECK_THAT(line, Contains(" of 1,920 points"));
    }
    CHECK(lines >= 5);
}

TEST_CASE("A dry run tells what is left of the store's sweep, and a finished sweep has nothing left") {
    const TemporaryFolder folder;
    write_whole_file(folder / "space.json", R"({
        "name": "space", "arch": "int4_array.json", "networks": ["resnet20"],
        "axes": [{"field": "/array/rows", "values": [8, 16]}, {"field": "/dram/type", "values": ["LPDDR4", "HBM2"]}]})");
    const std::string command = "sweep " + (folder / "space.json").string() + " --store " + (folder / "store").string();
    const auto before = test::run_program(command + " --dry-run");
    CHECK_THAT(before.out, Contains("2 points without simulation, 2 points to simulate: ") &&
                               Contains("distinct layers, about a second"));
    CHECK_FALSE(std::filesystem::exists(folder / "store"));
    const auto ran = test::run_program(command);
    CHECK_THAT(ran.out, Contains("2 points to simulate: ") && Contains("4 points of 4 done"));
    CHECK_THAT(test::run_program(command + " --dry-run").out,
               Contains("4 points found in the store, nothing to simulate"));
    CHECK(test::run_program(command + " --quiet").out.empty());
    CHECK(test::run_program(command + " --quiet --dry-run").out.empty());
}
