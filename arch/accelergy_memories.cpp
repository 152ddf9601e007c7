// SRAM banks, DRAM and wires of Accelergy tables.
#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "accelergy_tables.h"

namespace npusim {
namespace {

using nlohmann::json;
using Samples = std::vector<AccelergySample>;

constexpr double kUm2PerMm2 = 1e6;
constexpr int kBitsPerByte = 8;

/// A bank by its sizes, in the order of the table that is written.
struct BankKey {
    std::int64_t bytes = 0;
    std::int64_t width_bits = 0;
    int ports = 1;
    friend bool operator<(const BankKey& a, const BankKey& b) {
        return std::tie(a.bytes, a.width_bits, a.ports) < std::tie(b.bytes, b.width_bits, b.ports);
    }
};

struct Bank {
    double read_pj = 0;  ///< 0: not given
    double write_pj = 0;
    double area_um2 = 0;
};

/// Ports of all kinds; a table without such columns is of one.
std::int64_t ports_of(const AccelergySample& sample) {
    std::int64_t ports = 0;
    bool given = false;
    for (const char* column : {"n_rd_ports", "n_wr_ports", "n_rd_wr_ports", "n_rdwr_ports"}) {
        const auto found = sample.sizes.find(column);
        if (found == sample.sizes.end()) continue;
        ports += found->second;
        given = true;
    }
    return given ? ports : 1;
}

/// Why npusim has no bank like this one; empty if it has.
std::string no_bank(const AccelergySample& sample) {
    constexpr std::int64_t kWidest = 65536;
    const auto banks = sample.sizes.find("n_banks");
    if (banks != sample.sizes.end() && banks->second != 1) return "npusim prices banks one by one (n_banks 1)";
    const std::int64_t ports = ports_of(sample);
    if (ports < 1 || ports > 2) return "npusim's banks have 1 or 2 ports, this one " + std::to_string(ports);
    if (sample.size("width") > kWidest) return "npusim's banks are up to 65536 bits wide";
    if (sample.size("width") * sample.size("depth") % kBitsPerByte != 0) return "the capacity is no whole byte";
    return "";
}

std::map<BankKey, Bank> banks_of(const Samples& samples, AccelergyGroups& out) {
    std::map<BankKey, Bank> banks;
    for (const AccelergySample& sample : samples) {
        const std::string reason = no_bank(sample);
        if (!reason.empty()) {
            out.leave(sample, reason);
            continue;
        }
        const BankKey key{sample.size("width") * sample.size("depth") / kBitsPerByte, sample.size("width"),
                          static_cast<int>(ports_of(sample))};
        Bank& bank = banks[key];
        double& energy = sample.action == "read" ? bank.read_pj : bank.write_pj;
        if (energy > 0) {
            out.leave(sample, "a row above is of an equal bank, and the first one counts");
            continue;
        }
        energy = sample.energy_pj;
        if (bank.area_um2 == 0) bank.area_um2 = sample.area_um2;
        out.use(sample, sample.action + " of a bank of " + std::to_string(key.bytes) + " bytes, " +
                            std::to_string(key.width_bits) + " bits wide" + (key.ports > 1 ? ", 2 ports" : "") + ": " +
                            energy_text(sample.energy_pj));
    }
    return banks;
}

/// Figures of the base's own banks that no row replaces.
void keep_banks(const SramTable& sram, std::map<BankKey, Bank>& banks) {
    const auto keep = [](double& figure, double own) {
        if (figure == 0 && !std::isnan(own)) figure = own;
    };
    for (const SramPoint& point : sram.points) {
        Bank& bank = banks[{std::llround(point.capacity_bytes), std::llround(point.width_bits), point.ports}];
        keep(bank.read_pj, point.read_pj);
        keep(bank.write_pj, point.write_pj);
        keep(bank.area_um2, point.area_mm2 * kUm2PerMm2);
    }
}

json number_or_null(double value) {
    return value > 0 ? json(value) : json();
}

json scaled(const std::vector<std::vector<double>>& matrix, double factor) {
    json rows = json::array();
    for (const auto& values : matrix) {
        json row = json::array();
        for (const double value : values) row.push_back(std::isnan(value) ? json() : json(value * factor));
        rows.push_back(row);
    }
    return rows;
}

/// How far the base's table is from the banks in one figure.
template <typename OwnFigure>
CommonFactor factor_of(const std::map<BankKey, Bank>& banks, const Technology& base, double Bank::*given,
                       OwnFigure own) {
    std::vector<double> ratios;
    for (const auto& [key, bank] : banks) {
        if (bank.*given <= 0) continue;
        ratios.push_back(bank.*given / own(base.sram_bank(key.bytes, static_cast<int>(key.width_bits), key.ports)));
    }
    return common_factor(ratios);
}

json error_factors(const SramErrors& errors) {
    return {{"read_pj", errors.read}, {"write_pj", errors.write}, {"area_mm2", errors.area}};
}

json points_of(const std::map<BankKey, Bank>& banks, const SramErrors& beside) {
    json rows = json::array();
    for (const auto& [key, bank] : banks) {
        rows.push_back({key.bytes, key.width_bits, key.ports, number_or_null(bank.read_pj),
                        number_or_null(bank.write_pj), number_or_null(bank.area_um2 / kUm2PerMm2)});
    }
    return {{"columns", {"capacity_bytes", "width_bits", "ports", "read_pj", "write_pj", "area_mm2"}},
            {"rows", rows},
            {"error_factors", error_factors(beside)}};
}

bool has_write(const std::map<BankKey, Bank>& banks) {
    return std::any_of(banks.begin(), banks.end(), [](const auto& bank) { return bank.second.write_pj > 0; });
}

/// The millimetres of a length with its unit; nothing without one.
std::optional<double> length_mm(const std::string& text) {
    constexpr std::pair<std::string_view, double> units[] = {{"nm", 1e-6}, {"um", 1e-3}, {"mm", 1.0}, {"m", 1e3}};
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !(value > 0) || !std::isfinite(value)) return std::nullopt;
    const std::string unit = boost::algorithm::trim_copy(std::string(end, text.data() + text.size()));
    for (const auto& [name, factor] : units) {
        if (unit == name) return value * factor;
    }
    return std::nullopt;
}

}  // namespace

