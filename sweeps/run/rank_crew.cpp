// The first rank gives work to all, and works itself. Messages are CBOR: work as [number, place, [layers]], an outcome
// as [number, result] or [number, kind, reason], how many workers a rank has as one number, and null for the end.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "npusim/sweeps/result_json.h"
#include "point_crew.h"

namespace npusim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// MPI would wait for messages with a processor of its own. A point takes some tens of milliseconds.
constexpr milliseconds kBetweenLooks{1};

std::string bytes_of(const json& message) {
    std::string bytes;
    json::to_cbor(message, bytes);
    return bytes;
}

json work_json(std::size_t number, const PointWork& work) {
    return json::array({number, work.place, work.layers});
}

json outcome_json(std::size_t number, const WorkerOutcome& outcome) {
    if (const auto* result = std::get_if<RunResult>(&outcome)) return json::array({number, to_json(*result)});
    const auto& failure = std::get<WorkerFailure>(outcome);
    return json::array({number, static_cast<int>(failure.kind), failure.reason});
}

NumberedOutcome outcome_of(const json& message) {
    const auto number = message.at(0).get<std::size_t>();
    if (message.size() == 2) return {number, run_result_from_json(message.at(1))};
    return {number, WorkerFailure{static_cast<FailureKind>(message.at(1).get<int>()), message.at(2)}};
}

class RankCrew final : public PointCrew {
public:
    RankCrew(std::unique_ptr<PointCrew> own, Ranks& ranks) : own_(std::move(own)), ranks_(ranks) {
        room_.resize(static_cast<std::size_t>(ranks.count()), 0);
    }

    [[nodiscard]] bool has_room() const override { return own_->has_room() || free_rank() != 0; }
    [[nodiscard]] bool is_busy() const override { return own_->is_busy() || running_elsewhere_ > 0; }

    void start(std::size_t number, const PointWork& work) override {
        const std::size_t rank = own_->has_room() ? 0 : free_rank();
        if (rank == 0) return own_->start(number, work);
        --room_[rank];
        ++running_elsewhere_;
        ranks_.send(static_cast<int>(rank), bytes_of(work_json(number, work)));
    }

    std::vector<NumberedOutcome> wait(milliseconds most) override {
        constexpr milliseconds kSignalsAreSeenWithin{50};
        const auto end = std::chrono::steady_clock::now() + (most.count() < 0 ? kSignalsAreSeenWithin : most);
        std::vector<NumberedOutcome> ended;
        const auto waiting_room = has_room();
        while (ended.empty()) {
            take_messages(ended);
            if (!ended.empty() || std::chrono::steady_clock::now() >= end) break;
            if (!waiting_room && has_room()) break;
            if (own_->is_busy()) {
                ended = own_->wait(kBetweenLooks);
            } else {
                std::this_thread::sleep_for(kBetweenLooks);
            }
        }
        return ended;
    }

    void dismiss() override {
        for (int rank = 1; rank < ranks_.count(); ++rank) ranks_.send(rank, bytes_of(nullptr));
    }

private:
    [[nodiscard]] std::size_t free_rank() const {
        const auto found = std::find_if(room_.begin(), room_.end(), [](std::int64_t room) { return room > 0; });
        return found == room_.end() ? 0 : static_cast<std::size_t>(found - room_.begin());
    }

    void take_messages(std::vector<NumberedOutcome>& ended) {
        while (auto message = ranks_.receive()) {
            std::int64_t& room = room_[static_cast<std::size_t>(message->first)];
            const json content = json::from_cbor(message->second);
            if (content.is_number()) {
                room += content.get<std::int64_t>();
                continue;
            }
            ++room;
            --running_elsewhere_;
            ended.push_back(outcome_of(content));
        }
    }

    std::unique_ptr<PointCrew> own_;
    Ranks& ranks_;
    std::vector<std::int64_t> room_;  ///< [rank] of the others: work that they can begin at once
    std::int64_t running_elsewhere_ = 0;
};

}  // namespace

std::unique_ptr<PointCrew> make_rank_crew(std::unique_ptr<PointCrew> own, Ranks& ranks) {
    return std::make_unique<RankCrew>(std::move(own), ranks);
}

void serve_points(PointCrew& own, Ranks& ranks, unsigned workers) {
    ranks.send(0, bytes_of(workers));
    while (true) {
        while (auto message = ranks.receive()) {
            const json work = json::from_cbor(message->second);
            if (work.is_null()) return;
            own.start(work.at(0).get<std::size_t>(), {work.at(1).get<std::size_t>(), work.at(2)});
        }
        if (!own.is_busy()) {
            std::this_thread::sleep_for(kBetweenLooks);
            continue;
        }
        for (const auto& [number, outcome] : own.wait(kBetweenLooks)) {
            ranks.send(0, bytes_of(outcome_json(number, outcome)));
        }
    }
}

}  // namespace npusim
