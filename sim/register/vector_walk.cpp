#include "npusim/sim/vector_walk.h"

#include <algorithm>

namespace npusim {

std::uint64_t WordStream::pass(int bits) {
    bits_ += bits;
    std::uint64_t touched = 0;
    for (; words_ * width_bits_ < bits_; ++words_) ++touched;
    return touched;
}

VectorWalk::VectorWalk(const ArchSpec& arch, const VectorWork& work)
    : work_(work),
      lanes_(arch.vector_unit.lanes),
      sum_bits_(arch.array.accumulator_bits),
      lies_by_channel_(work.reads_accumulators && work.sums_lie_by_channel),
      rows_(lies_by_channel_ ? work.channels : work.pixels),
      places_(lies_by_channel_ ? work.pixels : work.channels),
      pipeline_(static_cast<std::size_t>(arch.vector_unit.pipeline_cycles)) {
    const auto streams = [](std::size_t count, std::int64_t each, int width) {
        return std::vector(count, std::vector<WordStream>(static_cast<std::size_t>(each), WordStream(width)));
    };
    const std::size_t destinations = work.output_bits.size();
    const int width = arch.activation_buffer.width_bits;
    if (!work.reads_accumulators) operands_ = streams(static_cast<std::size_t>(work.window_area), work.pixels, width);
    if (work.has_residual) residuals_ = streams(destinations, work.pixels, width);
    results_ = streams(destinations, work.pixels, width);
    if (work.reads_accumulators) sums_ = streams(destinations, rows_, arch.accumulator_buffer.width_bits);
    accesses_.writes.resize(destinations);
}

bool VectorWalk::drains() const {
    return std::find(pipeline_.begin(), pipeline_.end() - 1, true) != pipeline_.end() - 1;
}

std::size_t VectorWalk::pixel_of(std::int64_t place) const {
    return static_cast<std::size_t>(lies_by_channel_ ? place : row_);
}

void VectorWalk::cycle(bool is_held) {
    const bool had_work = enters();
    for (std::size_t stage = pipeline_.size(); stage-- > 1;) pipeline_[stage] = pipeline_[stage - 1];
    pipeline_[0] = had_work && !is_held;
    if (pipeline_[0]) {
        ++timing_.busy_cycles;
        enter();
    } else if (!had_work) {
        ++timing_.fill_drain_cycles;
    }
}

/// An element of the window for all lanes; with its last one, or after it, a destination.
void VectorWalk::enter() {
    const bool is_last_element = element_ + 1 == work_.window_area;
    const std::int64_t group_end = std::min(group_begin_ + lanes_, places_);
    for (std::int64_t place = group_begin_; place < group_end; ++place) {
        if (destination_ == 0) take_in(pixel_of(place));
        if (is_last_element) make(pixel_of(place), destination_);
    }
    if (!is_last_element) {
        ++element_;
        return;
    }
    if (++destination_ < work_.output_bits.size()) return;
    destination_ = 0;
    element_ = 0;
    group_begin_ = group_end;
    if (group_begin_ < places_) return;
    group_begin_ = 0;
    ++row_;
}

void VectorWalk::take_in(std::size_t pixel) {
    if (work_.reads_accumulators) return;
    accesses_.operand_reads += operands_[static_cast<std::size_t>(element_)][pixel].pass(work_.input_bits);
    if (element_ > 0) ++timing_.alu_operations;
    timing_.activation_reads = accesses_.operand_reads + accesses_.residual_reads;
}

void VectorWalk::make(std::size_t pixel, std::size_t destination) {
    if (work_.reads_accumulators) {
        timing_.accumulator_reads +=
            sums_[destination][static_cast<std::size_t>(row_)].pass(static_cast<int>(sum_bits_));
    }
    if (work_.has_residual) {
        accesses_.residual_reads += residuals_[destination][pixel].pass(work_.residual_bits);
        ++timing_.alu_operations;
    }
    const std::uint64_t writes = results_[destination][pixel].pass(work_.output_bits[destination]);
    accesses_.writes[destination] += writes;
    timing_.activation_writes += writes;
    ++timing_.requantize_operations;
    timing_.activation_reads = accesses_.operand_reads + accesses_.residual_reads;
}

}  // namespace npusim
