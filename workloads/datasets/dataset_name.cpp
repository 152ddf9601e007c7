#include <algorithm>

#include "npusim/base/error.h"
#include "npusim/workloads/datasets/dataset.h"

namespace npusim {
namespace {

const std::vector<std::string>& known_kinds() {
    static const std::vector<std::string> kinds = {"cifar10"};
    return kinds;
}

std::filesystem::path find_folder(const std::string& text, const std::filesystem::path& path,
                                  const std::filesystem::path& data_root) {
    std::error_code ignored;
    if (path.is_absolute() || std::filesystem::exists(path, ignored)) return path;
    std::string tried = path.string();
    if (!data_root.empty()) {
        if (std::filesystem::exists(data_root / path, ignored)) return data_root / path;
        tried += ", " + (data_root / path).string();
    }
    throw InputError("data set " + text, "",
                     "no such folder (looked for " + tried + ")" +
                         (data_root.empty() ? ", and NPUSIM_DATA names no folder to look in" : ""));
}

}  // namespace

DatasetName parse_dataset_name(const std::string& text, const std::filesystem::path& data_root) {
    const std::size_t colon = text.find(':');
    const std::string kind = text.substr(0, colon);
    const std::vector<std::string>& kinds = known_kinds();
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
        throw InputError("data set " + text, "",
                         "unknown kind \"" + kind + "\", known are " + join(kinds) + "; write KIND:FOLDER");
    }
    if (colon != std::string::npos && colon + 1 < text.size()) {
        return {kind, find_folder(text, text.substr(colon + 1), data_root)};
    }
    if (colon != std::string::npos || data_root.empty()) {
        throw InputError("data set " + text, "",
                         "names no folder; write " + kind + ":FOLDER, or set NPUSIM_DATA and write " + kind);
    }
    return {kind, data_root};
}

}  // namespace npusim
