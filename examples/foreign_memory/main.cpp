// ResNet-20 on a chip whose DRAM is replaced by a memory model that knows nothing of npusim:
//     foreign_memory <arch.json> [<KiB of fast memory>]
#include <charconv>
#include <cstring>
#include <iostream>
#include <memory>

#include "npusim/base/error.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/systemc/memory.h"
#include "npusim/workloads/lowering/lower.h"
#include "two_level_memory.h"

namespace {

/// 5 ns and 8 GB/s for the fast addresses, 100 ns and 2 GB/s for the others.
std::unique_ptr<TwoLevelMemory> make_memory(const npusim::MemoryNeeds& needs, std::size_t fast_bytes) {
    const auto time = [&](double ns) { return npusim::machine_time(ns, needs.clock_mhz); };
    return std::make_unique<TwoLevelMemory>("two_levels", needs.bytes, fast_bytes,
                                            TwoLevelMemory::Level{time(5), time(1)},
                                            TwoLevelMemory::Level{time(100), time(4)});
}

void run(const std::string& arch_file, std::size_t fast_bytes) {
    const npusim::ArchSpec arch = npusim::read_arch(arch_file);
    const npusim::QuantizedNetwork network =
        npusim::quantize_structure(npusim::make_network("resnet20"), arch.precision, arch.array.accumulator_bits);
    const npusim::Program program = npusim::lower(network, arch);
    std::unique_ptr<TwoLevelMemory> memory;
    const npusim::RunResult result = npusim::simulate_with_memory(
        {network, arch, program, {}, {}, {}}, [&](const npusim::MemoryNeeds& needs) -> npusim::MemorySocket& {
            memory = make_memory(needs, fast_bytes);
            return memory->socket;
        });
    const npusim::Counters& total = result.total;
    std::cout << "ResNet-20 on " << arch.name << " with " << fast_bytes / 1024
              << " KiB of fast memory: " << total.total_cycles << " cycles, " << total.dram.moved_bytes()
              << " bytes, of the loads' cycles " << total.load_dma.idle(npusim::IdleCause::dram)
              << " wait for memory\n";
}

}  // namespace

int main(int count, char** words) {
    std::size_t fast_kib = 256;
    const char* const kib = count > 2 ? words[2] : "";
    const char* const end = kib + std::strlen(kib);
    const bool is_number = *kib == '\0' || std::from_chars(kib, end, fast_kib).ptr == end;
    if (count < 2 || count > 3 || !is_number) {
        std::cerr << "usage: foreign_memory <arch.json> [<KiB of fast memory>]\n";
        return 2;
    }
    try {
        run(words[1], fast_kib * 1024);
    } catch (const npusim::InputError& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
    return 0;
}
