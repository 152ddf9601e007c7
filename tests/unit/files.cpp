#include "npusim/base/files.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <iterator>

#include "npusim/base/error.h"
#include "support/test_data.h"

TEST_CASE("What is written whole is read back byte by byte") {
    const npusim::test::TemporaryFolder folder;
    std::string content;
    for (int i = 0; i < 70'000; ++i) content += static_cast<char>(i * 37);
    npusim::write_whole_file(folder / "a", content);
    CHECK(npusim::read_text_file(folder / "a") == content);
    const std::vector<std::byte> bytes = npusim::read_binary_file(folder / "a");
    REQUIRE(bytes.size() == content.size());
    CHECK(npusim::content_hash(bytes) == npusim::content_hash(content));
    npusim::write_whole_file(folder / "a", "");
    CHECK(npusim::read_text_file(folder / "a").empty());
}

TEST_CASE("A file written whole leaves no other file beside it and is readable as any other") {
    const npusim::test::TemporaryFolder folder;
    npusim::write_whole_file(folder / "a", "one");
    npusim::write_whole_file(folder / "a", "two");
    const auto files = std::filesystem::directory_iterator(folder.path());
    CHECK(std::distance(begin(files), end(files)) == 1);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    struct stat status {};
    REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("A file that cannot be written keeps its old content and names the reason") {
    const npusim::test::TemporaryFolder folder;
    std::filesystem::create_directory(folder / "taken");
    CHECK_THROWS_WITH(npusim::write_whole_file(folder / "taken", "x"),
                      Catch::Contains((folder / "taken").string()) && Catch::Contains("directory"));
    CHECK_THROWS_WITH(npusim::write_whole_file(folder / "none" / "a", "x"),
                      Catch::Contains("cannot be written: No such file or directory"));
    const auto files = std::filesystem::directory_iterator(folder.path());
    CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("A missing file and a folder are refused with the path and the reason") {
    const npusim::test::TemporaryFolder folder;
    CHECK_THROWS_WITH(npusim::read_text_file(folder / "none"),
                      (folder / "none").string() + ": cannot be opened: No such file or directory");
    CHECK_THROWS_WITH(npusim::read_binary_file(folder.path()), folder.path().string() + ": is a folder, not a file");
}

TEST_CASE("A content hash has 32 digits and depends on every byte") {
    const std::string content(1000, 'a');
    const std::string hash = npusim::content_hash(content);
    CHECK(hash.size() == 32);
    CHECK(hash.find_first_not_of("0123456789abcdef") == std::string::npos);
    for (std::size_t i = 0; i < content.size(); ++i) {
        std::string other = content;
        other[i] = 'b';
        REQUIRE(npusim::content_hash(other) != hash);
    }
    // The published XXH3-128 of no bytes with seed 0.
    CHECK(npusim::content_hash(std::string_view()) == "99aa06d3014798d86001c324468d497f");
}
