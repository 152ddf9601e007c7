// The table of a sweep: its figures, and its files read back.
#include <catch2/catch.hpp>
#include <charconv>

#include "npusim/base/error.h"
#include "npusim/sweeps/sweep_table.h"
#include "support/store_content.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;

namespace {

constexpr std::uint64_t points = 30;

const Technology& technology() {
    static const Technology table =
        read_technology(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "technology" / "45nm.json");
    return table;
}

const Technology& technology_of(const ArchSpec&) {
    return technology();
}

/// A sweep whose settings and reasons hold all that is special in some kind of file; its last points are missing.
SweepTable sample_table(const TemporaryFolder& folder) {
    SweepStore store = open_to_write(folder / "table.db");
    auto entries = sample_entries(points);
    const std::vector<nlohmann::json> values = {"a,b", "c\"d",  "e\nf|g", "h\\i_j&k%l#m${n}^~",         0.1, 1e300,
                                                true,  nullptr, "",       nlohmann::json::array({1, 2})};
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const nlohmann::json setting = {"/x,y_z", values[i % values.size()]};
        if (i % 4 != 3) entries[i].settings.push_back(setting);
        const nlohmann::json network = {"network", "net of " + std::to_string(i)};
        if (i >= points - 4) entries[i].settings.push_back(network);
    }
    store.set_sweep("samples", sample_spec(), entries);
    for (std::uint64_t i = 0; i < points - 3; ++i) add_sample(store, i);
    return make_table(store, "samples", technology_of);
}

double metric(const SweepTable& table, const SweepRow& row, const std::string& name) {
    const auto found = std::find(table.metrics.begin(), table.metrics.end(), name);
    REQUIRE(found != table.metrics.end());
    return row.metrics.at(static_cast<std::size_t>(found - table.metrics.begin())).value();
}

using Record = std::vector<std::string>;

/// RFC 4180, by its grammar.
std::vector<Record> parse_csv(const std::string& text) {
    std::vector<Record> records(1, Record(1));
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string& field = records.back().back();
        if (text[i] == '"') {
            for (++i; text[i] != '"' || text.at(i + 1) == '"'; ++i) {
                if (text[i] == '"') ++i;
                field += text[i];
            }
        } else if (text[i] == ',') {
            records.back().emplace_back();
        } else if (text[i] == '\r') {
            REQUIRE(text.at(++i) == '\n');
            records.emplace_back(1);
        } else {
            field += text[i];
        }
    }
    REQUIRE(records.back() == Record{""});
    records.pop_back();
    return records;
}

std::string text_of_setting(const nlohmann::json& value) {
    if (value.is_null()) return "";
    return value.is_string() ? value.get<std::string>() : value.dump();
}

template <typename Writer>
std::string written(const SweepTable& table, const Writer& writer, const ColumnNames& columns = {}) {
    std::ostringstream out;
    writer(table, out, columns);
    return out.str();
}

/// How often `what` is in `line` and no backslash is before it.
std::size_t unescaped(const std::string& line, char what) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\') {
            ++i;
        } else if (line[i] == what) {
            ++count;
        }
    }
    return count;
}

}  // namespace

