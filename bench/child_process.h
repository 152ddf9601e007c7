// Runs a function in a forked child and measures its time and memory, because SystemC elaborates once in a process.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>

namespace npusim::bench {

struct Measured {
    double wall_ms = 0;
    double peak_mib = 0;
    bool ok = false;
};

template <typename Function>
Measured in_child(const Function& function) {
    std::fflush(stdout);
    const auto begin = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            function();
        } catch (const std::exception& error) {
            std::printf("%s\n", error.what());
            std::fflush(stdout);
            ::_exit(1);
        }
        std::fflush(stdout);
        ::_exit(0);
    }
    int status = 0;
    rusage usage{};
    ::wait4(child, &status, 0, &usage);
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begin;
    return {wall.count(), static_cast<double>(usage.ru_maxrss) / 1024.0, WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

}  // namespace npusim::bench
