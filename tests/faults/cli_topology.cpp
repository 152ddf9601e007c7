// The option --topology: a layer list gives the report of its shapes, and nothing that needs weights.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "npusim/base/files.h"
#include "support/program_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::refusal_of_program;
using test::run_program;
using test::TemporaryFolder;

namespace {

/// Heights and widths that differ, a name with a comma, and a last window that ends outside of its ifmap.
constexpr const char* kConvolutions =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    "\"first, wide\",9,16,3,3,4,8,1,\nsecond,16,16,1,1,12,8,1,\nthird,10,10,3,3,8,24,2,\n";

class Lists {
public:
    Lists() {
        write_whole_file(folder_ / "convolutions.csv", kConvolutions);
        write_whole_file(folder_ / "products.csv", "Layer, M, N, K,\nfirst,50,20,30,\n");
    }
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

    [[nodiscard]] json simulated(const std::string& list, const std::string& options) const {
        const auto ran =
            run_program("--topology " + path(list) + " " + options + " --quiet --json " + path("run.json"));
        INFO(options << "\n" << ran.error);
        REQUIRE(ran.code == 0);
        CHECK(ran.out.empty());
        return json::parse(read_text_file(path("run.json")));
    }

private:
    TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("A layer list gives its layers, in order, with the multiplications of their shapes") {
    const Lists lists;
    const json run = lists.simulated("convolutions.csv", "--arch int4_array --no-ladder");
    const std::int64_t macs[] = {7 * 14 * 8 * 9 * 4, 16 * 16 * 12 * 8, 5 * 5 * 24 * 9 * 8};  // ⌈(10 − 3 + 2) / 2⌉ = 5
    const char* names[] = {"first, wide", "second", "third"};
    REQUIRE(run.at("layers").size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        const json& layer = run.at("layers").at(i);
        CHECK(layer.at("name") == names[i]);
        CHECK(layer.at("op") == "convolution");
        CHECK(layer.at("counters").at("macs") == macs[i]);
        CHECK(layer.at("weight_bits") == 4);
        CHECK(layer.at("input_bits") == 4);
    }
    CHECK(run.at("network").at("macs") == macs[0] + macs[1] + macs[2]);
    CHECK(run.at("network").at("name") == "convolutions");
    CHECK(run.at("network").at("shapes_only") == true);
    CHECK(run.at("ladder").is_null());
    CHECK(run.at("proof").is_null());
    CHECK(run.at("accuracy").at("fp32_top1").is_null());
    CHECK(run.at("provenance").at("topology_hash") == content_hash(kConvolutions));
}

TEST_CASE("A layer's figures do not depend on the layers beside it") {
    const Lists lists;
    const json all = lists.simulated("convolutions.csv", "--no-ladder");
    const std::string text = kConvolutions;
    const std::string heading = text.substr(0, text.find('\n') + 1);
    write_whole_file(lists.path("third.csv"), heading + text.substr(text.find("third")));
    const json alone = lists.simulated("third.csv", "--no-ladder");
    CHECK(alone.at("layers").at(0).at("counters") == all.at("layers").at(2).at("counters"));
    CHECK(alone.at("layers").at(0).at("energy") == all.at("layers").at(2).at("energy"));
}

TEST_CASE("Bits, fields of the chip and the ladder reach a layer list") {
    const Lists lists;
    const json run = lists.simulated("products.csv", "--arch int8_array --bits 2,5 --set /array/rows=8");
    CHECK(run.at("arch").at("array").at("rows") == 8);
    CHECK(run.at("layers").at(0).at("weight_bits") == 2);
    CHECK(run.at("layers").at(0).at("input_bits") == 5);
    REQUIRE(run.at("ladder").at("rungs").size() == 4);
    for (const json& rung : run.at("ladder").at("rungs")) CHECK(rung.at("counters").at("macs") == 50 * 20 * 30);
    const json narrow = lists.simulated("products.csv", "--arch int8_array --no-ladder");
    CHECK(narrow.at("counters").at("total_cycles") < run.at("counters").at("total_cycles"));
}

TEST_CASE("An fp32 chip times a layer list") {
    const Lists lists;
    const json run = lists.simulated("products.csv", "--arch fp32_array");
    CHECK(run.at("layers").at(0).at("weight_bits") == 32);
    CHECK(run.at("counters").at("macs") == 50 * 20 * 30);
}

TEST_CASE("The report of a layer list says that it is shapes only, and is the same bytes again") {
    const Lists lists;
    const std::string options = "--topology " + lists.path("convolutions.csv") + " --layers --arch int4_array";
    const auto one = run_program(options + " --threads 1");
    const auto two = run_program(options + " --threads 2");
    INFO(one.error);
    CHECK(one.code == 0);
    CHECK(one.out == two.out);
    CHECK_THAT(one.out, Contains("accuracy   shapes only") && Contains("convolutions.csv, 3 layers") &&
                            Contains("weights 4, activations 4, in every layer") && Contains("first, wide"));
}

TEST_CASE("The rows of a layer list's CSV tell which list they are from") {
    const Lists lists;
    const auto ran = run_program("--topology " + lists.path("convolutions.csv") + " --no-ladder --quiet --csv " +
                                 lists.path("rows.csv"));
    REQUIRE(ran.code == 0);
    std::istringstream rows(read_text_file(lists.path("rows.csv")));
    std::string line;
    std::getline(rows, line);
    CHECK_THAT(line, Contains(",topology_hash,"));
    int count = 0;
    for (; std::getline(rows, line); ++count) CHECK_THAT(line, Contains("," + content_hash(kConvolutions) + ","));
    CHECK(count == 3);
}

TEST_CASE("A result of a layer list is one side of a comparison") {
    const Lists lists;
    (void)lists.simulated("convolutions.csv", "--arch int4_array --no-ladder");
    const auto ran = run_program("compare " + lists.path("run.json") + " " + lists.path("run.json"));
    INFO(ran.error);
    CHECK(ran.code == 0);
    CHECK_THAT(ran.out, Contains("convolutions"));
}

TEST_CASE("Options that a layer list has no use for are refused, all at once") {
    const Lists lists;
    const std::string text = refusal_of_program(
        "--topology " + lists.path("products.csv") +
        " --model resnet20 --image-size 32 --weights w --dataset shapes --calibration-images 9 --test-images 9 "
        "--prove-images 1 --dump out --residual-bits 8 --first-last-bits 8 --layer-bits conv1=8");
    for (const char* option : {"model", "image-size", "weights", "dataset", "calibration-images", "test-images",
                               "prove-images", "dump", "residual-bits", "first-last-bits", "layer-bits"}) {
        CHECK_THAT(text, Contains(std::string("option --") + option + ": does not go with --topology"));
    }
}

TEST_CASE("A layer list that is not there, or wrong, is refused with its lines") {
    const Lists lists;
    CHECK_THAT(refusal_of_program("--topology " + lists.path("none.csv")), Contains("none.csv"));
    CHECK_THAT(refusal_of_program("--topology"), Contains("--topology: needs a value"));
    write_whole_file(lists.path("bad.csv"), "Layer,M,N,K\na,0,1,1\nb,1,1,x\n");
    const std::string text = refusal_of_program("--topology " + lists.path("bad.csv"));
    CHECK_THAT(text, Contains("bad.csv: line 2: column M: \"0\"") && Contains("bad.csv: line 3: column K: \"x\""));
}

TEST_CASE("A layer of a list that fits no buffer is refused with its name") {
    const Lists lists;
    CHECK_THAT(refusal_of_program("--topology " + lists.path("convolutions.csv") +
                                  " --set /activation_buffer/kib=0.0625 --set /activation_buffer/width_bits=8 --set "
                                  "/activation_buffer/banks=2"),
               Contains("first, wide") && Contains("activation"));
}

TEST_CASE("Columns of the cost table stay apart, however little a layer takes") {
    const TemporaryFolder folder;
    const std::string list = (folder / "layers.csv").string();
    for (const int pixels : {3, 6, 14, 60}) {
        const std::string size = std::to_string(pixels);
        write_whole_file(list,
                         "Layer, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
                         "Strides,\na, " +
                             size + ", " + size + ", 3, 3, 4, 4, 1,\n");
        const auto run = run_program("--arch int4_array --no-ladder --topology " + list);
        INFO(run.out << run.error);
        REQUIRE(run.code == 0);
        const std::size_t begin = run.out.find("energy an inference");
        const std::size_t end = run.out.find("time, %");
        REQUIRE(begin < end);
        REQUIRE(end != std::string::npos);
        // Two figures with points that nothing parts.
        CHECK_FALSE(std::regex_search(run.out.substr(begin, end - begin), std::regex("[0-9]\\.[0-9]+\\.[0-9]")));
    }
}
