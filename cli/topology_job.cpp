#include "cli/topology_job.h"

#include "cli/inputs.h"
#include "cli/timing_report.h"
#include "npusim/base/files.h"
#include "npusim/workloads/topology.h"

namespace npusim::cli {
namespace {

NetworkFacts facts_of(const std::string& file, const QuantizedNetwork& network) {
    NetworkFacts facts;
    facts.name = network.name;
    facts.title = "layer list " + std::filesystem::path(file).filename().string() + ", " +
                  std::to_string(network.nodes.size()) + (network.nodes.size() == 1 ? " layer" : " layers");
    facts.input_shape = network.nodes.front().input_shape;
    facts.parameters = network.weight_count();
    facts.shapes_only = true;
    for (const QuantizedNode& node : network.nodes) facts.macs += node.macs();
    return facts;
}

}  // namespace

Report run_topology_job(const Options& options, const Environment& environment, Progress& progress) {
    const std::vector<TopologyLayer> layers = read_topology(options.topology);
    const ChipFiles chip = read_chip(options, {}, environment.preset_folder);
    const std::string name = std::filesystem::path(options.topology).stem().string();
    const StructureOf structure_of = [&](const ArchSpec& arch) {
        return topology_network(name, layers, arch.precision, arch.array.accumulator_bits);
    };
    Report report;
    describe_chip(report, chip, options);
    report.provenance.topology_file = options.topology;
    report.provenance.topology_hash = content_hash(read_text_file(options.topology));
    report.network = facts_of(options.topology, structure_of(chip.arch));
    report.accuracy.missing = "shapes only: a layer list has no weights and no images to measure with";
    simulate_timing(report, chip.technology, structure_of, options, progress);
    return report;
}

}  // namespace npusim::cli
