// Measures the accuracy of networks at the precisions of a sweep's points.
#pragma once

#include <map>
#include <optional>

#include "cli/inputs.h"
#include "cli/sweep_command.h"
#include "npusim/models/exchange/saved_network.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim::cli {

/// What decides an accuracy, of a point.
struct AccuracyCase {
    std::string network;
    PrecisionSpec precision;
    int accumulator_bits = 0;
};

/// Of the store. Nothing for fp32 chips and for points without a result.
[[nodiscard]] std::optional<AccuracyCase> accuracy_case_of(const StoredPoint& point);
/// The hash of all that decides the accuracy.
[[nodiscard]] std::string key_of(const AccuracyCase& wanted, const AccuracySpec& accuracy);
/// Where a sweep keeps the network that it has tuned.
[[nodiscard]] std::filesystem::path tuned_file(const std::filesystem::path& store, const std::string& key);
/// `text` with the network's name for "{network}".
[[nodiscard]] std::string with_network(const std::string& text, const std::string& network);
[[nodiscard]] int bits_of(const PrecisionSpec& precision);

/// One network's fp32 weights and images, read when they are first wanted.
struct AccuracySubject {
    Network network;
    Parameters fp32;
    LabelledImages images;
    std::filesystem::path weights;  ///< empty: drawn
    std::string identity;           ///< of the files
};

class AccuracyMeasurement {
public:
    AccuracyMeasurement(const AccuracySpec& accuracy, const SweepOptions& options,
                        const SweepSurroundings& surroundings);

    /// What can be checked without much work. Throws InputError.
    void check(const std::string& network) const;
    const AccuracySubject& subject(const std::string& network);
    /// One recipe, or one for each number of bits. It need not exist.
    [[nodiscard]] std::filesystem::path recipe_file(int bits) const;
    /// "top1" or the "reason" why there is none, "fp32_top1", "images". Empty when stopped.
    std::optional<nlohmann::json> measure(const AccuracyCase& wanted, const std::string& key,
                                          const std::function<bool()>& should_stop);

private:
    [[nodiscard]] std::string dataset() const;
    /// Empty: the network is drawn.
    [[nodiscard]] std::filesystem::path weights_of(const std::string& network) const;
    std::optional<QuantizedNetwork> calibrated(const AccuracySubject& own, const AccuracyCase& wanted);
    std::optional<QuantizedNetwork> tuned(const AccuracySubject& own, const AccuracyCase& wanted,
                                          const std::string& key, const std::function<bool()>& should_stop);
    bool finetune(const AccuracySubject& own, const AccuracyCase& wanted, const std::filesystem::path& file,
                  const std::function<bool()>& should_stop);

    const AccuracySpec& accuracy_;
    const SweepOptions& options_;
    const Environment& environment_;
    Progress& progress_;
    const Ranks* ranks_;
    std::map<std::string, AccuracySubject> subjects_;
    std::map<std::string, double> fp32_top1_;
};

}  // namespace npusim::cli
