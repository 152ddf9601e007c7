// Disks that are full and folders that cannot be written: a clear error, and nothing that was added is lost.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "support/store_content.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;

namespace {

constexpr std::uint64_t points = 120;

/// What opening or writing throws, which must not be taken for bad input.
template <typename Action>
std::string refusal(const Action& action) {
    try {
        action();
    } catch (const InputError& error) {
        return std::string("bad input: ") + error.what();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "no error";
}

/// Adds points until that fails: how many there were, and the error.
std::pair<std::uint64_t, std::string> add_until_full(SweepStore& store) {
    for (std::uint64_t i = 0; i < points; ++i) {
        const std::string error = refusal([&] { add_sample(store, i); });
        if (error != "no error") return {i, error};
    }
    return {points, "no error"};
}

void limit_file_size(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("no file size limit");
}

/// Mounts that only this process sees. False where that is not permitted.
bool enter_own_mounts() {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool skipped(const std::string& text) {
    if (text != "not permitted") return false;
    std::cout << "SKIPPED: this process may not mount file systems\n";
    return true;
}

/// Fills the disk, makes room, and goes on with the same store object.
std::string fill_and_continue(const std::filesystem::path& file, const std::function<void()>& make_room) {
    SweepStore store = open_to_write(file);
    store.set_sweep("samples", sample_spec(), sample_entries(points));
    const auto [added, error] = add_until_full(store);
    if (added == 0 || added == points) return "the disk was never full: " + std::to_string(added);
    if (!error.starts_with(file.string() + ": ")) return "the message is " + error;
    if (store.points().size() != added) return "points were lost";
    make_room();
    for (std::uint64_t i = 0; i < points; ++i) add_sample(store, i);
    return export_of(store);
}

}  // namespace

TEST_CASE("A store that meets a file size limit keeps what it has, says so, and goes on when there is room") {
    const TemporaryFolder folder;
    const std::string expected = undisturbed_export(folder / "undisturbed.db", points);
    const auto file = folder / "a.db";
    for (const rlim_t limit : {200'000U, 500'000U, 1'000'000U}) {
        std::filesystem::remove(file);
        Child writer([&] {
            limit_file_size(limit);
            return fill_and_continue(file, [] { limit_file_size(RLIM_INFINITY); });
        });
        CHECK(writer.text() == expected);
        CHECK(export_of(open_to_read(file)) == expected);
    }
}

TEST_CASE("A store whose writer ends on a full disk keeps every point that was added") {
    const TemporaryFolder folder;
    const auto file = folder / "a.db";
    Child writer([&] {
        limit_file_size(400'000);
        SweepStore store = open_to_write(file);
        return std::to_string(add_until_full(store).first);
    });
    const std::uint64_t added = std::stoull(writer.text());
    REQUIRE(added > 0);
    REQUIRE(added < points);
    SweepStore store = open_to_write(file);
    CHECK(store.points().size() == added);
    for (std::uint64_t i = 0; i < points; ++i) add_sample(store, i);
    store.set_sweep("samples", sample_spec(), sample_entries(points));
    CHECK(export_of(store) == undisturbed_export(folder / "undisturbed.db", points));
}

TEST_CASE("A store on a file system that is really full keeps what it has and goes on when there is room") {
    const TemporaryFolder folder;
    const std::string expected = undisturbed_export(folder / "undisturbed.db", points);
    std::filesystem::create_directory(folder / "disk");
    Child writer([&]() -> std::string {
        const std::string disk = (folder / "disk").string();
        if (!enter_own_mounts() || ::mount("none", disk.c_str(), "tmpfs", 0, "size=1m") != 0) return "not permitted";
        return fill_and_continue(folder / "disk" / "a.db", [&] {
            if (::mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=50m") != 0)
                throw std::runtime_error("no room");
        });
    });
    const std::string text = writer.text();
    if (!skipped(text)) CHECK(text == expected);
}

TEST_CASE("A folder that cannot be written gives an error with the file's name") {
    const TemporaryFolder folder;
    write_whole_file(folder / "file", "text");
    const std::vector<std::filesystem::path> files = {"/proc/npusim/a.db", folder / "file/a.db", folder / "none/a.db",
                                                      folder.path()};
    for (const auto& file : files) {
        const std::string error = refusal([&] { (void)open_to_write(file); });
        CHECK_THAT(error, Catch::StartsWith(file.string() + ": unable to open database file ("));
    }
}

TEST_CASE("A store in a read-only folder can be read, whole, and not written") {
    const TemporaryFolder folder;
    const std::string expected = undisturbed_export(folder / "closed.db", 20);
    Child killed([&]() -> std::string {
        (void)undisturbed_export(folder / "killed.db", 10);
        SweepStore store = open_to_write(folder / "killed.db");
        for (std::uint64_t i = 0; i < 20; ++i) add_sample(store, i);
        store.set_sweep("samples", sample_spec(), sample_entries(20));
        ::raise(SIGKILL);
        return {};
    });
    CHECK(killed.text().empty());
    std::filesystem::copy(folder / "killed.db", folder / "copied.db");
    std::filesystem::copy(folder / "killed.db-wal", folder / "copied.db-wal");
    Child reader([&]() -> std::string {
        const std::string path = folder.path().string();
        const bool mounted = enter_own_mounts() && ::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
        if (!mounted || ::mount("none", path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
            return "not permitted";
        }
        if (export_of(open_to_read(folder / "closed.db")) != expected) return "closed.db reads otherwise";
        if (export_of(open_to_read(folder / "killed.db")) != expected) return "killed.db reads otherwise";
        std::string errors = refusal([&] { (void)open_to_read(folder / "copied.db"); }) + "\n";
        for (const std::string name : {"closed.db", "killed.db", "new.db"}) {
            errors += refusal([&] { (void)open_to_write(folder / name); }) + "\n";
        }
        return errors;
    });
    const std::string text = reader.text();
    if (skipped(text)) return;
    std::istringstream errors(text);
    for (const std::string name : {"copied.db", "closed.db", "killed.db", "new.db"}) {
        std::string line;
        std::getline(errors, line);
        CHECK_THAT(line, Catch::StartsWith((folder / name).string() + ": "));
    }
    INFO(text);
    CHECK_FALSE(errors.peek() != EOF);
}
