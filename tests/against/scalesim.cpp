// Cycles and SRAM counts that SCALE-Sim v2 (22f88b1) gives for the layers of ResNet-18 and -34, as shipped and padded
// to PyTorch's sizes, and for three small ones, with unlimited bandwidth. Its reported total is one less than the
// count, which scalesim_layers.csv has put right, and it adds folds * (R + C) to the ofmap writes of output stationary
// arrays.
#include <boost/tokenizer.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "npusim/base/files.h"
#include "npusim/sim/simulate.h"
#include "npusim/sweeps/worker.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "npusim/workloads/lowering/lower.h"
#include "npusim/workloads/topology.h"

using namespace npusim;

namespace {

struct Row {
    TopologyLayer layer;
    int extent = 0;  ///< rows and columns of the array
    std::string dataflow;
    std::uint64_t cycles = 0, ifmap_reads = 0, filter_reads = 0, ofmap_writes = 0;
};

std::vector<Row> read_rows() {
    std::istringstream lines(read_text_file(NPUSIM_SOURCE_DIR "/tests/against/scalesim_layers.csv"));
    std::vector<Row> rows;
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        const boost::tokenizer<boost::char_separator<char>> tokens(line, boost::char_separator<char>(","));
        const std::vector<std::string> cells(tokens.begin(), tokens.end());
        Row row;
        const auto number = [&](std::size_t cell) { return std::stoll(cells.at(cell)); };
        row.layer = {"layer", number(0), number(1), number(2), number(3), number(4), number(5), number(6)};
        row.extent = static_cast<int>(number(7));
        row.dataflow = cells.at(8);
        row.cycles = static_cast<std::uint64_t>(number(9));
        row.ifmap_reads = static_cast<std::uint64_t>(number(10));
        row.filter_reads = static_cast<std::uint64_t>(number(11));
        row.ofmap_writes = static_cast<std::uint64_t>(number(12));
        rows.push_back(row);
    }
    return rows;
}

/// No port, buffer or DRAM ever limits it.
ArchSpec unlimited(const Row& row) {
    static const std::map<std::string, Dataflow> dataflows{
        {"ws", Dataflow::weight_stationary}, {"os", Dataflow::output_stationary}, {"is", Dataflow::input_stationary}};
    ArchSpec arch;
    arch.name = "unlimited";
    arch.array.rows = arch.array.columns = row.extent;
    arch.array.dataflow = dataflows.at(row.dataflow);
    arch.array.overlap_weight_load = false;
    arch.weight_buffer = arch.activation_buffer = arch.accumulator_buffer = {std::int64_t{1} << 30, 4, 1 << 14};
    arch.double_buffering = false;
    arch.dram.ideal = true;
    return arch;
}

ArrayWork work_of(const TopologyLayer& layer) {
    ArrayWork work;
    work.pixels = layer.output_height() * layer.output_width();
    work.reduction = layer.filter_height * layer.filter_width * layer.channels;
    work.out_channels = layer.filters;
    work.weight_slice_bits = work.activation_slice_bits = 8;
    return work;
}

void describe(const Row& row) {
    UNSCOPED_INFO(row.dataflow << " " << row.extent << ": " << row.layer.input_height << "x" << row.layer.channels
                               << ", filter " << row.layer.filter_height << ", " << row.layer.filters
                               << " filters, stride " << row.layer.stride);
}

}  // namespace

TEST_CASE("Every layer takes SCALE-Sim's cycles, through the whole machine") {
    const std::vector<Row> rows = read_rows();
    REQUIRE(rows.size() == 216);
    std::vector<WorkerJob> jobs;
    for (const Row& row : rows) {
        jobs.emplace_back([&row](const FractionSink&) {
            const ArchSpec arch = unlimited(row);
            const QuantizedNetwork network = topology_network("one", {row.layer}, arch.precision, 31);
            const Program program = lower(network, arch);
            return simulate({network, arch, program, {}, {}, {}});
        });
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        describe(rows[i]);
        const Counters& total = result_or_throw(outcomes[i]).total;
        CHECK(total.array.busy_cycles + total.array.idle(IdleCause::fill_drain) == rows[i].cycles);
        CHECK(total.array.idle(IdleCause::bank_conflict) == 0);
    }
}

TEST_CASE("With ports of one word, reads and writes are SCALE-Sim's") {
    for (const Row& row : read_rows()) {
        describe(row);
        ArchSpec arch = unlimited(row);
        arch.weight_buffer.width_bits = arch.activation_buffer.width_bits = 8;
        arch.accumulator_buffer.width_bits = arch.array.accumulator_bits;
        const ArrayTiming timing = dataflow_policy(arch.array.dataflow).time(arch, work_of(row.layer));
        CHECK(timing.activation_reads == row.ifmap_reads);
        CHECK(timing.weight_reads == row.filter_reads);
        const auto extents = static_cast<std::uint64_t>(2 * row.extent);
        const std::uint64_t surplus = row.dataflow == "os" ? timing.folds * extents : 0;
        CHECK(timing.accumulator_writes + surplus == row.ofmap_writes);
    }
}

TEST_CASE("Arrays that are not square follow SCALE-Sim's formulas in every dataflow") {
    for (const Row& row : read_rows()) {
        ArchSpec arch = unlimited(row);
        arch.array.rows = 12;
        arch.array.columns = 14;
        const ArrayWork work = work_of(row.layer);
        const auto folds = [](std::int64_t on_rows, std::int64_t on_columns) {
            return (on_rows + 11) / 12 * ((on_columns + 13) / 14);
        };
        const std::int64_t r = 12;
        const std::int64_t c = 14;
        std::int64_t expected = folds(work.reduction, work.out_channels) * (2 * r + c + work.pixels - 2);
        if (row.dataflow == "os") expected = folds(work.pixels, work.out_channels) * (r + c + work.reduction - 2);
        if (row.dataflow == "is") expected = folds(work.reduction, work.pixels) * (2 * r + c + work.out_channels - 2);
        describe(row);
        CHECK(static_cast<std::int64_t>(dataflow_policy(arch.array.dataflow).time(arch, work).total_cycles()) ==
              expected);
    }
}
