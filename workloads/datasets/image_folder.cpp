#include "npusim/workloads/datasets/image_folder.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <stdexcept>

#include "label_list.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_classes = 1'000'000;

bool is_image(const fs::path& path) {
    std::string suffix = path.extension().string();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return suffix == ".jpg" || suffix == ".jpeg" || suffix == ".png";
}

/// What a folder holds, by name; files or folders without those that are hidden.
std::vector<fs::path> sorted_entries(const fs::path& folder, bool folders) {
    std::vector<fs::path> entries;
    std::error_code problem;
    for (fs::directory_iterator it(folder, problem), end; !problem && it != end; it.increment(problem)) {
        const bool hidden = it->path().filename().string().starts_with(".");
        if (!hidden && it->is_directory() == folders) entries.push_back(it->path());
    }
    if (problem) throw InputError(folder.string(), "", "cannot be listed: " + problem.message());
    std::sort(entries.begin(), entries.end());
    return entries;
}

std::optional<fs::path> first_existing(const std::vector<fs::path>& candidates) {
    std::error_code ignored;
    for (const auto& path : candidates) {
        if (fs::is_regular_file(path, ignored)) return path;
    }
    return std::nullopt;
}

/// The classes by their numbers, and where they were read.
struct Classes {
    std::vector<std::string> names;
    std::optional<fs::path> file;  ///< none when the names are those of folders, or numbers
};

Classes named_classes(const fs::path& folder, const fs::path& outer, std::optional<std::int64_t> classes) {
    const auto path = first_existing({folder / "imagenet_classes.txt", folder / "classes.txt",
                                      outer / "imagenet_classes.txt", outer / "classes.txt"});
    if (!path) return {};
    Classes named{read_lines(*path), path};
    if (named.names.empty()) throw InputError(path->string(), "", "names no class");
    if (classes && *classes != std::ssize(named.names)) {
        throw InputError(
            path->string(), "",
            "names " + std::to_string(named.names.size()) + " classes, " + std::to_string(*classes) + " are needed");
    }
    return named;
}

class FolderReader {
public:
    FolderReader(fs::path folder, Classes classes) : folder_(std::move(folder)) {
        list_.class_names = std::move(classes.names);
        names_file_ = std::move(classes.file);
    }

    ImageList read(std::optional<std::int64_t> classes) {
        if (const auto list = first_existing({folder_ / "labels.csv", folder_ / "labels.txt"})) {
            read_list(*list, classes);
        } else {
            read_class_folders();
        }
        problems_.report();
        if (list_.files.empty()) throw InputError(folder_.string(), "", "holds no image");
        list_.content_hash = content_hash(hashed_);
        return std::move(list_);
    }

private:
    void read_list(const fs::path& path, std::optional<std::int64_t> classes) {
        const std::vector<LabelLine> lines = read_label_list(path, problems_);
        std::int64_t count = classes.value_or(0);
        if (!list_.class_names.empty()) count = std::ssize(list_.class_names);
        const bool open = count == 0;
        std::map<std::string, std::size_t> line_of;
        for (const LabelLine& line : lines) {
            const std::string place = "line " + std::to_string(line.line);
            const std::int64_t most = open ? most_classes : count;
            if (line.label < 0 || line.label >= most) {
                problems_.add(path.string(), place,
                              "label " + std::to_string(line.label) + " is outside 0.." + std::to_string(most - 1));
                continue;
            }
            if (open) count = std::max(count, line.label + 1);
            const std::string name = fs::path(line.file).lexically_normal().generic_string();
            const auto [first, is_new] = line_of.emplace(name, line.line);
            if (!is_new) {
                problems_.add(path.string(), place,
                              line.file + " stands in line " + std::to_string(first->second) + " already");
                continue;
            }
            if (!add(name, static_cast<std::int32_t>(line.label))) {
                problems_.add(path.string(), place, "no such file: " + (folder_ / name).string());
            }
        }
        for (std::int64_t i = std::ssize(list_.class_names); i < count; ++i) {
            list_.class_names.push_back(std::to_string(i));
        }
    }

