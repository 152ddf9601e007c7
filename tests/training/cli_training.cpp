// The program as a user runs it: train, finetune and eval, killed and resumed, and with bad input.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "npusim/base/files.h"
#include "support/image_files.h"
#include "support/program_run.h"

using Catch::Contains;
using npusim::read_text_file;
using npusim::test::ProgramRun;
using npusim::test::TemporaryFolder;

namespace {

ProgramRun run(const std::string& options) {
    return npusim::test::run_program(options);
}
std::string refusal(const std::string& options) {
    return npusim::test::refusal_of_program(options);
}

/// Starts the program, kills it (SIGKILL) once its log holds an epoch. False when it ended before.
bool kill_after_an_epoch(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<char*> words;
        for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));  // NOLINT
        words.push_back(nullptr);
        const int nothing = ::open("/dev/null", O_WRONLY);
        ::dup2(nothing, STDOUT_FILENO);
        ::execv(NPUSIM_PROGRAM, words.data());
        ::_exit(127);
    }
    std::error_code ignored;
    for (int i = 0; i < 6000 && !std::filesystem::exists(log, ignored); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

const std::string kTrain = "train --model resnet20 --dataset shapes --train-images 96 --batch 32 --epochs 5";

}  // namespace

TEST_CASE("A training run that was killed goes on to the bytes of one that was not, on any number of threads") {
    const TemporaryFolder folder;
    const std::string killed = (folder / "killed.safetensors").string();
    const std::string whole = (folder / "whole.safetensors").string();
    REQUIRE(run(kTrain + " --threads 1 --out " + whole).code == 0);
    std::istringstream text("npusim " + kTrain + " --threads 2 --out " + killed);
    std::vector<std::string> words;
    for (std::string word; text >> word;) words.push_back(word);
    CHECK(kill_after_an_epoch(words, killed + ".run/log.csv"));
    CHECK_FALSE(std::filesystem::exists(killed));
    const ProgramRun rest = run(kTrain + " --threads 2 --out " + killed);
    CHECK(rest.code == 0);
    CHECK_THAT(rest.out, Contains("goes on after iteration"));
    CHECK(read_text_file(killed) == read_text_file(whole));
    CHECK(read_text_file(killed + ".run/log.csv") == read_text_file(whole + ".run/log.csv"));
}

TEST_CASE("A network is trained, fine-tuned, measured at every level and simulated") {
    const TemporaryFolder folder;
    const std::string fp32 = (folder / "fp32.safetensors").string();
    const std::string tuned = (folder / "w3.safetensors").string();
    const std::string data = " --model resnet20 --dataset shapes ";
    REQUIRE(run(kTrain + " --out " + fp32).code == 0);
    const ProgramRun tuning =
        run("finetune" + data + "--weights " + fp32 +
            " --bits 3 --method lsq --train-images 96 --batch 32 --epochs 1 --held-out 32 --out " + tuned);
    INFO(tuning.error);
    REQUIRE(tuning.code == 0);
    CHECK_THAT(tuning.out, Contains("held-out top-1"));
    const std::string json_file = (folder / "eval.json").string();
    const ProgramRun measured = run("eval" + data + "--weights " + tuned +
                                    " --test-images 60 --machine-images 2 --levels fp32,fake,integers,machine --arch "
                                    "int4_array --confusion --json " +
                                    json_file);
    INFO(measured.error);
    REQUIRE(measured.code == 0);
    CHECK_THAT(measured.out, Contains("equal to the bit") && Contains("W3A3"));
    const auto json = nlohmann::json::parse(read_text_file(json_file));
    CHECK(json["levels"].size() == 4);
    CHECK(json["levels"][1]["predictions"] == json["levels"][2]["predictions"]);
    const ProgramRun untuned =
        run("eval" + data + "--weights " + fp32 +
            " --bits 4 --residual-bits 4 --test-images 60 --levels fake,integers --json " + json_file);
    INFO(untuned.error);
    REQUIRE(untuned.code == 0);
    CHECK_THAT(untuned.out, Contains("equal to the bit") && Contains("post-training"));
    CHECK(nlohmann::json::parse(read_text_file(json_file))["levels"].size() == 2);
    const ProgramRun simulated = run("--arch int4_array --no-ladder --test-images 60" + data + "--weights " + tuned);
    REQUIRE(simulated.code == 0);
    CHECK_THAT(simulated.out, Contains("fine-tuned") && Contains("weights 3, activations 3"));
    CHECK_THAT(refusal("--arch int4_array --bits 4" + data + "--weights " + tuned), Contains("weight_bits 3"));
    CHECK_THAT(refusal("--arch int4_array --layer-bits conv1=4" + data + "--weights " + tuned), Contains("layers"));
}

