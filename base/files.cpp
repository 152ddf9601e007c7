#include "npusim/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "npusim/base/error.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace npusim {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action) {
    const std::string reason = std::strerror(errno);
    throw InputError(path.string(), "", std::string(action) + ": " + reason);
}

template <typename Container>
Container read_file(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) throw InputError(path.string(), "", "is a folder, not a file");
    errno = 0;
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    if (!stream) fail(path, "cannot be opened");
    const auto size = stream.tellg();
    if (size < 0) fail(path, "cannot be read");
    Container content(static_cast<std::size_t>(size), typename Container::value_type{});
    stream.seekg(0);
    if (size > 0 && !stream.read(reinterpret_cast<char*>(content.data()), size)) fail(path, "cannot be read");
    return content;
}

/// A file descriptor that is closed, and its file removed, unless it is committed.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::filesystem::path& target)
        : target_(target), name_(target.string() + ".part-XXXXXX"), descriptor_(::mkstemp(name_.data())) {
        if (descriptor_ < 0) fail(target, "cannot be written");
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!committed_) ::unlink(name_.c_str());
    }

    void write(std::string_view content) const {
        while (!content.empty()) {
            const ssize_t written = ::write(descriptor_, content.data(), content.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(target_, "cannot be written");
            content.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    void commit() {
        // mkstemp makes files private; a result is as readable as any other file of the user.
        const mode_t mask = ::umask(0);
        ::umask(mask);
        if (::fchmod(descriptor_, 0666 & ~mask) != 0 || ::fsync(descriptor_) != 0) fail(target_, "cannot be written");
        if (std::rename(name_.c_str(), target_.c_str()) != 0) fail(target_, "cannot be written");
        committed_ = true;
    }

private:
    std::filesystem::path target_;
    std::string name_;
    int descriptor_;
    bool committed_ = false;
};

}  // namespace

std::string read_text_file(const std::filesystem::path& path) {
    return read_file<std::string>(path);
}

std::vector<std::byte> read_binary_file(const std::filesystem::path& path) {
    return read_file<std::vector<std::byte>>(path);
}

void write_whole_file(const std::filesystem::path& path, std::string_view content) {
    TemporaryFile file(path);
    file.write(content);
    file.commit();
}

std::string content_hash(std::span<const std::byte> bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return text;
}

std::string content_hash(std::string_view text) {
    return content_hash(std::as_bytes(std::span(text)));
}

}  // namespace npusim
