#include <cmath>
#include <span>

#include "layer_weights.h"
#include "npusim/base/error.h"
#include "npusim/models/finetune/analysis.h"

namespace npusim {
namespace {

struct Products {
    std::int64_t elements = 0;
    double before = 0;    ///< ‖x‖²
    double after = 0;     ///< ‖y‖²
    double both = 0;      ///< x · y
    double distance = 0;  ///< ‖y − x‖², not from the others, which would cancel

    void add(const Products& other) {
        elements += other.elements;
        before += other.before;
        after += other.after;
        both += other.both;
        distance += other.distance;
    }
};

Products products_of(const std::string& name, const Parameters& before, const Parameters& after) {
    const std::vector<float>& x = before.at(name).values;
    const std::vector<float>& y = after.at(name).values;
    if (x.size() != y.size()) {
        throw InputError("parameter " + name, "",
                         "has " + std::to_string(x.size()) + " values before and " + std::to_string(y.size()) +
                             " after; both must be of one network");
    }
    Products sums;
    sums.elements = static_cast<std::int64_t>(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double a = x[i];
        const double b = y[i];
        sums.before += a * a;
        sums.after += b * b;
        sums.both += a * b;
        sums.distance += (b - a) * (b - a);
    }
    return sums;
}

VectorSimilarity similarity_of(const std::string& name, const Products& sums) {
    VectorSimilarity similarity{name, sums.elements, {}, {}, sums.distance};
    if (sums.before > 0 && sums.after > 0) {
        similarity.cosine = sums.both / (std::sqrt(sums.before) * std::sqrt(sums.after));
    }
    if (sums.before > 0) similarity.relative_distance = std::sqrt(sums.distance / sums.before);
    return similarity;
}

}  // namespace

WeightSimilarity weight_similarity(const Network& network, const Parameters& before, const Parameters& after) {
    WeightSimilarity result;
    Products weights;
    for (const std::string& layer : weighted_layers(network)) {
        const Products sums = products_of(weight_name(layer), before, after);
        weights.add(sums);
        result.layers.push_back(similarity_of(layer, sums));
    }
    result.weights = similarity_of("weights", weights);
    Products trained;
    for (const Node& node : network.nodes) {
        if (node.training_only) continue;
        for (const ParameterSpec& spec : parameters_of(network, node)) {
            if (spec.trainable) trained.add(products_of(spec.name, before, after));
        }
    }
    result.trained = similarity_of("trained parameters", trained);
    return result;
}

}  // namespace npusim
