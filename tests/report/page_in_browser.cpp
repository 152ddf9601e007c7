// The page as a reader uses it, in a headless Chromium with a real mouse and real keys.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <set>

#include "npusim/base/files.h"
#include "npusim/report/page.h"
#include "report_store.h"
#include "support/program_run.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

bool has_browser() {
    const char* needed =
        "command -v chromium > /dev/null && test -x /usr/bin/chromedriver && "
        "/usr/bin/python3 -c 'import selenium' 2> /dev/null";
    if (std::system(needed) == 0) return true;
    std::cout << "SKIPPED: chromium, chromium-driver or python3-selenium is not installed\n";
    return false;
}

/// What tests/report/drive_page.py saw.
json seen_in(const TemporaryFolder& folder, const std::filesystem::path& page, const std::string& filter) {
    const std::string out = (folder / "seen.json").string();
    const std::string command = "/usr/bin/python3 " NPUSIM_SOURCE_DIR "/tests/report/drive_page.py " + page.string() +
                                " '" + filter + "' > " + out;
    REQUIRE(std::system(command.c_str()) == 0);
    return json::parse(read_text_file(out));
}

std::set<std::size_t> rows_of(const json& list) {
    return list.get<std::set<std::size_t>>();
}

double metric(const SweepTable& table, std::size_t row, const std::string& name) {
    const auto at = std::find(table.metrics.begin(), table.metrics.end(), name) - table.metrics.begin();
    return table.rows[row].metrics[static_cast<std::size_t>(at)].value();
}

void check_quiet(const json& seen, const std::filesystem::path& page) {
    INFO(seen.at("console").dump(2));
    CHECK(seen.at("console").empty());
    CHECK(seen.at("requests") == json::array({"file://" + page.string()}));
}

void check_charts(const json& seen) {
    constexpr int more_than_text = 20;
    for (const auto& [canvas, colours] : seen.at("colours").items()) {
        INFO(canvas);
        CHECK(colours > more_than_text);
    }
    CHECK(seen.at("narrow").at(0) == seen.at("narrow").at(1));
}

/// The tooltip, the click and the zoom. Where many points lie on one another, another one than that aimed at may be on
/// top; what the tooltip shows is what a click selects.
void check_mouse(const json& seen, const SweepTable& table) {
    const json& clicked = seen.at("clicked");
    const std::size_t row = clicked.at("row");
    const std::string point = "Point " + std::to_string(table.rows[row].index);
    CHECK(seen.at("hover").at("visible") == true);
    CHECK_THAT(seen.at("hover").at("tip").get<std::string>(), Contains(point + ":") && Contains("energy: "));
    CHECK(clicked.at("ring") == json::array({row}));
    CHECK_THAT(clicked.at("details").get<std::string>(), Contains(point));
    if (clicked.at("layers") != 0) CHECK_THAT(clicked.at("heat").get<std::string>(), Contains(point + ":"));
    const auto span = [&](std::size_t i) {
        return std::log(seen.at("range").at(i).at(1).get<double>() / seen.at("range").at(i).at(0).get<double>());
    };
    CHECK(span(1) < span(0));
    CHECK(span(2) < span(1));
    CHECK(seen.at("range").at(3) == seen.at("range").at(0));
}

void check_keys(const json& seen) {
    const json& keys = seen.at("keys");
    CHECK(keys.at("visited") == keys.at("front"));
    CHECK(keys.at("focus") == "details");
    CHECK(keys.at("table").at(1) == keys.at("table").at(2).at(1));
}

/// The filter leaves `wanted` rows, in the table, the CSV file and, as far as they are done, the chart.
void check_filter(const json& seen, const std::set<std::size_t>& wanted, const SweepTable& table) {
    const json& filtered = seen.at("filtered");
    constexpr std::size_t page_rows = 100;
    std::set<std::size_t> bright;
    std::set<std::size_t> dimmed;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        if (table.rows[row].status == PointStatus::done) (wanted.contains(row) ? bright : dimmed).insert(row);
    }
    CHECK(rows_of(filtered.at("bright")) == bright);
    CHECK(rows_of(filtered.at("dimmed")) == dimmed);
    CHECK(filtered.at("table").size() == std::min(wanted.size(), page_rows));
    for (const std::size_t row : rows_of(filtered.at("table"))) CHECK(wanted.contains(row));
    REQUIRE(seen.at("csv").size() == wanted.size());
    for (const json& line : seen.at("csv")) {
        if (line.at("status") != "done") continue;
        const std::int64_t index = std::stoll(line.at("index").get<std::string>());
        const auto row =
            std::find_if(table.rows.begin(), table.rows.end(), [&](const SweepRow& one) { return one.index == index; });
        const double energy = metric(table, static_cast<std::size_t>(row - table.rows.begin()), "energy_pj");
        CHECK(std::stod(line.at("energy_pj").get<std::string>()) == Approx(energy).epsilon(5e-6));
    }
    CHECK_THAT(seen.at("errors").at(0).get<std::string>(), Contains("nothing"));
    CHECK_THAT(seen.at("errors").at(1).get<std::string>(), Contains("x") && Contains("energy_pj"));
    CHECK(seen.at("errors").at(2) == "");
}

void check_sorting(const json& seen, const SweepTable& table) {
    const auto energies = [&](std::size_t i) {
        std::vector<double> values;
        for (const std::size_t row : seen.at("sorted").at(i)) {
            if (table.rows[row].status == PointStatus::done) values.push_back(metric(table, row, "energy_pj"));
        }
        return values;
    };
    const auto up = energies(0);
    const auto down = energies(1);
    CHECK(std::is_sorted(up.begin(), up.end()));
    CHECK(std::is_sorted(down.rbegin(), down.rend()));
    CHECK(up.size() > 1);
    CHECK(seen.at("sort_state") == "descending");
}

}  // namespace

