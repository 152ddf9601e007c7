// The option --set FIELD=VALUE, which changes a field of the chip.
#pragma once

#include "cli/option_reader.h"
#include "npusim/sweeps/chip_fields.h"

namespace npusim::cli {

[[nodiscard]] OptionRow set_option();

/// What the option says, as often as it is given. Whether the chip has the fields is not known yet.
[[nodiscard]] FieldSettings read_settings(OptionReader& reader);

}  // namespace npusim::cli
