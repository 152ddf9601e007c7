#include "npusim/sweeps/worker.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <thread>

#include "npusim/base/error.h"
#include "worker_process.h"

namespace npusim {

struct WorkerCrew::Running {
    Running(std::size_t job_number, const WorkerJob& job, std::chrono::milliseconds time_limit)
        : number(job_number), process(job, time_limit) {}
    std::size_t number;
    WorkerProcess process;
};

WorkerCrew::WorkerCrew(std::chrono::milliseconds time_limit) : time_limit_(time_limit) {}

WorkerCrew::~WorkerCrew() = default;

void WorkerCrew::start(std::size_t number, const WorkerJob& job) {
    running_.push_back(std::make_unique<Running>(number, job, time_limit_));
}

std::size_t WorkerCrew::active() const {
    return running_.size();
}

double WorkerCrew::fractions_done() const {
    double sum = 0;
    for (const auto& worker : running_) sum += worker->process.fraction_done();
    return sum;
}

std::vector<std::pair<std::size_t, WorkerOutcome>> WorkerCrew::wait(std::chrono::milliseconds most) {
    std::vector<pollfd> polled;
    std::vector<WorkerProcess*> workers;
    std::optional<WorkerProcess::Clock::time_point> deadline;
    for (const auto& worker : running_) {
        if (worker->process.descriptor() < 0) continue;
        polled.push_back({worker->process.descriptor(), POLLIN, 0});
        workers.push_back(&worker->process);
        if (const auto own = worker->process.deadline()) deadline = deadline ? std::min(*deadline, *own) : own;
    }
    int timeout_ms = polled.size() == running_.size() ? static_cast<int>(most.count()) : 0;
    if (deadline && timeout_ms != 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - WorkerProcess::Clock::now());
        const auto until_deadline = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
        timeout_ms = timeout_ms < 0 ? until_deadline : std::min(timeout_ms, until_deadline);
    }
    if (!polled.empty()) {
        const int ready = ::poll(polled.data(), polled.size(), timeout_ms);
        if (ready < 0 && errno != EINTR) {
            throw std::runtime_error(std::string("waiting for workers: ") + std::strerror(errno));
        }
        for (std::size_t i = 0; ready > 0 && i < polled.size(); ++i) {
            if (polled[i].revents != 0) workers[i]->read_some();
        }
        for (WorkerProcess* worker : workers) worker->enforce_deadline(WorkerProcess::Clock::now());
    }
    std::vector<std::pair<std::size_t, WorkerOutcome>> ended;
    std::erase_if(running_, [&](const std::unique_ptr<Running>& worker) {
        if (worker->process.descriptor() >= 0) return false;
        ended.emplace_back(worker->number, std::move(*worker->process.outcome()));
        return true;
    });
    return ended;
}

std::vector<WorkerOutcome> run_in_workers(const std::vector<WorkerJob>& jobs, const WorkerOptions& options) {
    const std::size_t most = options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
    std::vector<WorkerOutcome> outcomes(jobs.size());
    WorkerCrew crew(options.time_limit);
    std::size_t next = 0;
    std::size_t done = 0;
    while (done < jobs.size()) {
        for (; crew.active() < most && next < jobs.size(); ++next) crew.start(next, jobs[next]);
        for (auto& [number, outcome] : crew.wait()) {
            outcomes[number] = std::move(outcome);
            ++done;
        }
        if (!options.progress) continue;
        options.progress((static_cast<double>(done) + crew.fractions_done()) / static_cast<double>(jobs.size()));
    }
    return outcomes;
}

const RunResult& result_or_throw(const WorkerOutcome& outcome) {
    if (const auto* result = std::get_if<RunResult>(&outcome)) return *result;
    const auto& failure = std::get<WorkerFailure>(outcome);
    if (failure.kind == FailureKind::bad_input) throw InputError(failure.reason);
    throw std::runtime_error(failure.reason);
}

}  // namespace npusim