TEST_CASE(
    "A reader can look at a sweep, filter, sort, zoom and select, and a point's command gives its figures again") {
    if (!has_browser()) return;
    const TemporaryFolder folder;
    write_whole_file(folder / "space.json", R"({
        "name": "looked_at", "arch": "int4_array.json", "networks": ["resnet20"],
        "axes": [{"field": "bits", "values": [8, 4, 3, 2]}, {"field": "/array/rows", "values": [8, 16]},
                 {"field": "/activation_buffer/kib", "values": [0.25, 64]}, {"field": "/dram/type", "values": ["LPDDR4", "HBM2"]}],
        "objectives": [{"metric": "energy_pj"}, {"metric": "latency_ms"}]})");
    const std::string store = (folder / "store.sqlite").string();
    const std::filesystem::path page = folder / "page.html";
    REQUIRE(run_program("sweep " + (folder / "space.json").string() + " --quiet --store " + store).code == 0);
    REQUIRE(run_program("report " + store + " --out " + page.string()).code == 0);
    const SweepTable table = make_table(SweepStore(store, SweepStore::Mode::read_only), "looked_at", table_of_45nm);
    const json seen = seen_in(folder, page, "bits<=4 /array/rows = 16 lpddr");
    check_quiet(seen, page);
    check_charts(seen);
    CHECK_THAT(seen.at("text").get<std::string>(), Contains("looked_at") && Contains("impossible: why"));
    check_mouse(seen, table);
    check_keys(seen);
    CHECK(seen.at("clicked").at("row") == seen.at("hover").at("aimed"));
    CHECK(seen.at("clicked").at("layers") != 0);
    check_sorting(seen, table);
    std::set<std::size_t> wanted;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        const auto& settings = table.rows[row].settings;
        if (settings[0] <= 4 && settings[1] == 16 && settings[3] == "LPDDR4") wanted.insert(row);
    }
    REQUIRE_FALSE(wanted.empty());
    check_filter(seen, wanted, table);

    const std::size_t row = seen.at("clicked").at("row");
    const std::string command = seen.at("clicked").at("command");
    const std::string result = (folder / "run.json").string();
    REQUIRE(command.starts_with("npusim "));
    REQUIRE(run_program(command.substr(7) + " --no-ladder --quiet --json " + result).code == 0);
    const json energy = json::parse(read_text_file(result)).at("energy");
    CHECK(energy.at("total_pj").get<double>() == Approx(metric(table, row, "energy_pj")).epsilon(1e-9));
}

TEST_CASE("Names that look like HTML are shown as text and run nothing") {
    if (!has_browser()) return;
    const TemporaryFolder folder;
    const std::string name = "</script><img src=x onerror=alert(1)><b>";
    {
        SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
        fill_store(store, space_of(4, name), 5);
        write_whole_file(folder / "page.html", report_page(data_of(store, name), "1.2.3"));
    }
    const json seen = seen_in(folder, folder / "page.html", "bits=4");
    check_quiet(seen, folder / "page.html");
    CHECK_THAT(seen.at("text").get<std::string>(), Contains(name) && Contains("points of <chips> & more"));
}

TEST_CASE("A page of 10,000 points is painted in 2 s, filters in 300 ms and stays below 4 MB") {
    if (!has_browser()) return;
    const TemporaryFolder folder;
    SweepTable table;
    std::size_t page_bytes = 0;
    {
        SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
        fill_store(store, large_space("many"), 50);
        const ReportData data = data_of(store, "many");
        const std::string page = report_page(data, "1.2.3");
        constexpr std::size_t most_bytes = 4'000'000;
        page_bytes = page.size();
        CHECK(page_bytes < most_bytes);
        write_whole_file(folder / "page.html", page);
        table = data.table;
    }
    REQUIRE(table.rows.size() == 10'000);
    const json seen = seen_in(folder, folder / "page.html", "bits<=4 clock_mhz<105");
    check_quiet(seen, folder / "page.html");
    check_charts(seen);
    check_mouse(seen, table);
    check_sorting(seen, table);
    std::set<std::size_t> wanted;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        const auto& settings = table.rows[row].settings;
        if (table.rows[row].status == PointStatus::done && settings[0] <= 4 && settings[1] < 105) wanted.insert(row);
    }
    CHECK(rows_of(seen.at("filtered").at("bright")) == wanted);
    CHECK(seen.at("filtered").at("table").size() == 100);
    constexpr double longest_paint_ms = 2000;
    constexpr double longest_filter_ms = 300;
    INFO(page_bytes << " bytes, first paint " << seen.at("paint_ms").dump() << ", loaded " << seen.at("loaded_ms")
                    << " ms, filters " << seen.at("filter_ms").dump());
    CHECK(seen.at("paint_ms").at("first-contentful-paint") < longest_paint_ms);
    for (const double ms : seen.at("filter_ms")) CHECK(ms < longest_filter_ms);
}

TEST_CASE("A page of points without any result says so and throws no error") {
    if (!has_browser()) return;
    const TemporaryFolder folder;
    {
        SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
        fill_store(store, space_of(1, "none"), 1);
        write_whole_file(folder / "page.html", report_page(data_of(store, "none"), "1.2.3"));
    }
    const std::string command = "/usr/bin/python3 " NPUSIM_SOURCE_DIR "/tests/report/drive_page.py --only-open " +
                                (folder / "page.html").string() + " > " + (folder / "seen.json").string();
    REQUIRE(std::system(command.c_str()) == 0);
    const json seen = json::parse(read_text_file(folder / "seen.json"));
    check_quiet(seen, folder / "page.html");
    CHECK_THAT(seen.at("text").get<std::string>(), Contains("No point has a result yet."));
}
