// Random array commands, of layers of 1 to 8 and 16 bits.
#pragma once

#include <random>

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/pe_kind.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::test {

inline ArrayWork random_work(std::mt19937_64& generator, const ArchSpec& arch) {
    const auto up_to = [&](std::uint64_t most) { return 1 + static_cast<std::int64_t>(generator() % most); };
    ArrayWork work;
    work.pixels = up_to(60);
    work.reduction = up_to(70);
    work.out_channels = up_to(70);
    work.groups = up_to(3);
    const auto bits = [&] {
        const auto drawn = static_cast<int>(up_to(9));
        return drawn == 9 ? 16 : drawn;
    };
    const int weight_bits = bits();
    const PeMode mode = pe_mode(arch.array.pe, weight_bits, bits());
    work.weight_slices = mode.weight_slices;
    work.activation_slices = mode.activation_slices;
    work.weight_slice_bits = mode.weight_slice_bits;
    work.activation_slice_bits = mode.activation_slice_bits;
    work.lanes = mode.lanes;
    work.cycles_per_step = mode.cycles_per_step;
    work.accumulates = generator() % 2 == 0;
    return work;
}

}  // namespace npusim::test
