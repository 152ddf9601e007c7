#include <algorithm>

#include "npusim/base/integer_math.h"
#include "npusim/sim/dram_schedule.h"

namespace npusim {

DramChannel::DramChannel(std::uint64_t burst_bytes, std::uint64_t burst, std::optional<DramTimes> times)
    : burst_bytes_(burst_bytes), burst_(burst), times_(times) {
    begin_layer();
}

void DramChannel::begin_layer() {
    banks_.assign(times_ ? times_->banks : 0, {});
    bus_free_ = 0;
    next_refresh_ = times_ ? times_->refresh_interval : 0;
    refreshed_until_ = 0;
    last_was_write_.reset();
}

std::uint64_t DramChannel::move(std::uint64_t asked, std::uint64_t address, std::uint64_t bursts, bool is_write,
                                DramCounters& counters) {
    if (!times_) return bus_free_ = std::max(bus_free_, asked) + bursts * burst_;
    const bool turns = last_was_write_ && *last_was_write_ != is_write;
    last_was_write_ = is_write;
    counters.turnarounds += turns ? 1 : 0;
    const std::uint64_t taken_up = std::max(asked, bus_free_);
    Access access{asked, taken_up, std::max(taken_up, bus_free_ + (turns ? times_->turnaround : 0)), counters};
    refresh_before(access);
    const std::uint64_t end = address + bursts * burst_bytes_;
    while (address < end) {
        const std::uint64_t row = address / times_->row_bytes;
        const std::uint64_t row_end = std::min(end, (row + 1) * times_->row_bytes);
        move_row(access, row, (row_end - address) / burst_bytes_);
        address = row_end;
    }
    return bus_free_;
}

/// Those due by the time at which the access is asked for. Where nothing moves each comes when it is due, so that all
/// of these are passed over at once.
void DramChannel::refresh_before(Access& access) {
    const std::uint64_t interval = times_->refresh_interval;
    while (interval > 0 && next_refresh_ <= access.asked) {
        const std::uint64_t possible = std::max(bus_free_, refreshed_until_);
        if (next_refresh_ >= possible) next_refresh_ += (access.asked - next_refresh_) / interval * interval;
        refresh(access, std::max(next_refresh_, possible));
    }
}

void DramChannel::refresh(Access& access, std::uint64_t begin) {
    next_refresh_ += times_->refresh_interval;
    refreshed_until_ = begin + times_->refresh;
    for (Bank& bank : banks_) bank.open_row.reset();
    access.open_from = std::max(access.open_from, refreshed_until_);
    access.data_from = std::max(access.data_from, refreshed_until_);
    access.counters.refreshes += refreshed_until_ > access.asked ? 1 : 0;
}

/// The access's bursts in one row, in as many runs as refreshes cut them into.
void DramChannel::move_row(Access& access, std::uint64_t row, std::uint64_t bursts) {
    Bank& bank = banks_[row % times_->banks];
    while (bursts > 0) {
        const bool hits = bank.open_row == row;
        const std::uint64_t opened = std::max(access.open_from, bank.moved_until) + times_->row_miss;
        const std::uint64_t begin = hits ? access.data_from : std::max(access.data_from, opened);
        std::uint64_t run = bursts;
        if (times_->refresh_interval > 0) {
            if (next_refresh_ <= begin) {
                refresh(access, std::max({next_refresh_, bus_free_, refreshed_until_}));
                continue;
            }
            run = std::min(run, ceil_div(next_refresh_ - begin, burst_));
        }
        bus_free_ = access.data_from = bank.moved_until = begin + run * burst_;
        bank.open_row = row;
        access.counters.row_misses += hits ? 0 : 1;
        access.counters.row_hits += hits ? run : run - 1;
        bursts -= run;
    }
}

}  // namespace npusim
