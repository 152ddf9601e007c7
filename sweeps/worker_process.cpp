#include "worker_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "npusim/base/error.h"
#include "npusim/sweeps/result_json.h"

namespace npusim {
namespace {

/// A frame is its kind (1 byte), the length of its payload (8 bytes of this machine) and the payload.
enum Frame : char { progress_frame = 'P', result_frame = 'R', bad_input_frame = 'I', error_frame = 'E' };
constexpr std::size_t header_bytes = 1 + sizeof(std::uint64_t);

void write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) ::_exit(1);
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void write_frame(int descriptor, Frame kind, std::string_view payload) {
    const std::uint64_t length = payload.size();
    std::string bytes(header_bytes, kind);
    std::memcpy(bytes.data() + 1, &length, sizeof length);
    write_all(descriptor, bytes.append(payload));
}

void run_job(const WorkerJob& job, int descriptor) {
    try {
        const RunResult result = job([descriptor](double fraction) {
            char bytes[sizeof fraction];
            std::memcpy(bytes, &fraction, sizeof fraction);
            write_frame(descriptor, progress_frame, {bytes, sizeof bytes});
        });
        std::string cbor;
        nlohmann::json::to_cbor(to_json(result), cbor);
        write_frame(descriptor, result_frame, cbor);
    } catch (const InputError& error) {
        write_frame(descriptor, bad_input_frame, error.what());
    } catch (const std::exception& error) {
        write_frame(descriptor, error_frame, error.what());
    } catch (...) {
        write_frame(descriptor, error_frame, "an exception that is no std::exception");
    }
}

/// Does not return and does not unwind: what the parent has buffered for its streams is the parent's to write.
[[noreturn]] void be_child(const WorkerJob& job, int descriptor, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // the parent ended before it could be asked to take this child along
    run_job(job, descriptor);
    ::_exit(0);
}

std::string reason_of(int status) {
    if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        const char* name = ::sigabbrev_np(signal);
        const char* description = ::sigdescr_np(signal);
        return std::string("worker killed by ") + (name != nullptr ? "SIG" + std::string(name) : "a signal") +
               (description != nullptr ? " (" + std::string(description) + ")" : "");
    }
    return "worker ended with code " + std::to_string(WEXITSTATUS(status)) + " and without a result";
}

}  // namespace

WorkerProcess::WorkerProcess(const WorkerJob& job, std::chrono::milliseconds time_limit) : time_limit_(time_limit) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        fail(FailureKind::error, std::string("no pipe for a worker: ") + std::strerror(errno));
        return;
    }
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::close(ends[0]);
        be_child(job, ends[1], parent);
    }
    const int fork_error = errno;
    ::close(ends[1]);
    descriptor_ = ends[0];
    if (pid_ < 0) {
        ::close(std::exchange(descriptor_, -1));
        fail(FailureKind::error, std::string("no worker process: ") + std::strerror(fork_error));
    } else if (time_limit.count() > 0) {
        deadline_ = Clock::now() + time_limit;
    }
}

WorkerProcess::~WorkerProcess() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        reap();
    }
}

int WorkerProcess::reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
}

void WorkerProcess::read_some() {
    char buffer[1 << 16];
    const ssize_t count = ::read(descriptor_, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return end();
    received_.append(buffer, static_cast<std::size_t>(count));
    take_frames();
}

void WorkerProcess::take_frames() {
    std::size_t at = 0;
    while (received_.size() - at >= header_bytes) {
        std::uint64_t length = 0;
        std::memcpy(&length, received_.data() + at + 1, sizeof length);
        if (received_.size() - at - header_bytes < length) break;
        const std::string payload = received_.substr(at + header_bytes, length);
        switch (received_[at]) {
            case progress_frame:
                std::memcpy(&fraction_done_, payload.data(), sizeof fraction_done_);
                break;
            case result_frame:
                take_result(payload);
                break;
            case bad_input_frame:
                fail(FailureKind::bad_input, payload);
                break;
            default:
                fail(FailureKind::error, payload);
                break;
        }
        at += header_bytes + length;
    }
    received_.erase(0, at);
}

void WorkerProcess::take_result(const std::string& cbor) {
    try {
        outcome_ = run_result_from_json(nlohmann::json::from_cbor(cbor));
    } catch (const nlohmann::json::exception& error) {
        fail(FailureKind::crashed, std::string("worker gave a result that cannot be read: ") + error.what());
    }
}

void WorkerProcess::end() {
    ::close(std::exchange(descriptor_, -1));
    const int status = reap();
    if (!outcome_) fail(FailureKind::crashed, reason_of(status));
    fraction_done_ = 1;
}

void WorkerProcess::enforce_deadline(Clock::time_point now) {
    if (!deadline_ || now < *deadline_ || outcome_) return;
    fail(FailureKind::timed_out, "worker stopped: not done after " + std::to_string(time_limit_.count()) + " ms");
    ::kill(pid_, SIGKILL);
    end();
}

}  // namespace npusim
