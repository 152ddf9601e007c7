#include "worker_frames.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "npusim/base/error.h"
#include "result_bytes.h"

namespace npusim {
namespace {

/// A frame is its kind (1 byte), the length of its payload (8 bytes of this machine) and the payload.
enum Frame : char { progress_frame = 'P', result_frame = 'R', bad_input_frame = 'I', error_frame = 'E' };
constexpr std::size_t header_bytes = 1 + sizeof(std::uint64_t);

void write_frame(int descriptor, Frame kind, std::string_view payload) {
    const std::uint64_t length = payload.size();
    std::string bytes(header_bytes, kind);
    std::memcpy(bytes.data() + 1, &length, sizeof length);
    write_all(descriptor, bytes.append(payload));
}

WorkerOutcome outcome_of(char kind, const std::string& payload) {
    if (kind == bad_input_frame) return WorkerFailure{FailureKind::bad_input, payload};
    if (kind != result_frame) return WorkerFailure{FailureKind::error, payload};
    try {
        return result_of_bytes(payload);
    } catch (const std::exception& error) {
        return WorkerFailure{FailureKind::crashed,
                             std::string("worker gave a result that cannot be read: ") + error.what()};
    }
}

}  // namespace

void write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) ::_exit(1);
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void run_job(const WorkerJob& job, int descriptor) {
    try {
        const RunResult result = job([descriptor](double fraction) {
            char bytes[sizeof fraction];
            std::memcpy(bytes, &fraction, sizeof fraction);
            write_frame(descriptor, progress_frame, {bytes, sizeof bytes});
        });
        write_frame(descriptor, result_frame, result_bytes(result));
    } catch (const InputError& error) {
        write_frame(descriptor, bad_input_frame, error.what());
    } catch (const std::exception& error) {
        write_frame(descriptor, error_frame, error.what());
    } catch (...) {
        write_frame(descriptor, error_frame, "an exception that is no std::exception");
    }
}

std::string reason_of(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        const int signal = WTERMSIG(wait_status);
        const char* name = ::sigabbrev_np(signal);
        const char* description = ::sigdescr_np(signal);
        return std::string("worker killed by ") + (name != nullptr ? "SIG" + std::string(name) : "a signal") +
               (description != nullptr ? " (" + std::string(description) + ")" : "");
    }
    return "worker ended with code " + std::to_string(WEXITSTATUS(wait_status)) + " and without a result";
}

bool WorkerVoice::listen(int descriptor) {
    char buffer[1 << 16];
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(count));
    take_frames();
    return true;
}

void WorkerVoice::take_frames() {
    std::size_t at = 0;
    while (received_.size() - at >= header_bytes) {
        std::uint64_t length = 0;
        std::memcpy(&length, received_.data() + at + 1, sizeof length);
        if (received_.size() - at - header_bytes < length) break;
        const std::string payload = received_.substr(at + header_bytes, length);
        if (received_[at] == progress_frame) {
            std::memcpy(&fraction_done_, payload.data(), sizeof fraction_done_);
        } else {
            outcome_ = outcome_of(received_[at], payload);
        }
        at += header_bytes + length;
    }
    received_.erase(0, at);
}

}  // namespace npusim
