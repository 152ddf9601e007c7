#include "cli/scaling_study.h"

#include <algorithm>
#include <functional>

#include "cli/format.h"
#include "cli/inputs.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sweeps/precision_ladder.h"
#include "npusim/sweeps/sweep_table.h"
#include "npusim/sweeps/worker.h"
#include "npusim/workloads/topology.h"

namespace npusim::cli {
namespace {

using StructureOf = std::function<QuantizedNetwork(const ArchSpec&)>;
using Parts = std::vector<std::pair<std::string, double>>;

Parts with_totals(const EnergyBreakdown& energy) {
    Parts parts = energy.parts();
    parts.emplace_back("on_chip", energy.on_chip_pj());
    parts.emplace_back("total", energy.total_pj());
    return parts;
}

Parts with_total(const AreaBreakdown& area) {
    Parts parts = area.parts();
    parts.emplace_back("total", area.total_mm2());
    return parts;
}

class Study {
public:
    Study(const ScalingOptions& options, const Environment& environment, Progress& progress)
        : options_(options), progress_(progress), chip_(read_chip(options.base, {}, environment.preset_folder)) {
        if (!options.technology.empty()) {
            chip_.technology = read_technology(options.technology, environment.preset_folder / "technology");
        }
        read_network();
        describe();
    }

    ScalingReport run() {
        plan();
        simulate();
        fit_series(report_.equal_macs);
        if (report_.equal_area) fit_series(*report_.equal_area);
        conclude(report_);
        std::erase_if(report_.floating, [](const ScalingPoint& point) { return !point.failure.empty(); });
        return std::move(report_);
    }

private:
    /// A chip to simulate, and where its result goes.
    struct Run {
        ArchSpec arch;
        std::function<void(const RunResult&)> take;
        std::function<void(const std::string&)> fail;
    };

    void read_network() {
        const Options& base = options_.base;
        if (base.topology.empty()) {
            const Network network = make_network(base.model, base.image_size);
            report_.network = zoo_entry(base.model).title;
            report_.macs = count_macs(network);
            structure_of_ = [network](const ArchSpec& arch) {
                return quantize_structure(network, arch.precision, arch.array.accumulator_bits);
            };
            return;
        }
        const std::vector<TopologyLayer> layers = read_topology(base.topology);
        const std::string name = std::filesystem::path(base.topology).stem().string();
        report_.network = "layer list " + std::filesystem::path(base.topology).filename().string();
        report_.provenance.topology_file = base.topology;
        report_.provenance.topology_hash = content_hash(read_text_file(base.topology));
        structure_of_ = [layers, name](const ArchSpec& arch) {
            return topology_network(name, layers, arch.precision, arch.array.accumulator_bits);
        };
        for (const QuantizedNode& node : structure_of_(chip_.arch).nodes) report_.macs += node.macs();
    }

    void describe() {
        Provenance& from = report_.provenance;
        from.version = NPUSIM_VERSION;
        from.command = options_.base.command;
        from.arch_file = chip_.file.string();
        from.arch_hash = chip_.hash;
        from.technology = chip_.technology.name + ", " + trimmed(chip_.technology.vdd_v) + " V";
        from.technology_file = chip_.technology.file;
        from.technology_hash = chip_.technology.content_hash;
        report_.chip = chip_.arch.name;
        report_.dram = chip_.arch.dram.type;
        report_.own_macs_per_cycle = chip_.arch.array.rows * chip_.arch.array.columns * chip_.arch.array.pe.lanes;
        report_.elements = element_rows(chip_.technology);
        report_.notes = make_cost_model(chip_.arch, chip_.technology).notes;
        report_.changes_at = options_.changes_at;
    }

    [[nodiscard]] ScalingPoint point_at(int bits) const {
        ScalingPoint point;
        point.bits = bits;
        try {
            point.arch = at_uniform_bits(chip_.arch, bits);
        } catch (const InputError& error) {
            point.failure = error.what();
        }
        return point;
    }

    void plan() {
        for (const int bits : options_.bits) report_.equal_macs.points.push_back(point_at(bits));
        if (options_.equal_area) plan_equal_area();
        for (ScalingPoint& point : report_.equal_macs.points) add_run(point);
        if (report_.equal_area) {
            for (ScalingPoint& point : report_.equal_area->points) add_run(point);
        }
        plan_floating();
        if (options_.changes) plan_changes();
    }

    void plan_floating() {
        for (const NumberFormat format : {NumberFormat::fp32, NumberFormat::fp16, NumberFormat::bf16}) {
            ScalingPoint point;
            point.bits = floating_bits(format);
            try {
                point.arch = as_floating(chip_.arch, format);
                (void)make_cost_model(point.arch, chip_.technology);  // a table need not have every format
            } catch (const InputError& error) {
                point.failure = error.what();
            }
            report_.floating.push_back(std::move(point));
        }
        for (ScalingPoint& point : report_.floating) add_run(point);
    }

