#include "npusim/sweeps/precision_ladder.h"

#include <cmath>
#include <functional>

#include "npusim/base/error.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sim/simulate.h"
#include "npusim/sweeps/sweep_table.h"
#include "npusim/workloads/lowering/lower.h"

namespace npusim {
namespace {

using ValueOf = std::function<double(const LadderRung&)>;

std::optional<double> exponent_over(const std::vector<LadderRung>& rungs, const ValueOf& value_of) {
    std::vector<std::pair<int, double>> points;
    for (const LadderRung& rung : rungs) {
        if (rung.failure.empty()) points.emplace_back(rung.bits, value_of(rung));
    }
    return scaling_exponent(points);
}

std::optional<double> part(const std::vector<std::pair<std::string, double>>& parts, const std::string& name) {
    for (const auto& [component, value] : parts) {
        if (component == name) return value;
    }
    return std::nullopt;
}

ComponentExponents exponents_of(const std::string& component, const std::vector<LadderRung>& rungs) {
    return {
        component,
        exponent_over(rungs, [&](const LadderRung& rung) { return part(rung.energy.parts(), component).value_or(0); }),
        exponent_over(rungs, [&](const LadderRung& rung) { return part(rung.area.parts(), component).value_or(0); })};
}

void price(LadderRung& rung, const RunResult& result, const Technology& technology) {
    const CostModel cost = make_cost_model(rung.arch, technology);
    rung.total = result.total;
    const RunFigures figures = run_figures(cost, result.total, result.batch);
    rung.milliseconds = figures.latency_ms;
    rung.energy = figures.energy;
    rung.area = cost.area;
}

RunResult run_program(const QuantizedNetwork& structure, const ArchSpec& arch, const Program& program,
                      const FractionSink& progress) {
    const auto count = static_cast<double>(program.layers.size());
    SimulationInput input{structure, arch, program, {}, {}, {}};
    input.progress = [&](std::size_t done) {
        if (progress) progress(static_cast<double>(done) / count);
    };
    return simulate(input);
}

}  // namespace

std::optional<double> scaling_exponent(const std::vector<std::pair<int, double>>& points) {
    double sum_x = 0;
    double sum_y = 0;
    for (const auto& [bits, value] : points) {
        if (bits <= 0 || value <= 0) return std::nullopt;
        sum_x += std::log2(bits);
        sum_y += std::log2(value);
    }
    const auto count = static_cast<double>(points.size());
    double covariance = 0;
    double variance = 0;
    for (const auto& [bits, value] : points) {
        const double x = std::log2(bits) - sum_x / count;
        covariance += x * (std::log2(value) - sum_y / count);
        variance += x * x;
    }
    if (points.size() < 2 || variance <= 0) return std::nullopt;
    return covariance / variance;
}

std::vector<LadderRung> ladder_of(const ArchSpec& arch) {
    std::vector<LadderRung> rungs;
    for (const int bits : kLadderBits) {
        LadderRung rung;
        rung.bits = bits;
        try {
            rung.arch = at_uniform_bits(arch, bits);
        } catch (const InputError& error) {
            rung.failure = error.what();
        }
        rungs.push_back(std::move(rung));
    }
    return rungs;
}

RunResult run_timing(const Network& network, const ArchSpec& arch, const FractionSink& progress, std::int64_t batch) {
    return run_timing(quantize_structure(network, arch.precision, arch.array.accumulator_bits), arch, progress, batch);
}

RunResult run_timing(const QuantizedNetwork& structure, const ArchSpec& arch, const FractionSink& progress,
                     std::int64_t batch) {
    return run_program(structure, arch, lower(structure, arch, batch), progress);
}

RunResult run_timing(const Network& network, const ArchSpec& arch, const std::vector<std::size_t>& layers,
                     const FractionSink& progress, std::int64_t batch) {
    return run_timing(quantize_structure(network, arch.precision, arch.array.accumulator_bits), arch, layers, progress,
                      batch);
}

RunResult run_timing(const QuantizedNetwork& structure, const ArchSpec& arch, const std::vector<std::size_t>& layers,
                     const FractionSink& progress, std::int64_t batch) {
    Program program = lower(structure, arch, batch);
    std::vector<LayerProgram> chosen;
    chosen.reserve(layers.size());
    for (const std::size_t layer : layers) chosen.push_back(std::move(program.layers.at(layer)));
    program.layers = std::move(chosen);
    return run_program(structure, arch, program, progress);
}

PrecisionLadder price_ladder(std::vector<LadderRung> rungs, const std::vector<WorkerOutcome>& outcomes,
                             const Technology& technology) {
    PrecisionLadder ladder;
    auto outcome = outcomes.begin();
    for (LadderRung& rung : rungs) {
        if (!rung.failure.empty()) continue;
        if (const auto* result = std::get_if<RunResult>(&*outcome)) {
            price(rung, *result, technology);
            ladder.batch = result->batch;
        } else {
            rung.failure = std::get<WorkerFailure>(*outcome).reason;
        }
        ++outcome;
    }
    for (const auto& [component, value] : EnergyBreakdown{}.parts()) {
        ladder.exponents.push_back(exponents_of(component, rungs));
    }
    ladder.exponents.push_back(
        {"on_chip", exponent_over(rungs, [](const LadderRung& rung) { return rung.energy.on_chip_pj(); }), {}});
    ladder.exponents.push_back({"total",
                                exponent_over(rungs, [](const LadderRung& rung) { return rung.energy.total_pj(); }),
                                exponent_over(rungs, [](const LadderRung& rung) { return rung.area.total_mm2(); })});
    ladder.latency_exponent = exponent_over(rungs, [](const LadderRung& rung) { return rung.milliseconds; });
    ladder.rungs = std::move(rungs);
    return ladder;
}

}  // namespace npusim
