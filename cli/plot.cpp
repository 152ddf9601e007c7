#include "cli/plot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim::cli {
namespace {

/// Removed at the end, with what is in it.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "npusim-plot-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw InputError(name, "", std::system_category().message(errno));
        }
        path_ = name;
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::filesystem::path operator/(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

bool is_png(const std::filesystem::path& file) {
    const std::string suffix = file.extension().string();
    if (suffix != ".svg" && suffix != ".png") {
        throw InputError(file.string(), "", "a picture's name must end in .svg or .png");
    }
    return suffix == ".png";
}

void redirect(posix_spawn_file_actions_t& actions, int descriptor, const std::string& path) {
    constexpr mode_t for_owner = 0600;
    const int flags = descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, descriptor, path.c_str(), flags, for_owner);
}

/// gnuplot with these three files. Its exit status.
int run_gnuplot(const std::string& argument, const std::string& input, const std::string& output,
                const std::string& errors) {
    std::string program = "gnuplot";
    std::string first = argument;
    std::array<char*, 3> words{program.data(), first.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    redirect(actions, STDIN_FILENO, input);
    redirect(actions, STDOUT_FILENO, output);
    redirect(actions, STDERR_FILENO, errors);
    pid_t child = 0;
    const int failure = ::posix_spawnp(&child, program.c_str(), &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    constexpr int not_run = 127;
    if (failure == 0) {
        int status = 0;
        while (::waitpid(child, &status, 0) < 0) {
            if (errno != EINTR) throw std::runtime_error("gnuplot: " + std::system_category().message(errno));
        }
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (code != not_run) return code;
    }
    const std::string reason = failure != 0 ? std::system_category().message(failure) : "exit code 127";
    throw InputError(
        "gnuplot", "",
        "cannot be run (" + reason + "); pictures need it: install it (Debian: gnuplot-nox) or ask for none");
}

void draw(const std::string& script, const std::filesystem::path& file) {
    const ScratchFolder folder;
    write_whole_file(folder / "script", script);
    const std::string errors = (folder / "errors").string();
    const int code = run_gnuplot((folder / "script").string(), "/dev/null", (folder / "picture").string(), errors);
    const std::string picture = code == 0 ? read_text_file(folder / "picture") : "";
    if (picture.empty()) throw std::runtime_error(file.string() + ": gnuplot failed: " + read_text_file(errors));
    write_whole_file(file, picture);
}

}  // namespace

void check_plot(const std::filesystem::path& file) {
    (void)is_png(file);
    (void)run_gnuplot("--version", "/dev/null", "/dev/null", "/dev/null");
}

void write_plots(const std::vector<Plot>& plots, const std::filesystem::path& file) {
    if (plots.empty()) throw std::invalid_argument("write_plots: no plot");
    draw(plot_script(plots, is_png(file)), file);
}

void write_bars(const StackedBars& bars, const std::filesystem::path& file) {
    draw(bar_script(bars, is_png(file)), file);
}

void write_plot(const Plot& plot, const std::filesystem::path& file) {
    write_plots({plot}, file);
}

}  // namespace npusim::cli