TEST_CASE("A fine-tuned network leaves nothing of the chip's own precision, bits of single layers neither") {
    const TemporaryFolder folder;
    const std::string fp32 = (folder / "fp32.safetensors").string();
    const std::string tuned = (folder / "w3.safetensors").string();
    const std::string data = " --model resnet20 --dataset shapes ";
    REQUIRE(run(kTrain + " --out " + fp32).code == 0);
    REQUIRE(run("finetune" + data + "--weights " + fp32 + " --bits 3 --train-images 96 --batch 32 --epochs 1 --out " +
                tuned)
                .code == 0);
    auto chip =
        nlohmann::json::parse(read_text_file(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int8_array.json"));
    chip["precision"]["layers"]["layer1.0.conv1"] = {{"weight_bits", 8}, {"activation_bits", 8}};
    npusim::write_whole_file(folder / "chip.json", chip.dump());
    const std::string json_file = (folder / "run.json").string();
    REQUIRE(run("--no-ladder --test-images 20 --quiet --json " + json_file + " --arch " +
                (folder / "chip.json").string() + data + "--weights " + tuned)
                .code == 0);
    const auto precision = nlohmann::json::parse(read_text_file(json_file)).at("arch").at("precision");
    CHECK(precision.at("weight_bits") == 3);
    CHECK_FALSE(precision.contains("layers"));
}

TEST_CASE("A recipe for ImageNet is rehearsed on a few images and predicts the time for all") {
    const TemporaryFolder folder;
    std::string list = "file,label0\n";
    std::mt19937 random(4);
    for (int i = 0; i < 12; ++i) {
        const std::string name = "image" + std::to_string(i) + ".png";
        npusim::write_whole_file(folder / name, npusim::test::encode_png(npusim::test::random_picture(random, 70, 66)));
        list += name + "," + std::to_string(83 * i) + "\n";
    }
    npusim::write_whole_file(folder / "labels.csv", list);
    const std::string common = " --model resnet18 --image-size 64 --dataset images:" + folder.path().string() +
                               " --train-images 8 --batch 4 --allow-empty-classes --epochs 1 --out " +
                               folder.path().string();
    REQUIRE(run("train" + common + "/fp32.safetensors").code == 0);
    const ProgramRun tuned =
        run("finetune --recipe " NPUSIM_SOURCE_DIR "/recipes/faq_imagenet_resnet18_4bit.json --weights " +
            folder.path().string() + "/fp32.safetensors --calibration-images 4" + common + "/w4.safetensors");
    INFO(tuned.error);
    REQUIRE(tuned.code == 0);
    CHECK_THAT(tuned.out, Contains("W4A4 (faq") && Contains("an epoch of ImageNet's 1,281,167"));
}

TEST_CASE("Commands without what they need say everything that is missing") {
    CHECK_THAT(refusal("train"), Contains("--model") && Contains("--dataset") && Contains("--out"));
    CHECK_THAT(refusal("finetune --model resnet20 --dataset shapes --out x.safetensors"),
               Contains("--weights") && Contains("--bits"));
    CHECK_THAT(refusal("eval --model resnet20"), Contains("--weights") && Contains("--dataset"));
}

TEST_CASE("Bad values of the training options are all reported, each with what is allowed") {
    const std::string text = refusal(
        "finetune --model resnet20 --dataset shapes --weights w --out x.safetensors --bits 9 --epochs 0 "
        "--method qat --schedule linear --learning-rate fast --distill 2");
    for (const char* option : {"--bits", "--epochs", "--method", "--schedule", "--learning-rate", "--distill"}) {
        CHECK_THAT(text, Contains(option));
    }
    CHECK_THAT(refusal("train --model resnet20 --dataset shapes --out x.safetensors --bits 4"), Contains("--bits"));
    CHECK_THAT(refusal("train stop"), Contains("\"stop\""));
    CHECK_THAT(refusal("eval --model resnet20 --weights w --dataset shapes --levels int8"),
               Contains("fp32, fake, integers, machine"));
    CHECK_THAT(refusal("train --model resnet18 --dataset shapes --out x.safetensors"), Contains("3x32x32"));
    CHECK_THAT(refusal("train --model resnet20 --dataset shapes --train-images 50 --batch 64 --out x.safetensors"),
               Contains("64") && Contains("50"));
}

TEST_CASE("Each command explains itself") {
    for (const char* command : {"train", "finetune", "eval"}) {
        const ProgramRun help = run(std::string(command) + " --help");
        CHECK(help.code == 0);
        CHECK_THAT(help.out, Contains("Examples") && Contains("--dataset"));
        std::istringstream lines(help.out);
        // Examples are whole commands, so that they can be copied; all else fits a terminal.
        for (std::string line; std::getline(lines, line);) {
            if (line.find("npusim ") == std::string::npos) CHECK(line.size() <= 100);
        }
    }
}
