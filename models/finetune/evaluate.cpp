#include <tbb/parallel_for.h>

#include <algorithm>
#include <numeric>

#include "npusim/models/finetune/training_run.h"
#include "npusim/models/layers/loss.h"
#include "read_batch.h"

namespace npusim {
void read_batch(const BatchSource& source, std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                std::vector<float>& images, std::int64_t first, std::int64_t end) {
    const auto elements = static_cast<std::size_t>(source.image_shape().elements());
    images.resize(indices.size() * elements);
    tbb::parallel_for(static_cast<std::size_t>(first), static_cast<std::size_t>(end), [&](std::size_t i) {
        source.write_batch(indices.subspan(i, 1), epoch, std::span(images).subspan(i * elements, elements));
    });
}

void read_batch(const BatchSource& source, std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                std::vector<float>& images) {
    read_batch(source, indices, epoch, images, 0, static_cast<std::int64_t>(indices.size()));
}

Evaluation evaluate(TrainingGraph& graph, const Network& network, const BatchSource& source,
                    const std::function<void(double)>& progress) {
    constexpr std::int64_t kBatch = 128;
    constexpr std::int64_t kTop = 5;
    std::vector<float> images;
    double loss = 0;
    std::int64_t top1 = 0;
    std::int64_t top5 = 0;
    const auto classes = static_cast<std::size_t>(network.classes());
    for (std::int64_t begin = 0; begin < source.size(); begin += kBatch) {
        const std::int64_t count = std::min(kBatch, source.size() - begin);
        std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
        std::iota(indices.begin(), indices.end(), begin);
        const auto [first, end] = graph.own_images(count);
        read_batch(source, indices, {}, images, first, end);
        const std::span<const float> logits = graph.logits(images, count);
        const auto labels = source.labels().subspan(static_cast<std::size_t>(begin), indices.size());
        const Loss sum = evaluate_cross_entropy(count, network.classes(), logits.data(), labels.data());
        loss += sum.sum;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const auto own = logits.subspan(i * classes, classes);
            const std::int64_t rank = rank_of<float>(own, labels[i]);
            top1 += rank < 1 ? 1 : 0;
            top5 += rank < kTop ? 1 : 0;
        }
        if (progress) progress(static_cast<double>(begin + count) / static_cast<double>(source.size()));
    }
    const auto total = static_cast<double>(source.size());
    return {loss / total, static_cast<double>(top1) / total, static_cast<double>(top5) / total};
}

}  // namespace npusim
