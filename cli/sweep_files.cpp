#include "cli/sweep_files.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>

#include "cli/inputs.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim::cli {

TechnologyOf technologies(const std::filesystem::path& given, const std::filesystem::path& arch_file,
                          const std::filesystem::path& preset_folder) {
    struct Known {
        std::mutex mutex;
        std::map<std::string, Technology> tables;
    };
    auto known = std::make_shared<Known>();
    return [=](const ArchSpec& arch) -> const Technology& {
        const std::lock_guard lock(known->mutex);
        const auto found = known->tables.find(arch.technology);
        if (found != known->tables.end()) return found->second;
        Technology technology = given.empty() ? find_technology(arch, arch_file, preset_folder)
                                              : read_technology(given, preset_folder / "technology");
        return known->tables.emplace(arch.technology, std::move(technology)).first->second;
    };
}

std::string chosen_sweep(const SweepStore& store, const std::string& wanted, const std::string& source,
                         const std::filesystem::path& file) {
    const std::vector<std::string> names = store.sweeps();
    if (wanted.empty() && names.size() == 1) return names.front();
    if (std::find(names.begin(), names.end(), wanted) != names.end()) return wanted;
    throw InputError(source + ": " +
                     (wanted.empty() ? "the sweep's name is needed" : "\"" + wanted + "\" is not in the store") + "; " +
                     file.string() + " has " + (names.empty() ? "none" : join(names)));
}

void write_tables(const SweepTable& table, const TableFiles& files) {
    const auto write = [&](const std::filesystem::path& file,
                           void (*print)(const SweepTable&, std::ostream&, const ColumnNames&)) {
        if (file.empty()) return;
        std::ostringstream text;
        print(table, text, {});
        write_whole_file(file, text.str());
    };
    write(files.csv, write_csv);
    write(files.json, write_json);
    write(files.markdown, write_markdown);
    write(files.latex, write_latex);
}

}  // namespace npusim::cli
