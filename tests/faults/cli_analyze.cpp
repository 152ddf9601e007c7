// `npusim analyze` as a user runs it.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "npusim/base/files.h"
#include "npusim/models/engine/float_executor.h"
#include "npusim/models/exchange/saved_network.h"
#include "npusim/models/finetune/training_graph.h"
#include "npusim/models/graph/zoo.h"
#include "support/program_run.h"

using npusim::test::TemporaryFolder;

namespace {

using Catch::Contains;

using npusim::test::ProgramRun;

ProgramRun run(const std::string& options, const std::string& environment = "") {
    return npusim::test::run_program("analyze " + options, environment);
}
std::string refusal(const std::string& options, const std::string& environment = "") {
    return npusim::test::refusal_of_program("analyze " + options, environment);
}

/// A checkpoint of random weights.
std::string checkpoint(const std::filesystem::path& path, std::uint64_t seed) {
    npusim::SavedNetwork saved;
    saved.parameters = npusim::random_parameters(npusim::make_network("resnet20"), seed);
    npusim::write_saved_network(saved, path);
    return path.string();
}

/// The same as if it were tuned at 4 bits.
std::string tuned_checkpoint(const std::filesystem::path& path, std::uint64_t seed) {
    const npusim::Network network = npusim::make_network("resnet20");
    npusim::SavedNetwork saved;
    saved.parameters = npusim::random_parameters(network, seed);
    npusim::TrainingSetup setup;
    setup.step_rule = npusim::StepRule::learned;
    setup.precision.weight_bits = setup.precision.activation_bits = 4;
    npusim::TrainedSteps steps;
    constexpr int accumulator_bits = 47;
    constexpr double largest = 4;
    for (const auto& tensor : npusim::quantize_structure(network, setup.precision, accumulator_bits).tensors) {
        steps.activation_steps.push_back(largest / static_cast<double>(tensor.range().high));
    }
    steps = npusim::TrainingGraph(network, saved.parameters, setup, steps).steps();
    saved.quantization = npusim::SavedQuantization{setup.precision, steps};
    npusim::write_saved_network(saved, path);
    return path.string();
}

}  // namespace

TEST_CASE("Analyze without a network, or with a word that is no option, is refused") {
    CHECK_THAT(refusal(""), Contains("--model"));
    CHECK_THAT(refusal("resnet20"), Contains("\"resnet20\""));
    CHECK_THAT(refusal("--modle resnet20"), Contains("did you mean --model?"));
}

TEST_CASE("All bad options of analyze are reported at once") {
    const std::string text = refusal(
        "--model resnet20 --bits 8,9 --batch-sizes 32,x --batches 3 --images 0 --piece-images -1 --threads 0 --seed x "
        "--calibration-images 0 --scales 3 --residual-bits 12");
    for (const char* option :
         {"--bits: 9", "--batch-sizes: \"x\"", "--batches: 3", "--images: 0", "--piece-images: -1", "--threads: 0",
          "--seed: x", "--calibration-images: 0", "--scales: 3", "--residual-bits: 12"}) {
        CHECK_THAT(text, Contains(option));
    }
}

TEST_CASE("Lists of analyze with an empty or a doubled part are refused") {
    CHECK_THAT(refusal("--model resnet20 --bits 8,,4"), Contains("--bits"));
    CHECK_THAT(refusal("--model resnet20 --bits 4,8,4"), Contains("--bits: 4 is there twice"));
    CHECK_THAT(refusal("--model resnet20 --batch-sizes 16,"), Contains("--batch-sizes: \"\""));
    CHECK_THAT(refusal("--model resnet20 --batch-sizes 16,16"), Contains("--batch-sizes: 16 is there twice"));
}

TEST_CASE("Residuals narrower than the activations are refused by analyze") {
    CHECK_THAT(refusal("--model resnet20 --bits 8,4 --residual-bits 4"),
               Contains("--residual-bits: 4") && Contains("8"));
}

