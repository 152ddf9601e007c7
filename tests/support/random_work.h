// Random array commands.
#pragma once

#include <random>

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::test {

inline ArrayWork random_work(std::mt19937_64& generator, const ArchSpec& arch) {
    const auto up_to = [&](std::uint64_t most) { return 1 + static_cast<std::int64_t>(generator() % most); };
    ArrayWork work;
    work.pixels = up_to(60);
    work.reduction = up_to(70);
    work.out_channels = up_to(70);
    work.groups = up_to(3);
    work.weight_slices = up_to(3);
    work.activation_slices = up_to(3);
    work.weight_slice_bits = arch.array.pe.weight_bits;
    work.activation_slice_bits = arch.array.pe.activation_bits;
    work.accumulates = generator() % 2 == 0;
    return work;
}

}  // namespace npusim::test