TEST_CASE("The figures of a point are those of the sum of its layers, priced with its chip") {
    const TemporaryFolder folder;
    const SweepTable table = sample_table(folder);
    REQUIRE(table.rows.size() == points);
    const ArchSpec arch = parse_arch(sample_arch(), "arch");
    const CostModel cost = make_cost_model(arch, technology());
    for (std::uint64_t i = 0; i < points - 3; ++i) {
        const SweepRow& row = table.rows[i];
        const StoredPoint point = sample_point(i);
        REQUIRE(row.status == point.status);
        REQUIRE(row.reason == point.reason);
        if (point.status != PointStatus::done) continue;
        Counters total;
        for (const StoredLayer& layer : layers_of(point)) total += layer.counters;
        const auto cycles = static_cast<double>(total.total_cycles);
        const double seconds = cycles / (arch.clock_mhz * 1e6);
        const double pj = cost.energy(total).total_pj();
        CHECK(metric(table, row, "cycles") == cycles);
        CHECK(metric(table, row, "latency_ms") == Approx(seconds * 1e3));
        CHECK(metric(table, row, "inferences_per_s") == Approx(1 / seconds));
        CHECK(metric(table, row, "energy_pj") == pj);
        CHECK(metric(table, row, "area_mm2") == cost.area.total_mm2());
        const CostModel low = make_cost_model(arch, technology(), CostEnd::low);
        const CostModel high = make_cost_model(arch, technology(), CostEnd::high);
        CHECK(metric(table, row, "energy_low_pj") == low.energy(total).total_pj());
        CHECK(metric(table, row, "energy_high_pj") == high.energy(total).total_pj());
        CHECK(metric(table, row, "area_low_mm2") == low.area.total_mm2());
        CHECK(metric(table, row, "area_high_mm2") == high.area.total_mm2());
        CHECK(metric(table, row, "energy_low_pj") < pj);
        CHECK(metric(table, row, "energy_high_pj") > pj);
        CHECK(metric(table, row, "edp_mj_ms") == Approx(pj * 1e-9 * seconds * 1e3));
        CHECK(metric(table, row, "dram_bytes") == static_cast<double>(total.dram.moved_bytes()));
        const double pe_cycles = arch.array.rows * arch.array.columns * cycles;
        CHECK(metric(table, row, "utilization") == Approx(static_cast<double>(total.pe_steps) / pe_cycles));
    }
}

TEST_CASE("The components of energy and area add up to their totals") {
    const TemporaryFolder folder;
    const SweepTable table = sample_table(folder);
    const auto& row = table.rows.front();
    for (const auto& [begin, end] : {std::pair{"energy_", "_pj"}, {"area_", "_mm2"}}) {
        double sum = 0;
        for (const std::string& name : table.metrics) {
            if (!name.starts_with(begin) || !name.ends_with(end) || name == "energy_on_chip_pj") continue;
            if (is_range_end(name)) continue;
            if (name != std::string(begin) + (end + 1)) sum += metric(table, row, name);
        }
        CHECK(sum == Approx(metric(table, row, std::string(begin) + (end + 1))));
        CHECK(sum > 0);
    }
}

TEST_CASE("Points without a result are pending rows that know the network from their settings") {
    const TemporaryFolder folder;
    const SweepTable table = sample_table(folder);
    CHECK(table.fields == std::vector<std::string>{"/array/rows", "/x,y_z"});
    for (std::uint64_t i = points - 3; i < points; ++i) {
        CHECK_FALSE(table.rows[i].status);
        CHECK(table.rows[i].network == "net of " + std::to_string(i));
    }
    CHECK_THAT(written(table, write_csv, {"index", "status"}), Catch::Contains("29,pending\r\n"));
}

TEST_CASE("A CSV file read back has every text and, to the bit, every number") {
    const TemporaryFolder folder;
    const SweepTable table = sample_table(folder);
    const auto records = parse_csv(written(table, write_csv));
    REQUIRE(records.size() == points + 1);
    const std::size_t first_metric = 4 + table.fields.size();
    for (std::size_t r = 0; r < points; ++r) {
        const SweepRow& row = table.rows[r];
        const Record& record = records[r + 1];
        REQUIRE(record.size() == first_metric + table.metrics.size());
        CHECK(record[1] == row.network);
        for (std::size_t i = 0; i < table.fields.size(); ++i) {
            if (row.settings[i] != 1e300) CHECK(record[2 + i] == text_of_setting(row.settings[i]));
        }
        CHECK(record[first_metric - 1] == row.reason);
        for (std::size_t i = 0; i < table.metrics.size(); ++i) {
            const std::string& text = record[first_metric + i];
            REQUIRE(text.empty() == !row.metrics[i].has_value());
            if (text.empty()) continue;
            double value = 0;
            const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
            REQUIRE(end == text.data() + text.size());
            CHECK(value == *row.metrics[i]);
        }
    }
}

