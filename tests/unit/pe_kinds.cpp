// What each kind of PE does with a layer's bits.
#include <catch2/catch.hpp>
#include <filesystem>

#include "npusim/workloads/lowering/pe_kind.h"

using namespace npusim;

namespace {

PeSpec pe_of(PeKind kind, int lanes, int weight_bits, int activation_bits) {
    PeSpec pe;
    pe.kind = kind;
    pe.lanes = lanes;
    pe.weight_bits = weight_bits;
    pe.activation_bits = activation_bits;
    return pe;
}

const std::vector<int> all_bits{1, 2, 3, 4, 5, 6, 7, 8, 16};

/// Products of whole operands that a PE finishes in `cycles` cycles.
double products_a_cycle(const PeMode& mode) {
    const auto passes = static_cast<double>(mode.weight_slices * mode.activation_slices);
    return mode.lanes / (passes * mode.cycles_per_step);
}

}  // namespace

TEST_CASE("A scalar or dot PE fed narrower data moves fewer bits and does no more products") {
    for (const PeKind kind : {PeKind::scalar, PeKind::dot}) {
        const int lanes = kind == PeKind::dot ? 16 : 1;
        const PeSpec pe = pe_of(kind, lanes, 8, 8);
        for (const int bits : {1, 2, 3, 4, 5, 6, 7, 8}) {
            const PeMode mode = pe_mode(pe, bits, bits);
            CHECK(mode.weight_slice_bits == bits);
            CHECK(mode.activation_slice_bits == bits);
            CHECK(products_a_cycle(mode) == lanes);
            CHECK(mode.registers == LaneRegisters{lanes, 8, 8, 8});
        }
        const PeMode wide = pe_mode(pe, 16, 8);
        CHECK(wide.weight_slices == 2);
        CHECK(wide.activation_slices == 1);
        CHECK(products_a_cycle(wide) == lanes / 2.0);
    }
}

TEST_CASE("A composable PE splits each operand by halves, down to two bits") {
    struct Row {
        int weight_bits, activation_bits, lanes;
    };
    const PeSpec eight = pe_of(PeKind::composable, 1, 8, 8);
    for (const Row& row : {Row{8, 8, 1},
                           {5, 5, 1},
                           {4, 8, 2},
                           {8, 4, 2},
                           {4, 4, 4},
                           {3, 3, 4},
                           {2, 8, 4},
                           {2, 4, 8},
                           {2, 2, 16},
                           {1, 1, 16},
                           {1, 7, 4}}) {
        const PeMode mode = pe_mode(eight, row.weight_bits, row.activation_bits);
        INFO(row.weight_bits << " x " << row.activation_bits);
        CHECK(mode.lanes == row.lanes);
        CHECK(mode.weight_slices * mode.activation_slices * mode.cycles_per_step == 1);
        CHECK(mode.weight_slice_bits == row.weight_bits);
        CHECK(mode.activation_slice_bits == row.activation_bits);
    }
    CHECK(pe_mode(eight, 3, 6).registers == LaneRegisters{2, 4, 8, 8});
    const PeMode sliced = pe_mode(eight, 16, 2);
    CHECK(sliced.lanes == 4);
    CHECK(sliced.weight_slices == 2);
    CHECK(sliced.weight_slice_bits == 8);
    CHECK(pe_mode(pe_of(PeKind::composable, 1, 4, 8), 2, 2).lanes == 8);
}

TEST_CASE("A bit-serial PE takes a cycle for each bit of an activation, of any width") {
    const PeSpec pe = pe_of(PeKind::bit_serial, 16, 4, 8);
    for (const int bits : all_bits) {
        const PeMode mode = pe_mode(pe, 4, bits);
        CHECK(mode.lanes == 16);
        CHECK(mode.cycles_per_step == bits);
        CHECK(mode.activation_slices == 1);
        CHECK(mode.activation_slice_bits == bits);
        CHECK(mode.registers == LaneRegisters{16, 4, bits, 1});
    }
    CHECK(pe_mode(pe, 8, 4).weight_slices == 2);
}

TEST_CASE("Narrower operands never make a PE of any kind slower, and fit the registers that it is built with") {
    for (const PeSpec& pe : {pe_of(PeKind::scalar, 1, 5, 3), pe_of(PeKind::dot, 7, 4, 8),
                             pe_of(PeKind::composable, 1, 8, 4), pe_of(PeKind::bit_serial, 3, 2, 8)}) {
        const LaneRegisters built = widest_registers(pe);
        for (std::size_t w = 0; w < all_bits.size(); ++w) {
            for (std::size_t a = 0; a < all_bits.size(); ++a) {
                const PeMode mode = pe_mode(pe, all_bits[w], all_bits[a]);
                INFO(name_of(pe.kind) << " " << all_bits[w] << " x " << all_bits[a]);
                CHECK(mode.weight_slices * mode.weight_slice_bits >= all_bits[w]);
                CHECK(mode.activation_slices * mode.activation_slice_bits >= all_bits[a]);
                CHECK(mode.lanes * mode.registers.weight_bits <= built.lanes * built.weight_bits);
                if (all_bits[a] <= pe.activation_bits) {
                    CHECK(mode.lanes * mode.registers.activation_bits <= built.lanes * built.activation_bits);
                }
                if (w > 0) CHECK(products_a_cycle(pe_mode(pe, all_bits[w - 1], all_bits[a])) >= products_a_cycle(mode));
                if (a > 0) CHECK(products_a_cycle(pe_mode(pe, all_bits[w], all_bits[a - 1])) >= products_a_cycle(mode));
            }
        }
    }
}

TEST_CASE("The presets of each kind do as many products a cycle at four bits as the scalar array") {
    const std::filesystem::path folder(NPUSIM_SOURCE_DIR "/arch");
    for (const char* name : {"int4_array", "int4_dot16_array", "composable_array", "bit_serial_array"}) {
        const ArchSpec arch = read_arch(find_arch(name, folder));
        const double pes = static_cast<double>(arch.array.rows) * arch.array.columns;
        CHECK(pes * products_a_cycle(pe_mode(arch.array.pe, 4, 4)) == 256);
        CHECK(peak_products_per_cycle(arch) == 256);
    }
}
