#include "cli/timing_report.h"

#include "cli/format.h"
#include "cli/sight.h"
#include "npusim/sweeps/worker.h"
#include "npusim/workloads/lowering/lower.h"

namespace npusim::cli {
namespace {

void price(Report& report, const QuantizedNetwork& structure, const Program& program) {
    const ArraySpec& array = report.arch.array;
    const bool differs = array.auto_dataflow || !array.layer_dataflows.empty();
    report.layers.reserve(report.result.layers.size());
    for (std::size_t i = 0; i < report.result.layers.size(); ++i) {
        const LayerResult& layer = report.result.layers[i];
        const QuantizedNode& node = structure.nodes.at(layer.node);
        const LayerProgram& lowered = program.layers.at(i);
        report.layers.push_back({node.input_shape, node.output_shape, node.window, node.groups, node.weight_bits,
                                 node.input_bits, lowered.tiling, report.cost.energy(layer.counters)});
        if (!differs || node.op != QuantizedOp::convolution) continue;
        LayerFacts& facts = report.layers.back();
        facts.dataflow = lowered.dataflow;
        facts.dataflow_reason = lowered.dataflow_reason;
        facts.dataflow_forecasts = lowered.dataflow_forecasts;
    }
    note_accumulators(report, structure);
    report.energy = report.cost.energy(report.result.total);
    report.figures = make_figures(report.cost, report.result, report.layers, report.energy);
}

}  // namespace

void describe_chip(Report& report, const ChipFiles& chip, const Options& options) {
    report.arch = chip.arch;
    report.cost = make_cost_model(chip.arch, chip.technology);
    report.bounds = CostBounds{make_cost_model(chip.arch, chip.technology, CostEnd::low),
                               make_cost_model(chip.arch, chip.technology, CostEnd::high)};
    Provenance& from = report.provenance;
    from.version = NPUSIM_VERSION;
    from.command = options.command;
    from.arch_file = chip.file.string();
    from.arch_hash = chip.hash;
    from.technology = chip.technology.name + ", " + trimmed(chip.technology.vdd_v) + " V";
    from.technology_file = chip.technology.file;
    from.technology_hash = chip.technology.content_hash;
    from.seed = options.seed;
}

void simulate_timing(Report& report, const Technology& technology, const StructureOf& structure_of,
                     const Options& options, Progress& progress) {
    progress.begin("simulation");
    const QuantizedNetwork structure = structure_of(report.arch);
    const Program program = lower(structure, report.arch, options.batch);
    check_sight(options.sight, program);
    std::vector<WorkerJob> jobs;
    jobs.emplace_back([&](const FractionSink& sink) {
        return simulate_in_sight(structure, report.arch, program, options.sight, sink);
    });
    std::vector<LadderRung> rungs;
    if (options.ladder) rungs = ladder_of(report.arch);
    for (const LadderRung& rung : rungs) {
        if (!rung.failure.empty()) continue;
        jobs.emplace_back([&](const FractionSink& sink) {
            return run_timing(structure_of(rung.arch), rung.arch, sink, options.batch);
        });
    }
    WorkerOptions workers;
    workers.workers = options.threads;
    workers.progress = [&progress](double fraction) { progress.update(fraction); };
    std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, workers);
    report.result = result_or_throw(outcomes.front());
    outcomes.erase(outcomes.begin());
    if (options.ladder) report.ladder = price_ladder(std::move(rungs), outcomes, technology);
    price(report, structure, program);
}

void note_accumulators(Report& report, const QuantizedNetwork& network) {
    report.safe_accumulator_bits = 0;
    if (report.arch.number_format != NumberFormat::integer) return;
    for (const QuantizedNode& node : network.nodes) {
        const int safe_bits = accumulator_bound(network, node).safe_bits;
        if (safe_bits <= report.safe_accumulator_bits) continue;
        report.safe_accumulator_bits = safe_bits;
        report.safe_accumulator_layer = node.name;
    }
}

}  // namespace npusim::cli
