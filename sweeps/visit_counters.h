// The numbers of counters one after the other, in one order for every way of writing and reading them. An archive has
// `reads`, `number` (an unsigned number, in its direction) and `size_of` (a list's size, in its direction).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "counter_fields.h"

namespace npusim {

template <typename Archive, typename Operations>
void visit_operations(Archive& archive, Operations& by_bits) {
    std::vector<std::array<std::uint64_t, 3>> rows;
    rows.reserve(by_bits.size());
    for (const auto& [bits, operations] : by_bits) {
        rows.push_back({static_cast<std::uint64_t>(bits.first), static_cast<std::uint64_t>(bits.second), operations});
    }
    archive.size_of(rows);
    for (auto& row : rows) {
        for (std::uint64_t& number : row) archive.number(number);
        if constexpr (Archive::reads) by_bits[{static_cast<int>(row[0]), static_cast<int>(row[1])}] = row[2];
    }
}

template <typename Archive, typename Counted>
void visit_counters(Archive& archive, Counted& counters) {
    for (const auto& [name, member] : counter_fields::number_fields) archive.number(counters.*member);
    visit_operations(archive, counters.pe_operations_by_bits);
    visit_operations(archive, counters.output_stationary_operations_by_bits);
    for (const auto& [name, member] : counter_fields::unit_fields) {
        archive.number((counters.*member).busy_cycles);
        for (auto& cycles : (counters.*member).idle_cycles) archive.number(cycles);
    }
    for (const auto& [name, member] : counter_fields::buffer_fields) {
        archive.number((counters.*member).reads);
        archive.number((counters.*member).writes);
    }
    for (const auto& [name, member] : counter_fields::dram_fields) archive.number(counters.dram.*member);
}

}  // namespace npusim
