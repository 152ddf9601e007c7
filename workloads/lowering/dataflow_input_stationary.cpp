// Input stationary: K on the rows, pixels on the columns, output channels stream. Each cycle the array gives one output
// channel of C pixels, and so it is how sums lie in the accumulator buffer.
#include <algorithm>
#include <utility>

#include "dataflow_policies.h"
#include "npusim/base/integer_math.h"
#include "stationary_folds.h"

namespace npusim {

ArrayTiming InputStationary::time(const ArchSpec& arch, const ArrayWork& work) const {
    ArrayTiming timing = time_stationary(arch, work,
                                         {work.pixels,
                                          work.out_channels,
                                          {work.activation_slice_bits, &arch.activation_buffer},
                                          {work.weight_slice_bits, &arch.weight_buffer}});
    std::swap(timing.weight_reads, timing.activation_reads);
    return timing;
}

std::int64_t InputStationary::estimate_cycles(const ArraySpec& array, const ArrayWork& work) const {
    return work.groups * ceil_div<std::int64_t>(work.pixels, array.columns) *
           ceil_div(work.reduction, std::int64_t{array.rows} * work.lanes) * work.weight_slices *
           work.activation_slices * std::max<std::int64_t>(work.out_channels * work.cycles_per_step, array.rows);
}

}  // namespace npusim
