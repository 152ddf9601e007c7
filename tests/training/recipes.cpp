#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/models/finetune/recipe.h"

using namespace npusim;
using nlohmann::json;

TEST_CASE("A recipe survives being written and read") {
    Recipe recipe;
    recipe.epochs = 110;
    recipe.batch_images = 256;
    recipe.batch_growth = {{10, 512}, {20, 1024}};
    recipe.learning_rate = {ScheduleKind::step, 0.3, 0.01, 0.2, {0.25, 0.5}, 1.5};
    recipe.distillation_weight = 0.5;
    recipe.distillation_temperature = 4;
    recipe.step_rule = StepRule::learned;
    recipe.precision.weight_bits = 3;
    recipe.precision.scales = ScaleKind::free;
    const json written = to_json(recipe);
    CHECK(to_json(parse_recipe(written, "r")) == written);
}

TEST_CASE("All problems of a recipe are reported at once, each with its place") {
    const json wrong = json::parse(R"({"epochs": 0, "learning_rate": {"kind": "linear", "first": "x"},
        "batch_growth": [{"epoch": 5, "images": 10}, {"epoch": 5, "images": 20}], "epoch": 3,
        "quantization": {"method": "lsqq", "precision": {"weight_bits": 9, "activation_bits": 4, "first_last_bits": 8}}})");
    try {
        (void)parse_recipe(wrong, "wrong.json");
        FAIL("accepted");
    } catch (const InputError& error) {
        const std::string text = error.what();
        for (const char* place : {"/epochs", "/learning_rate/kind", "/learning_rate/first", "/batch_growth/1/epoch",
                                  "/epoch", "/quantization/method", "/quantization/precision/weight_bits"}) {
            INFO(text);
            CHECK_THAT(text, Catch::Contains(place));
        }
    }
}

TEST_CASE("Batches grow at the epochs that a recipe names, and the last batch of an epoch may be smaller") {
    Recipe recipe;
    recipe.epochs = 3;
    recipe.batch_images = 100;
    recipe.batch_growth = {{1, 200}, {2, 500}};
    CHECK(iterations_of_epoch(recipe, 1001, 0) == 11);
    CHECK(iterations_of_epoch(recipe, 1001, 1) == 6);
    CHECK(iterations_of_epoch(recipe, 1001, 2) == 3);
    CHECK(total_iterations(recipe, 1001) == 20);
}

TEST_CASE("Recipes that come with npusim can be read") {
    std::size_t count = 0;
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(NPUSIM_SOURCE_DIR) / "recipes")) {
        if (file.path().extension() != ".json") continue;
        INFO(file.path());
        CHECK_NOTHROW(read_recipe(file.path()));
        ++count;
    }
    CHECK(count >= 14);
}
