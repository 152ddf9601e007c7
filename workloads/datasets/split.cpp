#include "npusim/workloads/datasets/split.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/counter_random.h"
#include "random_purpose.h"

namespace npusim {
namespace {

/// Fisher-Yates: std::shuffle's order differs between standard libraries.
std::vector<std::int64_t> permutation(std::int64_t count, CounterRandom random) {
    std::vector<std::int64_t> indices(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
    std::iota(indices.begin(), indices.end(), std::int64_t{0});
    for (std::size_t left = indices.size(); left > 1; --left) std::swap(indices[left - 1], indices[random.below(left)]);
    return indices;
}

}  // namespace

Dataset take(const Dataset& dataset, std::span<const std::int64_t> indices) {
    Dataset part = {dataset.name,          dataset.image_shape,         {}, {}, dataset.class_names, {},
                    dataset.normalization, dataset.mirrored_keeps_class};
    part.pixels.reserve(indices.size() * static_cast<std::size_t>(dataset.image_shape.elements()));
    part.labels.reserve(indices.size());
    for (const std::int64_t index : indices) {
        if (index < 0 || index >= dataset.size()) throw std::out_of_range("take: image " + std::to_string(index));
        const auto image = dataset.image(index);
        part.pixels.insert(part.pixels.end(), image.begin(), image.end());
        part.labels.push_back(dataset.labels[static_cast<std::size_t>(index)]);
    }
    part.content_hash = content_hash(dataset.content_hash + content_hash(std::as_bytes(indices)));
    return part;
}

Split split_dataset(const Dataset& dataset, std::int64_t held_out, std::uint64_t seed) {
    if (held_out < 1 || held_out >= dataset.size()) {
        throw InputError("data set " + dataset.name, "held-out images",
                         std::to_string(held_out) + " is outside 1.." + std::to_string(dataset.size() - 1));
    }
    std::vector<std::int64_t> indices = permutation(dataset.size(), {key_of(RandomPurpose::split), seed});
    const auto border = indices.end() - held_out;
    std::sort(indices.begin(), border);
    std::sort(border, indices.end());
    const std::span all(indices);
    const auto kept = static_cast<std::size_t>(dataset.size() - held_out);
    Split split{take(dataset, all.first(kept)), take(dataset, all.subspan(kept))};
    split.held_out.name += ", held out";
    return split;
}

std::vector<std::int64_t> shuffled_indices(std::int64_t count, std::uint64_t seed, std::uint64_t epoch) {
    return permutation(count, {key_of(RandomPurpose::shuffle), seed, epoch});
}

}  // namespace npusim
