// Ranks that are threads of one process, for tests: what mpirun does, without it.
#pragma once

#include <barrier>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "npusim/ranks/ranks.h"

namespace npusim::test {

class ThreadRanks {
public:
    explicit ThreadRanks(int count) : count_(count), barrier_(count), given_(static_cast<std::size_t>(count)) {
        mailboxes_.resize(static_cast<std::size_t>(count));
    }

    /// Runs function(ranks) on every rank; throws the first rank's exception.
    void run(const std::function<void(Ranks&)>& function) {
        std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count_));
        std::vector<std::thread> threads;
        for (int rank = 0; rank < count_; ++rank) {
            threads.emplace_back([&, rank] {
                One one(*this, rank);
                try {
                    function(one);
                } catch (...) {
                    errors[static_cast<std::size_t>(rank)] = std::current_exception();
                    barrier_.arrive_and_drop();
                }
            });
        }
        for (auto& thread : threads) thread.join();
        for (const auto& error : errors) {
            if (error) std::rethrow_exception(error);
        }
    }

private:
    class One final : public Ranks {
    public:
        One(ThreadRanks& all, int rank) : all_(all), rank_(rank) {}
        [[nodiscard]] int rank() const override { return rank_; }
        [[nodiscard]] int count() const override { return all_.count_; }
        [[nodiscard]] int count_here() const override { return all_.count_; }
        [[nodiscard]] std::vector<std::string> all_gather(std::string_view bytes) override {
            all_.given_[static_cast<std::size_t>(rank_)] = bytes;
            all_.barrier_.arrive_and_wait();
            std::vector<std::string> copy = all_.given_;
            all_.barrier_.arrive_and_wait();
            return copy;
        }
        void send(int to, std::string_view bytes) override {
            const std::lock_guard lock(all_.mutex_);
            all_.mailboxes_[static_cast<std::size_t>(to)].emplace_back(rank_, bytes);
        }
        [[nodiscard]] std::optional<std::pair<int, std::string>> receive() override {
            const std::lock_guard lock(all_.mutex_);
            auto& mailbox = all_.mailboxes_[static_cast<std::size_t>(rank_)];
            if (mailbox.empty()) return std::nullopt;
            auto first = std::move(mailbox.front());
            mailbox.pop_front();
            return first;
        }
        [[noreturn]] void abort(int) override { throw std::runtime_error("aborted"); }

    private:
        ThreadRanks& all_;
        int rank_;
    };

    int count_;
    std::barrier<> barrier_;
    std::vector<std::string> given_;
    std::mutex mutex_;
    std::vector<std::deque<std::pair<int, std::string>>> mailboxes_;
};

}  // namespace npusim::test