    void read_class_folders() {
        list_.in_class_folders = true;
        const std::vector<fs::path> folders = sorted_entries(folder_, true);
        if (folders.empty()) {
            throw InputError(folder_.string(), "",
                             "holds no images that can be read: neither labels.csv, labels.txt nor class folders");
        }
        if (list_.class_names.empty()) {
            for (const fs::path& folder : folders) list_.class_names.push_back(folder.filename().string());
        }
        const std::map<std::string, std::int32_t> labels = labels_by_name();
        for (const fs::path& folder : folders) {
            const auto found = labels.find(folder.filename().string());
            if (found == labels.end()) {
                problems_.add(folder.string(), "",
                              names_file_ ? "is no class of " + names_file_->string() : "is no class of \"train\"");
                continue;
            }
            const std::size_t before = list_.files.size();
            for (const fs::path& file : sorted_entries(folder, false)) {
                if (is_image(file)) add(folder.filename() / file.filename(), found->second);
            }
            if (list_.files.size() == before) {
                problems_.add(folder.string(), "", "is an empty class: it holds no .jpg, .jpeg or .png file");
            }
        }
    }

    /// A class goes by its whole line, and by the line's first word where no other line begins with it.
    [[nodiscard]] std::map<std::string, std::int32_t> labels_by_name() const {
        std::map<std::string, std::int32_t> labels;
        std::set<std::string> doubled;
        for (std::size_t i = 0; i < list_.class_names.size(); ++i) {
            const std::string& name = list_.class_names[i];
            const std::string word = name.substr(0, name.find(' '));
            const auto label = static_cast<std::int32_t>(i);
            if (word != name && !labels.emplace(word, label).second) doubled.insert(word);
            if (!labels.emplace(name, label).second) doubled.insert(name);
        }
        for (const std::string& name : doubled) labels.erase(name);
        return labels;
    }

    /// False when there is no such file.
    bool add(const fs::path& name, std::int32_t label) {
        const fs::path path = folder_ / name;
        std::error_code problem;
        const auto bytes = fs::file_size(path, problem);
        if (problem) return false;
        list_.files.push_back({path, label});
        hashed_ += name.generic_string() + '\0' + std::to_string(label) + '\0' + std::to_string(bytes) + '\0';
        return true;
    }

    fs::path folder_;
    std::optional<fs::path> names_file_;
    ImageList list_;
    std::string hashed_;
    Problems problems_;
};

}  // namespace

ImageFolder list_image_folder(const fs::path& folder, std::optional<std::int64_t> classes) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) throw InputError(folder.string(), "", "is no folder");
    const bool has_train = fs::is_directory(folder / "train", ignored);
    const bool has_val = fs::is_directory(folder / "val", ignored);
    const auto list = first_existing({folder / "labels.csv", folder / "labels.txt"});
    if (list || !(has_train && has_val)) {
        return {std::nullopt, FolderReader(folder, named_classes(folder, folder, classes)).read(classes)};
    }
    ImageList train = FolderReader(folder / "train", named_classes(folder / "train", folder, classes)).read(classes);
    // Without a list of names, the classes of "val" are those of "train", wherever "val" lacks or adds a folder.
    Classes named = named_classes(folder / "val", folder, classes);
    if (!named.file) named.names = train.class_names;
    return {std::move(train), FolderReader(folder / "val", std::move(named)).read(classes)};
}

std::vector<std::int64_t> leading_images(const ImageList& list, std::int64_t count) {
    if (count < 0 || count > std::ssize(list.files)) throw std::out_of_range("leading_images");
    // Sorted by the rank in their class, and stably, images of class folders come in turns.
    std::vector<std::pair<std::int64_t, std::int64_t>> ranked;
    std::map<std::int32_t, std::int64_t> seen;
    for (std::int64_t i = 0; i < std::ssize(list.files); ++i) {
        const std::int32_t label = list.files[static_cast<std::size_t>(i)].label;
        ranked.emplace_back(list.in_class_folders ? seen[label]++ : 0, i);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < count; ++i) indices.push_back(ranked[static_cast<std::size_t>(i)].second);
    std::sort(indices.begin(), indices.end());
    return indices;
}

ImageList take(const ImageList& list, const std::vector<std::int64_t>& indices) {
    ImageList part{{}, list.class_names, list.in_class_folders, {}};
    for (const std::int64_t index : indices) part.files.push_back(list.files.at(static_cast<std::size_t>(index)));
    part.content_hash = content_hash(list.content_hash + content_hash(std::as_bytes(std::span(indices))));
    return part;
}

}  // namespace npusim
