#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/exchange/saved_network.h"
#include "support/test_data.h"
#include "training/tiny_job.h"

using namespace npusim;
using npusim::test::TemporaryFolder;

namespace {

SavedNetwork tuned_tiny_network() {
    const auto images = test::drawn_images(80);
    TrainingJob job = test::tiny_job(*images);
    job.recipe.epochs = 1;
    job.recipe.step_rule = StepRule::learned;
    job.recipe.precision.weight_bits = job.recipe.precision.activation_bits = 3;
    const TrainingResult result = run_training(job);
    SavedNetwork saved;
    saved.parameters = result.parameters;
    saved.quantization = SavedQuantization{job.recipe.precision, *result.steps};
    saved.metadata["npusim.network"] = "tiny";
    return saved;
}

}  // namespace

TEST_CASE("A fine-tuned network survives being written and read, to the bit") {
    const TemporaryFolder folder;
    const SavedNetwork saved = tuned_tiny_network();
    write_saved_network(saved, folder / "a.safetensors");
    const SavedNetwork read = read_saved_network(folder / "a.safetensors", test::tiny_network());
    for (const auto& [name, tensor] : saved.parameters) CHECK(read.parameters.at(name).values == tensor.values);
    REQUIRE(read.quantization);
    CHECK(read.quantization->precision == saved.quantization->precision);
    CHECK(read.quantization->steps.activation_steps == saved.quantization->steps.activation_steps);
    CHECK(read.quantization->steps.weight_steps == saved.quantization->steps.weight_steps);
    write_saved_network(saved, folder / "b.safetensors");
    CHECK(read_text_file(folder / "a.safetensors") == read_text_file(folder / "b.safetensors"));
}

TEST_CASE("Steps that do not fit the network are refused with the layer") {
    const TemporaryFolder folder;
    const auto refusal = [&](const SavedNetwork& saved) {
        write_saved_network(saved, folder / "x.safetensors");
        try {
            (void)read_saved_network(folder / "x.safetensors", test::tiny_network());
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    const SavedNetwork good = tuned_tiny_network();
    SavedNetwork saved = good;
    saved.quantization->steps.weight_steps.erase("conv1");
    CHECK_THAT(refusal(saved), Catch::Contains("x.safetensors") && Catch::Contains("conv1"));
    saved = good;
    saved.quantization->steps.weight_steps["conv0"].pop_back();
    CHECK_THAT(refusal(saved), Catch::Contains("conv0") && Catch::Contains("8"));
    saved = good;
    saved.quantization->steps.activation_steps.push_back(1);
    CHECK_THAT(refusal(saved), Catch::Contains("activation steps"));
    saved = good;
    saved.quantization->steps.activation_steps[1] = -1;
    CHECK_THAT(refusal(saved), Catch::Contains("activations"));
    saved = good;
    saved.quantization.reset();
    saved.metadata["npusim.precision"] = "{}";
    CHECK_THAT(refusal(saved), Catch::Contains("npusim.steps"));
    saved.metadata["npusim.steps"] = "{";
    CHECK_THAT(refusal(saved), Catch::Contains("npusim.precision"));
}
