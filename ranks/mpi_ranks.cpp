#include <mpi.h>

#include <algorithm>
#include <limits>
#include <list>
#include <numeric>
#include <stdexcept>

#include "npusim/ranks/ranks.h"

namespace npusim {
namespace {

constexpr int kMessageTag = 1;

/// MPI counts in int; a gradient of a large network over many ranks may need more.
int as_count(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        throw std::runtime_error("MPI: " + std::to_string(bytes) + " bytes are more than one message can hold");
    }
    return static_cast<int>(bytes);
}

// The checker does not see that each request in the list is waited for by the destructor, if not tested before.
// NOLINTBEGIN(clang-analyzer-optin.mpi.MPI-Checker)
class MpiRanks final : public Ranks {
public:
    MpiRanks() {
        // Errors abort all ranks, MPI's default: none of its calls is asked whether it failed.
        MPI_Init(nullptr, nullptr);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
        MPI_Comm_size(MPI_COMM_WORLD, &count_);
        MPI_Comm here = MPI_COMM_NULL;
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &here);
        MPI_Comm_size(here, &count_here_);
        MPI_Comm_free(&here);
    }

    ~MpiRanks() override {
        for (Sent& sent : sent_) MPI_Wait(&sent.request, MPI_STATUS_IGNORE);
        MPI_Finalize();
    }
    MpiRanks(const MpiRanks&) = delete;
    MpiRanks& operator=(const MpiRanks&) = delete;

    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int count() const override { return count_; }
    [[nodiscard]] int count_here() const override { return count_here_; }

    [[nodiscard]] std::vector<std::string> all_gather(std::string_view bytes) override {
        const auto ranks = static_cast<std::size_t>(count_);
        const int own = as_count(bytes.size());
        std::vector<int> sizes(ranks);
        MPI_Allgather(&own, 1, MPI_INT, sizes.data(), 1, MPI_INT, MPI_COMM_WORLD);
        as_count(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0},
                                 [](std::size_t sum, int size) { return sum + static_cast<std::size_t>(size); }));
        std::vector<int> begins(ranks);
        std::exclusive_scan(sizes.begin(), sizes.end(), begins.begin(), 0);
        std::string all(static_cast<std::size_t>(begins.back() + sizes.back()), '\0');
        MPI_Allgatherv(bytes.data(), own, MPI_BYTE, all.data(), sizes.data(), begins.data(), MPI_BYTE, MPI_COMM_WORLD);
        std::vector<std::string> given;
        given.reserve(ranks);
        for (std::size_t i = 0; i < ranks; ++i) {
            given.push_back(all.substr(static_cast<std::size_t>(begins[i]), static_cast<std::size_t>(sizes[i])));
        }
        return given;
    }

    void send(int to, std::string_view bytes) override {
        sent_.remove_if([](Sent& sent) {
            int done = 0;
            MPI_Test(&sent.request, &done, MPI_STATUS_IGNORE);
            return done != 0;
        });
        Sent& sent = sent_.emplace_back(std::string(bytes), MPI_REQUEST_NULL);
        MPI_Isend(sent.bytes.data(), as_count(sent.bytes.size()), MPI_BYTE, to, kMessageTag, MPI_COMM_WORLD,
                  &sent.request);
    }

    [[nodiscard]] std::optional<std::pair<int, std::string>> receive() override {
        int arrived = 0;
        MPI_Status status;
        MPI_Iprobe(MPI_ANY_SOURCE, kMessageTag, MPI_COMM_WORLD, &arrived, &status);
        if (arrived == 0) return std::nullopt;
        int size = 0;
        MPI_Get_count(&status, MPI_BYTE, &size);
        std::string bytes(static_cast<std::size_t>(size), '\0');
        MPI_Recv(bytes.data(), size, MPI_BYTE, status.MPI_SOURCE, kMessageTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        return std::pair(status.MPI_SOURCE, std::move(bytes));
    }

    [[noreturn]] void abort(int exit_code) override {
        MPI_Abort(MPI_COMM_WORLD, exit_code);
        throw std::runtime_error("MPI_Abort returned");
    }

private:
    struct Sent {
        Sent(std::string sent_bytes, MPI_Request sent_request) : bytes(std::move(sent_bytes)), request(sent_request) {}
        std::string bytes;  ///< must stay until MPI has sent it
        MPI_Request request;
    };

    int rank_ = 0;
    int count_ = 1;
    int count_here_ = 1;
    std::list<Sent> sent_;
};
// NOLINTEND(clang-analyzer-optin.mpi.MPI-Checker)

}  // namespace

std::unique_ptr<Ranks> make_mpi_ranks() {
    return std::make_unique<MpiRanks>();
}

}  // namespace npusim