void add_accelergy_sram(const Samples& samples, AccelergyGroups& out) {
    std::map<BankKey, Bank> banks = banks_of(samples, out);
    if (banks.empty()) return;
    const SramTable& sram = out.base.sram;
    keep_banks(sram, banks);
    const CommonFactor read =
        factor_of(banks, out.base, &Bank::read_pj, [](const SramCost& cost) { return cost.read_pj; });
    const CommonFactor write =
        factor_of(banks, out.base, &Bank::write_pj, [](const SramCost& cost) { return cost.write_pj; });
    const CommonFactor area =
        factor_of(banks, out.base, &Bank::area_um2, [](const SramCost& cost) { return cost.area_mm2 * kUm2PerMm2; });
    constexpr double kMost = 1000;
    const SramErrors beside{std::min(read.spread, kMost), std::min(write.spread, kMost), std::min(area.spread, kMost)};
    const SecondPort& port = sram.second_port;
    out.groups["sram"] = {
        {"unit", "pJ per access of the full width, mm2, mW, ns"},
        {"source", out.source_of(samples.front()) + ": the points; all else is the table of " + out.base.name +
                       ", each of reads, writes and areas times one factor to pass as near to the points as it can" +
                       (has_write(banks) ? "" : "; no write is given: those of " + out.base.name)},
        {"error_bound",
         "the tables state none; error_factors of the points: how far the others are from the one factor"},
        {"points", points_of(banks, beside)},
        {"error_factors",
         {{"along_capacity", error_factors(sram.along_capacity)}, {"along_width", error_factors(sram.along_width)}}},
        {"second_port",
         {{"energy", port.energy},
          {"area", port.area},
          {"leakage", port.leakage},
          {"error_factor", port.error_factor}}},
        {"capacity_bytes", sram.capacity_bytes},
        {"width_bits", sram.width_bits},
        {"read_pj", scaled(sram.read_pj, read.value)},
        {"write_pj", scaled(sram.write_pj, write.value)},
        {"area_mm2", scaled(sram.area_mm2, area.value)},
        {"leakage_mw", scaled(sram.leakage_mw, 1)},
        {"access_ns", scaled(sram.access_ns, 1)}};
}

