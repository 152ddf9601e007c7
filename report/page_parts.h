// The parts of the page, as they were when the program was built (see embed.cmake).
#pragma once

#include <string_view>

namespace npusim::report {

[[nodiscard]] std::string_view page_part();     ///< HTML with {{places}}
[[nodiscard]] std::string_view style_part();    ///< CSS
[[nodiscard]] std::string_view licence_part();  ///< of the chart library
[[nodiscard]] std::string_view charts_part();   ///< Chart.js
[[nodiscard]] std::string_view script_part();   ///< the page's own script

}  // namespace npusim::report
