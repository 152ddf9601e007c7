#include "sweeps/run/worker_host.h"

#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>

#include "npusim/base/error.h"
#include "sweeps/result_bytes.h"

using namespace npusim;
using std::chrono::milliseconds;

namespace {

WorkerOutcome outcome_of(WorkerHost& host, const PointWork& work) {
    host.start(work);
    while (true) {
        if (auto outcome = host.take_outcome()) return std::move(*outcome);
        pollfd polled{host.descriptor(), POLLIN, 0};
        REQUIRE(::poll(&polled, 1, 20'000) >= 0);
        host.enforce_deadline(WorkerHost::Clock::now());
        if (polled.revents != 0 && host.descriptor() >= 0) host.read_some();
    }
}

RunResult numbered(std::size_t number) {
    RunResult result;
    result.network = std::to_string(number) + " in " + std::to_string(::getppid());
    return result;
}

/// Place 1 is killed by a signal, 2 throws, 3 takes long, 4 is refused before a worker is there; others give their
/// place and the host's number.
WorkerJob job_of(const PointWork& work) {
    if (work.place == 4) throw InputError("chip.json", "/array/rows", "is 0");
    return [work](const FractionSink&) -> RunResult {
        if (work.place == 1) {
            std::signal(SIGSEGV, SIG_DFL);
            ::raise(SIGSEGV);
        }
        if (work.place == 2) throw std::logic_error("deadlock in layer 3");
        if (work.place == 3) std::this_thread::sleep_for(std::chrono::seconds(20));
        return numbered(work.place);
    };
}

pid_t host_of(const WorkerOutcome& outcome) {
    const std::string& text = std::get<RunResult>(outcome).network;
    return std::stoi(text.substr(text.find(" in ") + 4));
}

}  // namespace

TEST_CASE("A host works one piece of work after the other, each in a process of its own") {
    WorkerHost host(job_of, milliseconds(0));
    const WorkerOutcome first = outcome_of(host, {7, {1, 2, 3}});
    const WorkerOutcome second = outcome_of(host, {8, {}});
    CHECK(std::get<RunResult>(first).network.rfind("7 in ", 0) == 0);
    CHECK(std::get<RunResult>(second).network.rfind("8 in ", 0) == 0);
    CHECK(host_of(first) == host_of(second));
    CHECK(host_of(first) != ::getpid());
}

TEST_CASE("A host passes on what work throws, before the fork or in the worker, and goes on") {
    WorkerHost host(job_of, milliseconds(0));
    CHECK(std::get<WorkerFailure>(outcome_of(host, {2, {}})) ==
          WorkerFailure{FailureKind::error, "deadlock in layer 3"});
    CHECK(std::get<WorkerFailure>(outcome_of(host, {4, {}})) ==
          WorkerFailure{FailureKind::bad_input, "chip.json: /array/rows: is 0"});
    CHECK(std::holds_alternative<RunResult>(outcome_of(host, {9, {}})));
}

TEST_CASE("A crashed worker's reason arrives, and the next work finds a new host") {
    WorkerHost host(job_of, milliseconds(0));
    const pid_t before = host_of(outcome_of(host, {5, {}}));
    const auto failure = std::get<WorkerFailure>(outcome_of(host, {1, {}}));
    CHECK(failure.kind == FailureKind::crashed);
    CHECK(failure.reason.find("SIGSEGV") != std::string::npos);
    CHECK(host_of(outcome_of(host, {5, {}})) != before);
}

TEST_CASE("A host that is killed while it has no work is replaced") {
    WorkerHost host(job_of, milliseconds(0));
    const pid_t before = host_of(outcome_of(host, {5, {}}));
    REQUIRE(::kill(before, SIGKILL) == 0);
    WorkerOutcome next = outcome_of(host, {5, {}});
    // The kill may be seen only after the work was sent: then it is a crash like any other.
    if (std::holds_alternative<WorkerFailure>(next)) next = outcome_of(host, {5, {}});
    CHECK(host_of(next) != before);
}

TEST_CASE("Work that takes longer than the limit is stopped with its host") {
    WorkerHost host(job_of, milliseconds(200));
    const auto failure = std::get<WorkerFailure>(outcome_of(host, {3, {}}));
    CHECK(failure.kind == FailureKind::timed_out);
    CHECK(std::holds_alternative<RunResult>(outcome_of(host, {6, {}})));
}

TEST_CASE("A worker's bytes that are cut short, or too long, are no result") {
    RunResult result = numbered(1);
    result.layers.push_back({3, "conv1", "convolution", {}});
    result.logits = {{1, -2}, {3}};
    const std::string bytes = result_bytes(result);
    CHECK(result_of_bytes(bytes).logits == result.logits);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        REQUIRE_THROWS_AS(result_of_bytes(std::string_view(bytes).substr(0, length)), std::runtime_error);
    }
    CHECK_THROWS_AS(result_of_bytes(bytes + "x"), std::runtime_error);
}
