#include "npusim/models/engine/calibration.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

namespace npusim {

namespace {

constexpr std::size_t kBins = 4096;

struct Extremes {
    float largest_magnitude = 0;
    float smallest = 0;
    bool seen = false;
};

using ImageSource = std::function<std::vector<float>(std::int64_t)>;

/// Runs all images, each thread with a `State` of its own, and gives all states. What is made of them must not depend
/// on how the images were shared out.
template <typename State, typename Visit>
std::vector<State> visit_activations(const FloatExecutor& executor, std::int64_t images, const ImageSource& image,
                                     const State& initial, Visit visit) {
    tbb::enumerable_thread_specific<State> states(initial);
    tbb::parallel_for(std::int64_t{0}, images, [&](std::int64_t i) {
        State& state = states.local();
        const std::vector<float> input = image(i);
        (void)executor.run(input, [&](NodeId id, std::span<const float> values) { visit(state, id, values); });
    });
    return {states.begin(), states.end()};
}

void widen(Extremes& extremes, std::span<const float> values) {
    if (!extremes.seen) extremes.smallest = values.front();
    extremes.seen = true;
    for (const float value : values) {
        extremes.largest_magnitude = std::max(extremes.largest_magnitude, std::abs(value));
        extremes.smallest = std::min(extremes.smallest, value);
    }
}

void count(std::vector<std::uint64_t>& bins, double largest, std::span<const float> values) {
    const double scale = largest > 0 ? static_cast<double>(kBins) / largest : 0;
    for (const float value : values) {
        const auto bin = static_cast<std::size_t>(std::abs(static_cast<double>(value)) * scale);
        ++bins[std::min(bin, kBins - 1)];
    }
}

}  // namespace

double ActivationHistogram::percentile(double percent) const {
    std::uint64_t total = 0;
    for (const std::uint64_t bin : counts) total += bin;
    if (percent >= 100 || total == 0) return largest_magnitude;
    const double wanted = percent / 100 * static_cast<double>(total);
    std::uint64_t below = 0;
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
        below += counts[bin];
        if (static_cast<double>(below) < wanted) continue;
        return largest_magnitude * static_cast<double>(bin + 1) / static_cast<double>(counts.size());
    }
    return largest_magnitude;
}

std::vector<ActivationHistogram> observe_activations(const Network& network, const FloatExecutor& executor,
                                                     std::int64_t images, const ImageSource& image) {
    const std::size_t nodes = network.nodes.size();
    const auto extremes =
        visit_activations(executor, images, image, std::vector<Extremes>(nodes),
                          [](auto& state, NodeId id, std::span<const float> values) { widen(state[id], values); });
    std::vector<ActivationHistogram> histograms(nodes);
    std::vector<bool> seen(nodes, false);
    for (const auto& state : extremes) {
        for (NodeId id = 0; id < nodes; ++id) {
            if (!state[id].seen) continue;
            auto& histogram = histograms[id];
            const double smallest = state[id].smallest;
            histogram.largest_magnitude = std::max<double>(histogram.largest_magnitude, state[id].largest_magnitude);
            histogram.smallest = seen[id] ? std::min(histogram.smallest, smallest) : smallest;
            seen[id] = true;
        }
    }
    using Bins = std::vector<std::vector<std::uint64_t>>;
    const auto counted = visit_activations(executor, images, image, Bins(nodes),
                                           [&](Bins& state, NodeId id, std::span<const float> values) {
                                               if (state[id].empty()) state[id].resize(kBins);
                                               count(state[id], histograms[id].largest_magnitude, values);
                                           });
    for (const auto& state : counted) {
        for (NodeId id = 0; id < nodes; ++id) {
            auto& counts = histograms[id].counts;
            counts.resize(std::max(counts.size(), state[id].size()));
            for (std::size_t bin = 0; bin < state[id].size(); ++bin) counts[bin] += state[id][bin];
        }
    }
    return histograms;
}

}  // namespace npusim
