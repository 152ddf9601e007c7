// Files that are no store, or no longer: a clear error, and the file stays as it was.
#include <algorithm>
#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "support/store_content.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;

namespace {

/// The message without the file's name before it, or "opened".
std::string opening(const std::filesystem::path& file, SweepStore::Mode mode) {
    try {
        const SweepStore store(file, mode);
    } catch (const InputError& error) {
        const std::string begin = file.string() + ": ";
        const std::string message = error.what();
        REQUIRE_THAT(message, Catch::StartsWith(begin));
        return message.substr(begin.size());
    }
    return "opened";
}

void check_refused(const std::filesystem::path& file, const std::string& reason) {
    const std::string before = read_text_file(file);
    for (const auto mode : {SweepStore::Mode::create_or_extend, SweepStore::Mode::read_only}) {
        CHECK_THAT(opening(file, mode), Catch::StartsWith(reason));
        CHECK(read_text_file(file) == before);
    }
}

std::string store_bytes(const TemporaryFolder& folder) {
    (void)undisturbed_export(folder / "good.db", 5);
    return read_text_file(folder / "good.db");
}

/// A database begins with a header of big-endian numbers.
std::string with_number(std::string bytes, std::size_t offset, std::uint32_t number) {
    for (std::size_t i = 0; i < 4; ++i) bytes[offset + i] = static_cast<char>((number >> (24 - 8 * i)) & 0xff);
    return bytes;
}

}  // namespace

TEST_CASE("A text file is no store") {
    const TemporaryFolder folder;
    write_whole_file(folder / "a.csv", "index,network\n0,resnet18\n");
    check_refused(folder / "a.csv", "is no store of sweep results");
    write_whole_file(folder / "long.txt", std::string(100'000, 'x'));
    check_refused(folder / "long.txt", "is no store of sweep results");
}

TEST_CASE("An empty file is refused by a reader and made a store by a writer") {
    const TemporaryFolder folder;
    write_whole_file(folder / "a.db", "");
    CHECK_THAT(opening(folder / "a.db", SweepStore::Mode::read_only), Catch::StartsWith("is empty"));
    CHECK(opening(folder / "a.db", SweepStore::Mode::create_or_extend) == "opened");
    CHECK(opening(folder / "a.db", SweepStore::Mode::read_only) == "opened");
}

TEST_CASE("A reader makes no file and reads no folder") {
    const TemporaryFolder folder;
    CHECK_THAT(opening(folder / "a.db", SweepStore::Mode::read_only), Catch::StartsWith("there is no such file"));
    CHECK_FALSE(std::filesystem::exists(folder / "a.db"));
    CHECK_THAT(opening(folder.path(), SweepStore::Mode::read_only), Catch::StartsWith("is no file"));
}

TEST_CASE("A store of another version and a database of another program are refused") {
    constexpr std::size_t version_at = 60;
    constexpr std::size_t application_at = 68;
    const TemporaryFolder folder;
    const std::string bytes = store_bytes(folder);
    write_whole_file(folder / "version.db", with_number(bytes, version_at, 7));
    check_refused(folder / "version.db", "is a store of version 7; this npusim reads version 3");
    write_whole_file(folder / "other.db", with_number(bytes, application_at, 99));
    check_refused(folder / "other.db", "is a database of another program");
}

TEST_CASE("A store that was cut short anywhere is refused") {
    const TemporaryFolder folder;
    const std::string bytes = store_bytes(folder);
    REQUIRE(bytes.size() > 20'000);
    std::mt19937 generator(1);
    std::vector<std::size_t> lengths = {1, 15, 16, 50, 99, 100, 101, 511, 512, 4095, 4096, 4097, bytes.size() - 1};
    for (int i = 0; i < 40; ++i) lengths.push_back(1 + generator() % (bytes.size() - 1));
    for (const std::size_t length : lengths) {
        CAPTURE(length);
        write_whole_file(folder / "cut.db", bytes.substr(0, length));
        check_refused(folder / "cut.db", "is ");
    }
}

TEST_CASE("A store with damaged bytes is read or refused with its name, and crashes nothing") {
    const TemporaryFolder folder;
    const std::string bytes = store_bytes(folder);
    std::mt19937 generator(2);
    const auto file = folder / "damaged.db";
    int refused = 0;
    for (int round = 0; round < 300; ++round) {
        std::string damaged = bytes;
        for (int i = 0; i < 8; ++i) damaged[generator() % damaged.size()] = static_cast<char>(generator() & 0xff);
        write_whole_file(file, damaged);
        try {
            const SweepStore store = open_to_read(file);
            (void)store.points();
            (void)store.layers();
            for (const std::string& name : store.sweeps()) (void)store.sweep_entries(name);
        } catch (const std::runtime_error& error) {
            ++refused;
            REQUIRE_THAT(error.what(), Catch::StartsWith(file.string() + ": "));
        }
    }
    CHECK(refused > 20);
}
