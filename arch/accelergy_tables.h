// What the parts of the Accelergy import share: samples that npusim has a use for, and the groups made of them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "npusim/arch/accelergy.h"

namespace npusim {

/// A row of the right technology and action, its cells checked.
struct AccelergySample {
    std::string file;  ///< without its folder
    std::size_t line = 0;
    std::string action;
    double energy_pj = 0;
    double area_um2 = 0;                        ///< 0: not given
    std::map<std::string, std::int64_t> sizes;  ///< datawidth, width, depth …
    std::map<std::string, std::string> words;   ///< type, length
    [[nodiscard]] std::int64_t size(const std::string& column) const { return sizes.at(column); }
};

/// By class: "intmac", "SRAM" …
using AccelergySamples = std::map<std::string, std::vector<AccelergySample>>;

/// What is made: groups of the new table, and what became of each row.
struct AccelergyGroups {
    const Technology& base;
    std::string technology;
    AccelergyMac mac = AccelergyMac::arithmetic;
    nlohmann::json groups = nlohmann::json::object();  ///< sram, dram, wire, fp32, as in a table
    nlohmann::json mac_rows = nlohmann::json::array();
    std::vector<std::string> mac_sources;  ///< a sentence for each file
    nlohmann::json fits = nlohmann::json::array();
    std::vector<AccelergyUse> uses;

    void use(const AccelergySample& sample, const std::string& text) {
        uses.push_back({sample.file, sample.line, true, text});
    }
    void leave(const AccelergySample& sample, const std::string& text) {
        uses.push_back({sample.file, sample.line, false, text});
    }
    /// "Accelergy table intmac.csv, technology 45nm"
    [[nodiscard]] std::string source_of(const AccelergySample& sample) const {
        return "Accelergy table " + sample.file + ", technology " + technology;
    }
};

struct AccelergyRead {
    AccelergySamples samples;
    std::vector<AccelergyUse> uses;  ///< rows and files that npusim has no use for
};
/// `technology`: "45nm". Throws InputError.
[[nodiscard]] AccelergyRead read_accelergy_samples(const std::filesystem::path& path, const std::string& technology);

/// One factor for a shape, between those that its points would need, and how far it is from the farthest of them.
struct CommonFactor {
    double value = 1;
    double spread = 1;  ///< at least 1, either way
};
[[nodiscard]] CommonFactor common_factor(const std::vector<double>& ratios);

/// "0.2 pJ": the shortest text that is the number.
[[nodiscard]] std::string energy_text(double energy_pj);

/// Multipliers, MACs and adders: rows, and fits through them.
void add_accelergy_logic(const AccelergySamples& samples, AccelergyGroups& out);
void add_accelergy_fp32(const AccelergySamples& samples, AccelergyGroups& out);
void add_accelergy_sram(const std::vector<AccelergySample>& samples, AccelergyGroups& out);
void add_accelergy_dram(const std::vector<AccelergySample>& samples, AccelergyGroups& out);
void add_accelergy_wire(const std::vector<AccelergySample>& samples, AccelergyGroups& out);

}  // namespace npusim
