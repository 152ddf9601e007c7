// Fields of CSV files.
#pragma once

#include <string>

namespace npusim::cli {

/// A field that holds a separator or a quote is quoted (RFC 4180).
[[nodiscard]] inline std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

}  // namespace npusim::cli