TEST_CASE("Analyze refuses files that it cannot read or write before it runs") {
    const TemporaryFolder folder;
    CHECK_THAT(refusal("--model resnet20 --weights " + (folder / "none").string()), Contains("none"));
    npusim::write_whole_file(folder / "junk", "not a tensor in sight");
    CHECK_THAT(refusal("--model resnet20 --tuned " + (folder / "junk").string()), Contains("junk"));
    const std::string missing = (folder / "missing").string();
    CHECK_THAT(refusal("--model resnet20 --json " + missing + "/a.json --csv " + missing + "/a.csv"),
               Contains("--json") && Contains("--csv"));
}

TEST_CASE("A picture of what is not measured, of an unknown kind, or without gnuplot is refused") {
    const TemporaryFolder folder;
    const std::string weights = checkpoint(folder / "a.safetensors", 1);
    const std::string measured = "--model resnet20 --dataset shapes --weights " + weights + " --plot ";
    CHECK_THAT(refusal("--model resnet20 --plot " + (folder / "a.svg").string()),
               Contains("--plot") && Contains("--weights and --dataset"));
    CHECK_THAT(refusal(measured + (folder / "a.gif").string()), Contains("--plot") && Contains(".svg or .png"));
    CHECK_THAT(refusal(measured + (folder / "a.svg").string(), "PATH=" + folder.path().string()),
               Contains("--plot") && Contains("gnuplot"));
}

TEST_CASE("Batches larger than the data set are refused before anything runs") {
    const TemporaryFolder folder;
    const std::string weights = checkpoint(folder / "a.safetensors", 1);
    CHECK_THAT(refusal("--model resnet20 --dataset shapes --batch-sizes 999999 --weights " + weights),
               Contains("--batch-sizes: 999999"));
}

TEST_CASE("Without weights and images analyze gives accumulator widths and says what is left out") {
    const ProgramRun result = run("--model resnet20 --bits 8,4");
    INFO(result.error);
    CHECK(result.code == 0);
    CHECK_THAT(result.out, Contains("Accumulator bits") && Contains("8 bits") && Contains("Left out") &&
                               Contains("gradient noise by bits: needs --weights and --dataset") &&
                               Contains("weight similarity: needs --weights and --tuned"));
}

TEST_CASE("Everything that analyze finds is in its JSON and its CSV, and no line is wider than 100 columns") {
    const TemporaryFolder folder;
    const std::string before = checkpoint(folder / "a.safetensors", 1);
    const std::string after = tuned_checkpoint(folder / "b.safetensors", 2);
    const ProgramRun result =
        run("--model resnet20 --dataset shapes --bits 4 --batch-sizes 2,4 --batches 4 --images 2 " +
            std::string("--calibration-images 8 --layers --weights ") + before + " --tuned " + after + " --json " +
            (folder / "a.json").string() + " --csv " + (folder / "a.csv").string());
    INFO(result.error);
    REQUIRE(result.code == 0);
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
    const auto json = nlohmann::json::parse(npusim::read_text_file(folder / "a.json"));
    CHECK(std::abs(json["weight_similarity"]["weights"]["cosine"].get<double>()) < 0.1);
    REQUIRE(json["gradient_noise"].size() == 8);
    std::vector<std::string> setups;
    for (const auto& noise : json["gradient_noise"]) setups.push_back(noise["setup"]);
    CHECK(setups == std::vector<std::string>{"fp32", "4 bits", "tuned, in fp32", "tuned", "fp32", "4 bits",
                                             "tuned, in fp32", "tuned"});
    CHECK(json["gradient_noise"][2]["weights"]["cosine_with_fp32"].is_null());
    CHECK(json["gradient_noise"][3]["weights"]["cosine_with_fp32"].is_number());
    CHECK(json["precisions"][1]["name"] == "tuned");
    CHECK(json["left_out"].empty());
    CHECK(json["gradient_noise"][1]["layers"].size() == 20);
    CHECK(json["precisions"][0]["accumulators"].size() == 20);
    CHECK(json["precisions"][0]["tensors"].size() > 20);
    CHECK(json["inputs"]["weights_hash"] != json["inputs"]["tuned_hash"]);
    const std::string csv = npusim::read_text_file(folder / "a.csv");
    for (const char* row : {"weight_similarity,,,weights,cosine,", "gradient_noise,4 bits,2,conv1,variance,",
                            "tensor_quantization,4 bits,,", "accumulator,4 bits,,linear,safe_bits_these_weights,"}) {
        CHECK_THAT(csv, Contains(row));
    }
}
