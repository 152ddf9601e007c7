// A design space: which chips, at which precisions, with which networks, and which of them are worth a simulation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"

namespace npusim {

/// Fields that change together, and what they are set to. A field is a JSON pointer into the architecture
/// ("/array/rows", or an object as a whole: "/precision/layers"), "network", "batch" (images that go through the
/// network together), or "bits" (the chip at another uniform precision: at_uniform_bits). Pointers are applied after
/// "bits". No field is set twice, nor a part of another. In JSON: {"field": F, "values": [v, ...]}, {"fields": [F,
/// ...], "values": [[v, ...], ...]},
/// {"field": F, "range": {"from", "to", "step"}} or {"field": F, "geometric": {"from", "to", "factor"}}, `to` included.
struct SweepAxis {
    std::vector<std::string> fields;
    std::vector<std::vector<nlohmann::json>> settings;  ///< each as long as `fields`
};

/// A field that follows from others: set, after the axes and in the order of this list, to what an expression gives.
///
/// Expressions, here and in constraints: numbers; the chip's numbers and booleans by their dotted names ("array.rows",
/// "array.pe.weight_bits"); "bits" where an axis sets it; "area_mm2" in constraints; + - * / ^, comparisons, && and ||,
/// "a ? b : c", floor, ceil and muParser's functions (min, max, abs, sqrt, log2, ...). Whole results are set as
/// integers; a boolean field becomes "is not 0". Divisions by zero and results that are no number are errors.
struct DerivedField {
    std::string field;  ///< a JSON pointer
    std::string expression;
};

/// `random`: every set of points is equally likely. `low_discrepancy`: Sobol's sequence over the axes, shifted by the
/// seed. Neither repeats points; both take points that meet the constraints and have the same points on all platforms.
enum class SampleKind { all, random, low_discrepancy };

struct SweepSample {
    SampleKind kind = SampleKind::all;
    std::int64_t points = 0;  ///< at most so many (fewer where the space has no more); 0 with `all`
    std::uint64_t seed = 0;
};

struct Objective {
    std::string metric;  ///< a column of the results: "energy_pj", "latency_ms", "area_mm2", "top1"
    bool maximize = false;
};

enum class AccuracyKind { none, calibrate, finetune };

/// Where a point's accuracy comes from: quantized once for each distinct precision, not for each chip.
struct AccuracySpec {
    AccuracyKind kind = AccuracyKind::none;
    std::string weights;  ///< of the fp32 network; empty: the drawn images' own network
    std::string dataset;
    std::string recipe;
    std::string inputs;  ///< the hash of what those files hold, set by the run
};

struct SweepSpec {
    std::string name;
    std::string description;
    std::string arch;                   ///< a preset's name or a path, relative to the sweep's file
    std::vector<std::string> networks;  ///< at least one, unless an axis sets "network"; like one more, last axis
    std::vector<SweepAxis> axes;
    std::vector<DerivedField> derived;
    /// Expressions: points where one of them is 0 are not part of the space.
    std::vector<std::string> constraints;
    std::vector<Objective> objectives;
    SweepSample sample;
    AccuracySpec accuracy;
    std::int64_t time_limit_s = 600;  ///< of one point's simulation
};

/// One chip with one network. A chip that cannot be made has no `arch` but a reason.
struct SweepPoint {
    /// The number of the combination: its digits are the places in the axes, the last one (that of `networks`, if any)
    /// fastest. Constraints and samples leave gaps; a point has the same index in the whole space and in a sample.
    std::int64_t index = 0;
    std::string network;
    std::vector<std::pair<std::string, nlohmann::json>> settings;  ///< what the axes set, in their order
    std::optional<ArchSpec> arch;
    std::string impossible;
    std::int64_t batch = 1;  ///< images
};

/// Reads a sweep from JSON. Throws InputError with every problem at once.
[[nodiscard]] SweepSpec parse_sweep(const nlohmann::json& json, const std::string& file);
[[nodiscard]] SweepSpec read_sweep(const std::filesystem::path& path);
/// JSON Schema of what parse_sweep takes, but for rules between fields and the syntax of expressions.
[[nodiscard]] nlohmann::json sweep_schema();
/// All fields, resolved; parse_sweep(to_json(spec)) gives spec again.
[[nodiscard]] nlohmann::json to_json(const SweepSpec& spec);

/// "area_mm2" in constraints.
using AreaOf = std::function<double(const ArchSpec& arch)>;

/// The points of the space (or of its sample) by ascending index. `base` is the chip that spec.arch names; `area_of`
/// may be empty where no constraint asks for area_mm2. Checks everything that can be checked before the first
/// simulation: what parse_sweep does, fields that the chip does not have, expressions that name unknown variables, and
/// a space without any point; throws InputError with every problem at once, naming `file`. A point whose chip cannot
/// have its "bits", is refused by the architecture's reader or cannot be priced (`area_of` throws InputError) is
/// impossible, with the reason; it meets the constraints that cannot be evaluated for it. At most ten million
/// combinations are looked at.
[[nodiscard]] std::vector<SweepPoint> points_of(const SweepSpec& spec, const ArchSpec& base, const AreaOf& area_of,
                                                const std::string& file);

}  // namespace npusim
