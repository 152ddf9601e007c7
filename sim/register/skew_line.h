// Registers in a row: what enters leaves `depth` cycles later.
#pragma once

#include <systemc>
#include <vector>

namespace npusim::sim {

template <typename Flit>
class SkewLine : public sc_core::sc_module {
public:
    SkewLine(const sc_core::sc_module_name& name, int depth) : sc_module(name), held_(static_cast<std::size_t>(depth)) {
        SC_HAS_PROCESS(SkewLine);
        SC_METHOD(tick);
        sensitive << clock.pos();
        dont_initialize();
    }

    sc_core::sc_in<bool> clock;
    sc_core::sc_in<Flit> in;
    sc_core::sc_out<Flit> out;

private:
    void tick() {
        for (std::size_t i = held_.size(); i-- > 1;) held_[i] = held_[i - 1];
        held_[0] = in.read();
        out.write(held_.back());
    }

    std::vector<Flit> held_;
};

}  // namespace npusim::sim
