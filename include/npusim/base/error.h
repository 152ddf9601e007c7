// The one kind of error that a user's input can cause. Library code throws it; only the program prints it.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace npusim {

/// Bad input: a file, an option or a combination of them. The program prints what() and exits with code 2.
/// what() holds one problem a line, each "file: place: what is wrong, what is allowed".
class InputError : public std::runtime_error {
public:
    explicit InputError(const std::string& message);
    /// One problem in `file` at `place` (a JSON pointer, a tensor name, a byte offset; may be empty).
    InputError(std::string_view file, std::string_view place, std::string_view message);
    /// Several problems, reported at once. `problems` must not be empty.
    explicit InputError(const std::vector<std::string>& problems);
};

/// The candidates nearest to `word` by edit distance, best first, at most `most`; for "did you mean".
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view word, const std::vector<std::string>& candidates,
                                                     std::size_t most = 3);

/// "a, b, c"
[[nodiscard]] std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

}  // namespace npusim
