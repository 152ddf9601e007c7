#include "worker_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace npusim {
namespace {

/// Does not return and does not unwind: what the parent has buffered for its streams is the parent's to write.
[[noreturn]] void be_child(const WorkerJob& job, int descriptor, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // the parent ended before it could be asked to take this child along
    run_job(job, descriptor);
    ::_exit(0);
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
    if (!voice_.listen(descriptor_)) end();
}

void WorkerProcess::end() {
    ::close(std::exchange(descriptor_, -1));
    const int status = reap();
    if (!outcome()) fail(FailureKind::crashed, reason_of(status));
    has_ended_ = true;
}

void WorkerProcess::enforce_deadline(Clock::time_point now) {
    if (!deadline_ || now < *deadline_ || outcome()) return;
    fail(FailureKind::timed_out, "worker stopped: not done after " + std::to_string(time_limit_.count()) + " ms");
    ::kill(pid_, SIGKILL);
    end();
}

}  // namespace npusim