void add_accelergy_dram(const Samples& samples, AccelergyGroups& out) {
    std::map<std::string, double> reads;
    std::map<std::string, double> prices;
    double error_factor = out.base.dram_error_factor;
    for (const AccelergySample& sample : samples) {
        if (sample.action != "read") continue;
        const std::string& type = sample.words.at("type");
        const double pj_per_bit = sample.energy_pj / static_cast<double>(sample.size("width"));
        if (reads.emplace(type, pj_per_bit).second) {
            prices[type] = pj_per_bit;
            out.use(sample, type + ": " + energy_text(pj_per_bit) + " a bit (" + energy_text(sample.energy_pj) + " / " +
                                std::to_string(sample.size("width")) + ")");
        } else {
            out.leave(sample, "npusim has one price a bit for each type, the first row's");
        }
    }
    for (const AccelergySample& sample : samples) {
        if (sample.action != "write") continue;
        const std::string& type = sample.words.at("type");
        const double pj_per_bit = sample.energy_pj / static_cast<double>(sample.size("width"));
        if (prices.emplace(type, pj_per_bit).second) {
            out.use(sample, type + ": " + energy_text(pj_per_bit) + " a bit, of writes: no read is given");
        } else {
            const double ratio = pj_per_bit / prices.at(type);
            error_factor = std::max({error_factor, ratio, 1 / ratio});
            out.leave(sample, "npusim has one price a bit for reads and writes, the read's; the distance is an error");
        }
    }
    std::map<std::string, double> all = out.base.dram_pj_per_bit;
    for (const auto& [type, pj_per_bit] : prices) all[type] = pj_per_bit;
    out.groups["dram"] = {
        {"pj_per_bit", all},
        {"unit", "pJ per transferred bit, device and interface"},
        {"source", out.source_of(samples.front()) + ": energy / width; other types: " + out.base.name},
        {"error_factor", std::min(error_factor, 1000.0)}};
}

void add_accelergy_wire(const Samples& samples, AccelergyGroups& out) {
    // A random bit differs from the one before it every other time.
    constexpr double kRandomToggles = 0.5;
    double pj_per_bit_mm = 0;
    double error_factor = out.base.wire_error_factor;
    std::string source;
    for (const AccelergySample& sample : samples) {
        const auto length = length_mm(sample.words.at("length"));
        if (!length) {
            out.leave(sample, "length " + sample.words.at("length") + " names no unit (nm, um, mm or m)");
            continue;
        }
        const double per_mm = sample.energy_pj / *length / kRandomToggles;
        if (pj_per_bit_mm == 0) {
            pj_per_bit_mm = per_mm;
            source = out.source_of(sample);
            out.use(sample, "wire of " + sample.words.at("length") + ": " + energy_text(per_mm) +
                                " a bit, mm and transition (a random transfer is half of one)");
        } else {
            error_factor = std::max({error_factor, per_mm / pj_per_bit_mm, pj_per_bit_mm / per_mm});
            out.leave(sample, "npusim has one price a mm, the first row's; the distance is an error");
        }
    }
    if (pj_per_bit_mm == 0) return;
    out.groups["wire"] = {{"pj_per_bit_mm", pj_per_bit_mm},
                          {"toggle_probability", out.base.wire_toggle_probability},
                          {"unit", "pJ per mm and full transition; transitions per bit and access"},
                          {"source", source + ": energy / length / 0.5; toggle probability: " + out.base.name},
                          {"error_factor", std::min(error_factor, 1000.0)}};
}

}  // namespace npusim
