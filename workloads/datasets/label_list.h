// labels.csv and labels.txt.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace npusim {

/// Problems of a data set, collected so that one error can tell many.
class Problems {
public:
    void add(const std::string& file, const std::string& place, const std::string& message);
    /// Throws InputError when there are any.
    void report() const;

private:
    static constexpr std::size_t kMost = 20;
    std::vector<std::string> lines_;
    std::size_t left_out_ = 0;
};

struct LabelLine {
    std::size_t line = 0;  ///< from 1
    std::string file;
    std::int64_t label = 0;
};

/// The lines of a list; empty ones and a header are left out, what cannot be read is a problem.
[[nodiscard]] std::vector<LabelLine> read_label_list(const std::filesystem::path& path, Problems& problems);

/// The lines of a text file without blanks at their ends; empty lines at its end are dropped.
[[nodiscard]] std::vector<std::string> read_lines(const std::filesystem::path& path);

}  // namespace npusim
