// Where the tests find real data, and a folder for what they write.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

namespace npusim::test {

/// The folder that NPUSIM_DATA names, if it holds `needed`. Otherwise says that the test is skipped (CTest reads it).
inline std::optional<std::filesystem::path> data_folder(const std::string& needed) {
    const char* root = std::getenv("NPUSIM_DATA");
    if (root != nullptr && std::filesystem::exists(std::filesystem::path(root) / needed)) return root;
    std::cout << "SKIPPED: NPUSIM_DATA names no folder that holds " << needed << '\n';
    return std::nullopt;
}

/// A fresh folder that is removed at the end of the test.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "npusim-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace npusim::test
