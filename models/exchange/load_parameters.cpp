#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "dtype.h"
#include "npusim/base/error.h"

namespace npusim {
namespace {

constexpr std::size_t most_problems = 50;
constexpr const char* floating_needed = ", F64, F32, F16 or BF16 is needed";

template <typename Stored, typename Widen>
std::vector<float> widened(const std::vector<std::byte>& bytes, Widen widen) {
    std::vector<float> values(bytes.size() / sizeof(Stored));
    for (std::size_t i = 0; i < values.size(); ++i) {
        Stored stored{};
        std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
        values[i] = widen(stored);
    }
    return values;
}

/// Finds everything that is wrong with a checkpoint for one network.
class Loader {
public:
    Loader(const SafetensorsFile& file, const Network& network) : file_(file), network_(network) {}

    Parameters load() {
        list_file();
        list_network();
        for (const ParameterSpec& spec : needed_) {
            if (const auto stored = by_name_.find(spec.name); stored != by_name_.end()) read(spec, stored->second);
        }
        report_missing_and_unknown();
        if (left_out_ > 0) problems_.push_back(file_.path + ": and " + std::to_string(left_out_) + " problems more");
        if (!problems_.empty()) throw InputError(problems_);
        return std::move(parameters_);
    }

private:
    void problem(const std::string& tensor, const std::string& message) {
        if (problems_.size() < most_problems) {
            problems_.push_back(file_.path + ": " + tensor + ": " + message);
        } else {
            ++left_out_;
        }
    }

    /// Tensors by their names without the "module." that torch's DataParallel puts before them.
    void list_file() {
        constexpr std::string_view prefix = "module.";
        for (const auto& [name, tensor] : file_.tensors) {
            const std::string bare = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
            if (bare.ends_with("num_batches_tracked")) continue;
            if (!by_name_.emplace(bare, name).second) problem(name, "is in the file with and without \"module.\"");
        }
    }

    void list_network() {
        for (const Node& node : network_.nodes) {
            for (ParameterSpec& spec : parameters_of(network_, node)) {
                if (node.training_only) {
                    by_name_.erase(spec.name);
                } else {
                    needed_.push_back(std::move(spec));
                }
            }
        }
    }

    void read(const ParameterSpec& spec, const std::string& stored_name) {
        const SafetensorsEntry& stored = file_.tensors.at(stored_name);
        if (stored.shape != spec.shape) {
            problem(stored_name, "shape " + exchange::list_text(stored.shape) + ", " + network_.name + " needs " +
                                     exchange::list_text(spec.shape));
            return;
        }
        if (!exchange::is_floating(stored.dtype)) {
            problem(stored_name, "dtype " + exchange::name_of(stored.dtype) + floating_needed);
            return;
        }
        Tensor tensor = to_fp32(file_, stored_name);
        check_values(stored_name, tensor.values);
        parameters_[spec.name] = std::move(tensor);
    }

    void check_values(const std::string& name, const std::vector<float>& values) {
        const bool is_variance = name.ends_with("running_var");
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::string place = "value " + std::to_string(values[i]) + " at index " + std::to_string(i);
            if (!std::isfinite(values[i])) return problem(name, place + ", finite numbers are needed");
            if (is_variance && values[i] < 0) return problem(name, place + ", a variance of at least 0 is needed");
        }
    }

    void report_missing_and_unknown() {
        std::set<std::string> needed_names;
        std::vector<std::string> missing;
        for (const ParameterSpec& spec : needed_) {
            needed_names.insert(spec.name);
            if (!by_name_.contains(spec.name)) missing.push_back(spec.name);
        }
        std::vector<std::string> unknown;
        for (const auto& [bare, name] : by_name_) {
            if (!needed_names.contains(bare)) unknown.push_back(bare);
        }
        for (const std::string& name : missing) problem(name, "is missing" + nearest(name, unknown, "the file has"));
        for (const std::string& name : unknown) {
            problem(by_name_.at(name), "is no parameter of " + network_.name + nearest(name, missing, "it needs"));
        }
    }

    /// Edit distances are costly, so they are taken only for problems that are going to be shown.
    std::string nearest(const std::string& name, const std::vector<std::string>& candidates,
                        const std::string& lead) const {
        if (problems_.size() >= most_problems) return "";
        const std::vector<std::string> names = nearest_names(name, candidates);
        return names.empty() ? "" : ", " + lead + " " + join(names, " or ");
    }

    const SafetensorsFile& file_;
    const Network& network_;
    std::map<std::string, std::string> by_name_;  ///< name without prefix → name in the file
    std::vector<ParameterSpec> needed_;
    Parameters parameters_;
    std::vector<std::string> problems_;
    std::size_t left_out_ = 0;
};

}  // namespace

Tensor to_fp32(const SafetensorsFile& file, const std::string& name) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) {
        std::vector<std::string> names;
        for (const auto& [candidate, tensor] : file.tensors) names.push_back(candidate);
        const std::vector<std::string> nearest = nearest_names(name, names);
        throw InputError(file.path, name, "is missing" + (nearest.empty() ? "" : ", nearest are " + join(nearest)));
    }
    const auto& [dtype, shape, bytes] = found->second;
    switch (dtype) {
        case DType::f64:
            return {shape, widened<double>(bytes, [](double value) { return static_cast<float>(value); })};
        case DType::f32:
            return {shape, widened<float>(bytes, [](float value) { return value; })};
        case DType::f16:
            return {shape, widened<std::uint16_t>(bytes, exchange::widen_f16)};
        case DType::bf16:
            return {shape, widened<std::uint16_t>(bytes, exchange::widen_bf16)};
        default:
            throw InputError(file.path, name, "dtype " + exchange::name_of(dtype) + floating_needed);
    }
}

Parameters load_parameters(const SafetensorsFile& file, const Network& network) {
    return Loader(file, network).load();
}

}  // namespace npusim
