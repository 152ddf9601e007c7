// Weight stationary: K on the rows (as many elements on each as a PE has lanes), N on the columns, pixels stream.
#include <algorithm>

#include "dataflow_policies.h"
#include "npusim/base/integer_math.h"
#include "stationary_folds.h"

namespace npusim {

ArrayTiming WeightStationary::time(const ArchSpec& arch, const ArrayWork& work) const {
    return time_stationary(arch, work,
                           {work.out_channels,
                            work.pixels,
                            {work.weight_slice_bits, &arch.weight_buffer},
                            {work.activation_slice_bits, &arch.activation_buffer, true}});
}

std::int64_t WeightStationary::estimate_cycles(const ArraySpec& array, const ArrayWork& work) const {
    return work.groups * ceil_div<std::int64_t>(work.out_channels, array.columns) *
           ceil_div(work.reduction, std::int64_t{array.rows} * work.lanes) * work.weight_slices *
           work.activation_slices * std::max<std::int64_t>(work.pixels * work.cycles_per_step, array.rows);
}

}  // namespace npusim
