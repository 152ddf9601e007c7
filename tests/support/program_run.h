// Runs the program as a user does.
#pragma once

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <sstream>
#include <string>

#include "npusim/base/files.h"
#include "support/test_data.h"

namespace npusim::test {

struct ProgramRun {
    int code = -1;
    std::string out;
    std::string error;
};

/// `environment` holds assignments for this run; NPUSIM_DATA is empty.
inline ProgramRun run_program(const std::string& options, const std::string& environment = "") {
    const TemporaryFolder folder;
    const std::string command = environment + " NPUSIM_DATA= " NPUSIM_PROGRAM " " + options + " >" +
                                (folder / "out").string() + " 2>" + (folder / "error").string();
    const int status = std::system(command.c_str());
    REQUIRE(WIFEXITED(status));
    return {WEXITSTATUS(status), read_text_file(folder / "out"), read_text_file(folder / "error")};
}

/// Sees that the program refuses with exit code 2 and prints nothing but errors, and gives what it says.
inline std::string refusal_of_program(const std::string& options, const std::string& environment = "") {
    const ProgramRun result = run_program(options, environment);
    INFO(options << "\n" << result.error);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK_FALSE(result.error.empty());
    std::istringstream lines(result.error);
    for (std::string line; std::getline(lines, line);) CHECK_THAT(line, Catch::StartsWith("npusim: error: "));
    return result.error;
}

}  // namespace npusim::test
