// The kinds of PE, one class each; the table of them is in pe_kind_table.cpp.
#pragma once

#include "npusim/workloads/lowering/pe_kind.h"

namespace npusim {

class ScalarPe final : public PeKindPolicy {
public:
    [[nodiscard]] PeMode mode(const PeSpec& pe, int weight_bits, int activation_bits) const override;
};

class DotPe final : public PeKindPolicy {
public:
    [[nodiscard]] PeMode mode(const PeSpec& pe, int weight_bits, int activation_bits) const override;
};

class ComposablePe final : public PeKindPolicy {
public:
    [[nodiscard]] PeMode mode(const PeSpec& pe, int weight_bits, int activation_bits) const override;
};

class BitSerialPe final : public PeKindPolicy {
public:
    [[nodiscard]] PeMode mode(const PeSpec& pe, int weight_bits, int activation_bits) const override;
};

}  // namespace npusim
