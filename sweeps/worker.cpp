#include "npusim/sweeps/worker.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "npusim/base/error.h"
#include "worker_process.h"

namespace npusim {
namespace {

class WorkerPool {
public:
    WorkerPool(const std::vector<WorkerJob>& jobs, const WorkerOptions& options)
        : jobs_(jobs), options_(options), outcomes_(jobs.size()), running_(jobs.size()) {
        most_ = options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
    }

    std::vector<WorkerOutcome> run() {
        while (next_ < jobs_.size() || active_ > 0) {
            while (active_ < most_ && next_ < jobs_.size()) start(next_++);
            wait();
            collect();
            report();
        }
        return std::move(outcomes_);
    }

private:
    void start(std::size_t job) {
        running_[job] = std::make_unique<WorkerProcess>(jobs_[job], options_.time_limit);
        ++active_;
    }

    /// Until a child says something, or the next deadline.
    void wait() {
        std::vector<pollfd> polled;
        std::vector<WorkerProcess*> workers;
        std::optional<WorkerProcess::Clock::time_point> deadline;
        for (const auto& worker : running_) {
            if (!worker || worker->descriptor() < 0) continue;
            polled.push_back({worker->descriptor(), POLLIN, 0});
            workers.push_back(worker.get());
            if (const auto own = worker->deadline()) deadline = deadline ? std::min(*deadline, *own) : own;
        }
        if (polled.empty()) return;
        int timeout_ms = -1;
        if (deadline) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - WorkerProcess::Clock::now());
            timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
        }
        if (::poll(polled.data(), polled.size(), timeout_ms) < 0 && errno != EINTR) {
            throw std::runtime_error(std::string("waiting for workers: ") + std::strerror(errno));
        }
        for (std::size_t i = 0; i < polled.size(); ++i) {
            if (polled[i].revents != 0) workers[i]->read_some();
        }
        for (WorkerProcess* worker : workers) worker->enforce_deadline(WorkerProcess::Clock::now());
    }

    void collect() {
        for (std::size_t job = 0; job < running_.size(); ++job) {
            if (!running_[job] || running_[job]->descriptor() >= 0) continue;
            outcomes_[job] = std::move(*running_[job]->outcome());
            running_[job].reset();
            ++done_;
            --active_;
        }
    }

    void report() const {
        if (!options_.progress) return;
        auto sum = static_cast<double>(done_);
        for (const auto& worker : running_) sum += worker ? worker->fraction_done() : 0.0;
        options_.progress(sum / static_cast<double>(jobs_.size()));
    }

    const std::vector<WorkerJob>& jobs_;
    const WorkerOptions& options_;
    std::vector<WorkerOutcome> outcomes_;
    std::vector<std::unique_ptr<WorkerProcess>> running_;  ///< indexed as the jobs
    std::size_t most_ = 1;
    std::size_t next_ = 0;
    std::size_t active_ = 0;
    std::size_t done_ = 0;
};

}  // namespace

std::vector<WorkerOutcome> run_in_workers(const std::vector<WorkerJob>& jobs, const WorkerOptions& options) {
    return WorkerPool(jobs, options).run();
}

const RunResult& result_or_throw(const WorkerOutcome& outcome) {
    if (const auto* result = std::get_if<RunResult>(&outcome)) return *result;
    const auto& failure = std::get<WorkerFailure>(outcome);
    if (failure.kind == FailureKind::bad_input) throw InputError(failure.reason);
    throw std::runtime_error(failure.reason);
}

}  // namespace npusim
