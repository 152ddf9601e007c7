// npusim schema: one JSON document for each kind of file, and nothing for others.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/arch/arch_spec.h"
#include "npusim/models/finetune/recipe.h"
#include "npusim/sweeps/sweep_spec.h"
#include "support/program_run.h"

using Catch::Matchers::Contains;
using nlohmann::json;
using npusim::test::refusal_of_program;
using npusim::test::run_program;

TEST_CASE("npusim schema prints the schema of its kind, the same bytes each time") {
    for (const auto& [kind, schema] : {std::pair{"arch", npusim::arch_schema()},
                                       {"sweep", npusim::sweep_schema()},
                                       {"recipe", npusim::recipe_schema()}}) {
        const auto ran = run_program(std::string("schema ") + kind);
        CHECK(ran.code == 0);
        CHECK(ran.error.empty());
        CHECK(json::parse(ran.out) == schema);
        CHECK(run_program(std::string("schema ") + kind).out == ran.out);
        CHECK(schema.at("$schema") == "https://json-schema.org/draft/2020-12/schema");
    }
}

TEST_CASE("npusim schema of no kind, an unknown one or two is refused with the kinds that there are") {
    for (const char* words : {"", "chips", "arch sweep"}) {
        CHECK_THAT(refusal_of_program(std::string("schema ") + words), Contains("arch, sweep and recipe"));
    }
    CHECK_THAT(refusal_of_program("schema arch --json x"), Contains("unknown option --json"));
}

TEST_CASE("npusim schema explains itself") {
    const auto ran = run_program("schema --help");
    CHECK(ran.code == 0);
    CHECK_THAT(ran.out, Contains("npusim schema arch") && Contains("JSON Schema"));
}