    void plan_equal_area() {
        const std::vector<ScalingPoint>& points = report_.equal_macs.points;
        const auto widest = std::find_if(points.begin(), points.end(), [](const auto& p) { return p.failure.empty(); });
        if (widest == points.end()) return;
        const double area_mm2 = make_cost_model(widest->arch, chip_.technology).area.total_mm2();
        report_.equal_area.emplace();
        for (ScalingPoint point : points) {
            if (point.failure.empty()) point.arch = filled_to_area(point.arch, chip_.technology, area_mm2);
            report_.equal_area->points.push_back(std::move(point));
        }
    }

    void add_run(ScalingPoint& point) {
        if (!point.failure.empty()) return;
        runs_.push_back({point.arch, [this, &point](const RunResult& result) { price(point, result); },
                         [&point](const std::string& reason) { point.failure = reason; }});
    }

    void plan_changes() {
        report_.unchanged = point_at(options_.changes_at);
        if (!report_.unchanged->failure.empty()) return;
        add_run(*report_.unchanged);
        const ArchSpec& arch = report_.unchanged->arch;
        const QuantizedNetwork structure = structure_of_(arch);
        int safe_bits = 0;
        for (const QuantizedNode& node : structure.nodes) {
            safe_bits = std::max(safe_bits, accumulator_bound(structure, node).safe_bits);
        }
        std::vector<ChipChange> changes = changes_of(arch, safe_bits);
        report_.changes.reserve(changes.size());
        for (ChipChange& change : changes) {
            report_.changes.push_back({change.name, change.failure});
            ScalingChange& made = report_.changes.back();
            if (!change.failure.empty()) continue;
            runs_.push_back({change.arch,
                             [this, &made, chip = change.arch](const RunResult& result) {
                                 const CostModel cost = make_cost_model(chip, chip_.technology);
                                 const RunFigures figures = run_figures(cost, result.total);
                                 made.energy_pj = figures.energy.total_pj();
                                 made.on_chip_pj = figures.energy.on_chip_pj();
                                 made.area_mm2 = cost.area.total_mm2();
                                 made.milliseconds = figures.latency_ms;
                             },
                             [&made](const std::string& reason) { made.failure = reason; }});
        }
    }

    void price(ScalingPoint& point, const RunResult& result) const {
        const CostModel cost = make_cost_model(point.arch, chip_.technology);
        const CostModel low = make_cost_model(point.arch, chip_.technology, CostEnd::low);
        const CostModel high = make_cost_model(point.arch, chip_.technology, CostEnd::high);
        const RunFigures figures = run_figures(cost, result.total);
        point.cycles = result.total.total_cycles;
        point.milliseconds = figures.latency_ms;
        point.energy_pj = with_totals(figures.energy);
        point.area_mm2 = with_total(cost.area);
        point.energy_low_pj = low.energy(result.total).total_pj();
        point.energy_high_pj = high.energy(result.total).total_pj();
        point.area_low_mm2 = low.area.total_mm2();
        point.area_high_mm2 = high.area.total_mm2();
        const double operations = 2 * static_cast<double>(result.total.macs);
        point.tops_per_watt = operations / figures.energy.total_pj();
        point.tops_per_watt_on_chip = operations / figures.energy.on_chip_pj();
        point.tops_per_mm2 = operations / (figures.latency_ms * 1e9) / cost.area.total_mm2();
    }

    void simulate() {
        progress_.begin("simulation");
        std::vector<WorkerJob> jobs;
        jobs.reserve(runs_.size());
        for (const Run& run : runs_) {
            jobs.emplace_back(
                [&](const FractionSink& sink) { return run_timing(structure_of_(run.arch), run.arch, sink); });
        }
        WorkerOptions workers;
        workers.workers = options_.base.threads;
        workers.progress = [this](double fraction) { progress_.update(fraction); };
        const std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, workers);
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            if (const auto* result = std::get_if<RunResult>(&outcomes[i])) {
                runs_[i].take(*result);
            } else {
                runs_[i].fail(std::get<WorkerFailure>(outcomes[i]).reason);
            }
        }
    }

    const ScalingOptions& options_;
    Progress& progress_;
    ChipFiles chip_;
    StructureOf structure_of_;
    ScalingReport report_;
    std::vector<Run> runs_;
};

}  // namespace

ScalingReport run_scaling_study(const ScalingOptions& options, const Environment& environment, Progress& progress) {
    ScalingReport report = Study(options, environment, progress).run();
    if (!options.base.weights.empty()) measure_scaled_accuracy(report, options.base, progress);
    return report;
}

}  // namespace npusim::cli
