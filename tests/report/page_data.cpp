// What the page is made of: its data block against the table, its fits, its bytes.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/report/page.h"
#include "report_store.h"
#include "support/program_run.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;
using Catch::Matchers::Contains;

namespace {

using Values = std::vector<std::pair<double, std::optional<double>>>;

std::string page_of(const TemporaryFolder& folder, const nlohmann::json& space, int impossible_every) {
    SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
    fill_store(store, space, impossible_every);
    return report_page(data_of(store, space.at("name")), "1.2.3");
}

std::string data_block(const std::string& page) {
    const std::string begin = "<script type=\"application/json\" id=\"data\">";
    const std::size_t at = page.find(begin) + begin.size();
    return page.substr(at, page.find("</script>", at) - at);
}

std::vector<nlohmann::json> decoded(const nlohmann::json& column) {
    if (column.contains("values")) return column.at("values");
    std::vector<nlohmann::json> values;
    for (const int code : column.at("codes")) {
        values.push_back(code < 0 ? nlohmann::json() : column.at("set").at(static_cast<std::size_t>(code)));
    }
    return values;
}

/// The chip of a row as the page puts it together.
nlohmann::json chip_in_page(const nlohmann::json& block, std::size_t row) {
    nlohmann::json chip = block.at("reference");
    for (const auto& column : block.at("changes")) {
        const nlohmann::json value = decoded(column).at(row);
        if (!value.is_null()) chip[nlohmann::json::json_pointer(column.at("name").get<std::string>())] = value;
    }
    return chip;
}

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("Figures that are c times bits to the k have the exponent k and R squared 1") {
    const double k = GENERATE(-0.5, 0.0, 1.0, 1.37, 2.0);
    Values values;
    for (const double bits : {2.0, 3.0, 5.0, 16.0}) values.emplace_back(bits, 7.5e8 * std::pow(bits, k));
    const auto fit = fit_power(values);
    REQUIRE(fit);
    CHECK(fit->exponent == Approx(k).margin(1e-12));
    CHECK(fit->r_squared == Approx(1.0));
}

TEST_CASE("A fit's R squared is that of the straight line through the logarithms") {
    const Values values = {{1, 1.0}, {std::exp(1.0), std::exp(3.0)}, {std::exp(2.0), std::exp(2.0)}};
    const auto fit = fit_power(values);
    REQUIRE(fit);
    CHECK(fit->exponent == Approx(1.0));
    CHECK(fit->r_squared == Approx(3.0 / 7));  // slope² Σx² / Σy² = 1 · 2 / (14/3)
}

TEST_CASE("Two precisions, a missing figure or one that is 0 are not fitted") {
    CHECK_FALSE(fit_power({{4, 1.0}, {8, 2.0}, {8, 2.1}}));
    CHECK_FALSE(fit_power({{2, 1.0}, {4, std::nullopt}, {8, 2.0}}));
    CHECK_FALSE(fit_power({{2, 1.0}, {4, 0.0}, {8, 2.0}}));
    CHECK(fit_power({{2, 1.0}, {4, 1.5}, {8, 2.0}}));
}

TEST_CASE("Points are compared with those that differ in the fields of the bits' axis only") {
    const TemporaryFolder folder;
    SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
    nlohmann::json space = space_of(3, "paired");
    space["axes"][0] = {{"fields", {"/precision/weight_bits", "/precision/activation_bits"}},
                        {"values", {{8, 8}, {4, 4}, {2, 2}}}};
    fill_store(store, space, 0);
    const ReportData data = data_of(store, "paired");
    REQUIRE(data.groups.size() == 3);
    for (const PrecisionGroup& group : data.groups) {
        REQUIRE(group.places.size() == 3);
        CHECK(group.fits.size() == fitted_metrics(data.table).size());
        for (const std::size_t place : group.places) {
            CHECK(data.table.rows[place].settings.back() == data.table.rows[group.places[0]].settings.back());
        }
        CHECK(data.bits[group.places[0]] == 8.0);
        CHECK(data.bits[group.places[2]] == 2.0);
    }
}

TEST_CASE("The page's data are those of the table to six digits, and its chips are the points' own") {
    const TemporaryFolder folder;
    SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
    fill_store(store, space_of(8, "samples"), 7);
    const ReportData data = data_of(store, "samples");
    const auto block = nlohmann::json::parse(report_json(data, "1.2.3"));
    std::map<std::string, std::vector<nlohmann::json>> columns;
    for (const auto& column : block.at("columns")) columns[column.at("name")] = decoded(column);
    const auto points = store.points();
    for (std::size_t row = 0; row < data.table.rows.size(); ++row) {
        const SweepRow& wanted = data.table.rows[row];
        REQUIRE(columns.at("index").at(row) == wanted.index);
        CHECK(columns.at("status").at(row) == std::string(name_of(wanted.status.value())));
        CHECK(columns.at("reason").at(row) == wanted.reason);
        CHECK(columns.at("/clock_mhz").at(row) == wanted.settings.at(1));
        for (std::size_t i = 0; i < data.table.metrics.size(); ++i) {
            const nlohmann::json& value = columns.at(data.table.metrics[i]).at(row);
            REQUIRE(value.is_null() == !wanted.metrics[i].has_value());
            if (!value.is_null()) CHECK(value.get<double>() == Approx(*wanted.metrics[i]).epsilon(5e-6));
        }
        nlohmann::json chip = points.at(wanted.point_key).arch;
        nlohmann::json shown = chip_in_page(block, row);
        for (const char* left_out : {"name", "description"}) {
            chip.erase(left_out);
            shown.erase(left_out);
        }
        CHECK(shown == chip);
    }
    CHECK(block.at("front") == nlohmann::json(pareto_front(data.table, data.objectives)));
}

TEST_CASE("The energy of a point's layers in the page adds up to the point's energy") {
    const TemporaryFolder folder;
    SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
    fill_store(store, space_of(60, "samples"), 0);
    const ReportData data = data_of(store, "samples");
    const auto energy = static_cast<std::size_t>(
        std::find(data.table.metrics.begin(), data.table.metrics.end(), "energy_pj") - data.table.metrics.begin());
    CHECK(data.details.size() <= data.front.size() + kMostOtherDetails + 1);
    std::set<std::size_t> places;
    for (const PointLayers& detail : data.details) {
        places.insert(detail.place);
        double sum = 0;
        for (const double pj : detail.energy_pj) sum += pj;
        CHECK(sum == Approx(*data.table.rows[detail.place].metrics[energy]).epsilon(1e-9));
    }
    for (const std::size_t place : data.front) CHECK(places.contains(place));
    CHECK(places.contains(data.chosen.value()));
}

TEST_CASE("The same store gives the same bytes") {
    const TemporaryFolder folder;
    const TemporaryFolder other;
    CHECK(page_of(folder, space_of(5, "samples"), 3) == page_of(other, space_of(5, "samples"), 3));
}

TEST_CASE("Names and reasons cannot leave their place in the page") {
    const TemporaryFolder folder;
    const std::string name = "{{data}}</script><script>alert(1)</script><!-- \"'&";
    const std::string page = page_of(folder, space_of(3, name), 2);
    const std::string plain = page_of(TemporaryFolder(), space_of(3, "plain"), 0);
    CHECK(count_of(page, "<script") == count_of(plain, "<script"));
    CHECK(count_of(page, "</script") == count_of(plain, "</script"));
    CHECK(count_of(page, "<!--") == count_of(plain, "<!--"));
    const std::string block = data_block(page);
    CHECK(block.find('<') == std::string::npos);
    CHECK(nlohmann::json::parse(block).at("sweep").at("name") == name);
    CHECK_THAT(page, Contains("<title>{{data}}&lt;/script&gt;"));
}

TEST_CASE("The page allows itself nothing from elsewhere and says whose chart library it holds") {
    const TemporaryFolder folder;
    const std::string page = page_of(folder, space_of(2, "samples"), 0);
    CHECK_THAT(page, Contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
    CHECK_THAT(page, Contains("Chart.js v3.9") && Contains("Permission is hereby granted, free of charge"));
    CHECK_THAT(page, !Contains("src=\"http") && !Contains("href=\"http") && !Contains("@import"));
    CHECK_THAT(page, !Contains(NPUSIM_SOURCE_DIR));
}

TEST_CASE("Stores and sweeps that are not there are refused by name") {
    const TemporaryFolder folder;
    {
        SweepStore store(folder / "two.sqlite", SweepStore::Mode::create_or_extend);
        fill_store(store, space_of(1, "first"), 0);
        fill_store(store, space_of(1, "second"), 0);
    }
    const std::string two = (folder / "two.sqlite").string();
    const std::string out = (folder / "page.html").string();
    const auto refused = [&](const std::string& words) { return refusal_of_program("report " + words); };
    CHECK_THAT(refused((folder / "none.sqlite").string()), Contains("none.sqlite"));
    CHECK_THAT(refused(two + " --out " + out), Contains("--sweep") && Contains("first, second"));
    CHECK_THAT(refused(two + " --sweep third --out " + out), Contains("third") && Contains("first, second"));
    CHECK_THAT(refused(two + " --sweep first --out " + (folder / "no" / "page.html").string()), Contains("--out"));
    CHECK_THAT(refused(two + " --sweep first --pictures " + two), Contains("--pictures"));
    CHECK_THAT(refused(""), Contains("one store is needed"));
    CHECK_FALSE(std::filesystem::exists(out));
    CHECK(run_program("report " + two + " --sweep second --quiet --out " + out).code == 0);
    CHECK_THAT(read_text_file(out), Contains("<title>second</title>"));
}
