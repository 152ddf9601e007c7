#include "worker_host.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

namespace npusim {
namespace {

/// False at the end of what comes.
bool read_all(int descriptor, void* place, std::size_t bytes) {
    auto* at = static_cast<char*>(place);
    while (bytes > 0) {
        const ssize_t count = ::read(descriptor, at, bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        at += count;
        bytes -= static_cast<std::size_t>(count);
    }
    return true;
}

/// Work travels as the number of its layers, its place and its layers.
std::optional<PointWork> read_work(int descriptor) {
    std::uint64_t head[2];
    if (!read_all(descriptor, head, sizeof head)) return std::nullopt;
    PointWork work{head[1], std::vector<std::size_t>(head[0])};
    if (!read_all(descriptor, work.layers.data(), head[0] * sizeof(std::size_t))) return std::nullopt;
    return work;
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/// Ends as its worker did, so that the parent learns the reason from the host.
[[noreturn]] void end_like(int wait_status) {
    if (!WIFSIGNALED(wait_status)) ::_exit(WEXITSTATUS(wait_status));
    const int signal = WTERMSIG(wait_status);
    ::prctl(PR_SET_DUMPABLE, 0);  // the worker's core, if any, is the one to look at
    std::signal(signal, SIG_DFL);
    ::raise(signal);
    ::_exit(1);
}

/// The process that the host is in ends with its parent. Does not unwind: what the parent has buffered for its streams
/// is the parent's to write.
void end_with(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it ended before it could be asked to take this one along
}

void serve(const WorkerHost::Prepare& prepare, const PointWork& work, int descriptor) {
    WorkerJob job;
    try {
        job = prepare(work);
    } catch (...) {
        const std::exception_ptr problem = std::current_exception();
        job = [problem](const FractionSink&) -> RunResult { std::rethrow_exception(problem); };
    }
    const pid_t host = ::getpid();
    const pid_t worker = ::fork();
    if (worker == 0) {
        end_with(host);
        run_job(job, descriptor);
        ::_exit(0);
    }
    if (worker < 0) {
        const std::string reason = std::string("no worker process: ") + std::strerror(errno);
        run_job([&](const FractionSink&) -> RunResult { throw std::runtime_error(reason); }, descriptor);
        return;
    }
    const int status = wait_for(worker);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) end_like(status);
}

[[noreturn]] void be_host(const WorkerHost::Prepare& prepare, int descriptor, pid_t parent) {
    end_with(parent);
    while (const auto work = read_work(descriptor)) serve(prepare, *work, descriptor);
    ::_exit(0);
}

}  // namespace

WorkerHost::WorkerHost(Prepare prepare, std::chrono::milliseconds time_limit)
    : prepare_(std::move(prepare)), time_limit_(time_limit) {
    spawn();
}

WorkerHost::~WorkerHost() {
    (void)end();
}

void WorkerHost::spawn() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::close(ends[0]);
        be_host(prepare_, ends[1], parent);
    }
    ::close(ends[1]);
    descriptor_ = ends[0];
    if (pid_ < 0) ::close(std::exchange(descriptor_, -1));
}

int WorkerHost::end() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    if (pid_ <= 0) return 0;
    ::kill(pid_, SIGKILL);
    return wait_for(std::exchange(pid_, -1));
}

bool WorkerHost::send(const PointWork& work) {
    std::vector<std::uint64_t> message{work.layers.size(), work.place};
    message.insert(message.end(), work.layers.begin(), work.layers.end());
    const auto* at = reinterpret_cast<const char*>(message.data());
    std::size_t left = message.size() * sizeof(std::uint64_t);
    while (descriptor_ >= 0 && left > 0) {
        const ssize_t sent = ::send(descriptor_, at, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        at += sent;
        left -= static_cast<std::size_t>(sent);
    }
    return left == 0;
}

void WorkerHost::start(const PointWork& work) {
    voice_ = {};
    deadline_.reset();
    if (!send(work)) {  // a host that somebody killed while it had no work
        (void)end();
        spawn();
        if (!send(work)) {
            const std::string reason = std::string("no worker process: ") + std::strerror(errno);
            (void)end();
            return fail(FailureKind::error, reason);
        }
    }
    if (time_limit_.count() > 0) deadline_ = Clock::now() + time_limit_;
}

void WorkerHost::read_some() {
    if (voice_.listen(descriptor_) || voice_.outcome()) return;
    ::close(std::exchange(descriptor_, -1));
    const int status = wait_for(std::exchange(pid_, -1));
    fail(FailureKind::crashed, reason_of(status));
}

void WorkerHost::enforce_deadline(Clock::time_point now) {
    if (!deadline_ || now < *deadline_ || voice_.outcome()) return;
    fail(FailureKind::timed_out, "worker stopped: not done after " + std::to_string(time_limit_.count()) + " ms");
    (void)end();
}

std::optional<WorkerOutcome> WorkerHost::take_outcome() {
    return std::exchange(voice_.outcome(), std::nullopt);
}

}  // namespace npusim