TEST_CASE("A JSON file read back has every value, also of reasons that are no UTF-8") {
    const TemporaryFolder folder;
    SweepTable table = sample_table(folder);
    table.rows[0].reason = "bad \xff byte";
    const nlohmann::json json = nlohmann::json::parse(written(table, write_json));
    CHECK(json.at("sweep") == "samples");
    REQUIRE(json.at("rows").size() == points);
    for (std::size_t r = 0; r < points; ++r) {
        const SweepRow& row = table.rows[r];
        const nlohmann::json& object = json.at("rows").at(r);
        CHECK(object.at("index") == row.index);
        CHECK(object.at("network") == row.network);
        for (std::size_t i = 0; i < table.metrics.size(); ++i) {
            const nlohmann::json& value = object.at(table.metrics[i]);
            CHECK((row.metrics[i] ? value == *row.metrics[i] : value.is_null()));
        }
    }
}

TEST_CASE("Each row of a Markdown or LaTeX table has as many cells as the header, whatever texts hold") {
    const TemporaryFolder folder;
    const SweepTable table = sample_table(folder);
    const ColumnNames columns = {"index", "network", "/x,y_z", "reason", "energy_pj", "cycles"};
    std::istringstream markdown(written(table, write_markdown, columns));
    std::size_t lines = 0;
    for (std::string line; std::getline(markdown, line); ++lines) CHECK(unescaped(line, '|') == columns.size() + 1);
    CHECK(lines == points + 2);
    std::istringstream latex(written(table, write_latex, columns));
    std::size_t rows = 0;
    for (std::string line; std::getline(latex, line);) {
        if (line.ends_with(" \\\\")) ++rows;
        if (line.ends_with(" \\\\")) CHECK(unescaped(line, '&') == columns.size() - 1);
        for (const char special : {'%', '#', '_'}) CHECK(unescaped(line, special) == 0);
    }
    CHECK(rows == points + 1);
}

TEST_CASE("Numbers for people have four significant digits and stay within half of the last one") {
    SweepTable table;
    table.metrics = {"x"};
    std::mt19937_64 generator(3);
    std::uniform_real_distribution<double> exponent(-9, 15);
    for (int i = 0; i < 500; ++i) {
        SweepRow row;
        row.metrics = {std::pow(10.0, exponent(generator)) * (i % 2 == 0 ? 1 : -1)};
        table.rows.push_back(row);
    }
    std::istringstream lines(written(table, write_markdown, {"x"}));
    std::string line;
    std::getline(lines, line);
    std::getline(lines, line);
    CHECK(line == "| ---: |");
    for (const SweepRow& row : table.rows) {
        std::getline(lines, line);
        CHECK(line.size() <= 17);
        CHECK(std::stod(line.substr(2)) == Approx(*row.metrics[0]).epsilon(0.000501));
    }
}

TEST_CASE("An unknown sweep or column is refused, and names like it are offered") {
    const TemporaryFolder folder;
    const SweepTable table = sample_table(folder);
    CHECK_THROWS_AS(make_table(open_to_read(folder / "table.db"), "none", technology_of), InputError);
    CHECK_THROWS_WITH(written(table, write_csv, {"latency"}), Catch::Contains("latency_ms"));
    CHECK_THROWS_WITH(written(table, write_csv, {"nothing of the kind"}),
                      Catch::Contains("known are index") && !Catch::Contains("did you mean"));
}

TEST_CASE("A metric that is added is a column of the files and an objective") {
    const TemporaryFolder folder;
    SweepTable table = sample_table(folder);
    add_metric(table, "top1", [](const SweepRow& row) -> std::optional<double> {
        if (row.index % 2 == 0) return std::nullopt;
        return static_cast<double>(row.index);
    });
    CHECK_THAT(written(table, write_csv, {"index", "top1"}), Catch::Contains("\r\n0,\r\n1,1\r\n2,\r\n3,3\r\n"));
    CHECK(pareto_front(table, {{"top1", true}}) == std::vector<std::size_t>{25});
}
