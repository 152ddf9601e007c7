#include "npusim/workloads/datasets/batch_source.h"

namespace npusim {
namespace {

class MemorySource final : public BatchSource {
public:
    MemorySource(Dataset dataset, const Augmentation& augmentation, std::uint64_t seed)
        : dataset_(std::move(dataset)), normalizer_(dataset_.normalization), augmentation_(augmentation), seed_(seed) {}

    [[nodiscard]] const std::string& name() const override { return dataset_.name; }
    [[nodiscard]] const std::string& content_hash() const override { return dataset_.content_hash; }
    [[nodiscard]] TensorShape image_shape() const override { return dataset_.image_shape; }
    [[nodiscard]] std::span<const std::int32_t> labels() const override { return dataset_.labels; }
    [[nodiscard]] const std::vector<std::string>& class_names() const override { return dataset_.class_names; }

    void write_batch(std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                     std::span<float> values) const override {
        if (epoch) {
            write_augmented_batch(dataset_, indices, normalizer_, augmentation_, seed_, *epoch, values);
        } else {
            npusim::write_batch(dataset_, indices, normalizer_, values);
        }
    }

private:
    Dataset dataset_;
    ImageNormalizer normalizer_;
    Augmentation augmentation_;
    std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<BatchSource> memory_source(Dataset dataset, const Augmentation& augmentation, std::uint64_t seed) {
    return std::make_unique<MemorySource>(std::move(dataset), augmentation, seed);
}

}  // namespace npusim
