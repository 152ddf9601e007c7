// What parse_recipe reads and recipe_schema records.
#pragma once

#include "npusim/base/json_reader.h"
#include "npusim/models/finetune/recipe.h"

namespace npusim {

/// Problems are noted in the reader; what is left out stays as it is in `recipe`.
void read_recipe_fields(JsonReader& reader, Recipe& recipe);

}  // namespace npusim
