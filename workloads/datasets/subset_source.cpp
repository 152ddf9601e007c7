#include <algorithm>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/batch_source.h"
#include "npusim/workloads/datasets/shuffle.h"

namespace npusim {
namespace {

class SubsetSource final : public BatchSource {
public:
    SubsetSource(std::shared_ptr<const BatchSource> whole, std::vector<std::int64_t> indices, std::string name)
        : whole_(std::move(whole)), indices_(std::move(indices)), name_(std::move(name)) {
        for (const std::int64_t index : indices_) {
            labels_.push_back(whole_->labels()[static_cast<std::size_t>(index)]);
        }
        content_hash_ =
            npusim::content_hash(whole_->content_hash() + npusim::content_hash(std::as_bytes(std::span(indices_))));
    }

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::string& content_hash() const override { return content_hash_; }
    [[nodiscard]] TensorShape image_shape() const override { return whole_->image_shape(); }
    [[nodiscard]] std::span<const std::int32_t> labels() const override { return labels_; }
    [[nodiscard]] const std::vector<std::string>& class_names() const override { return whole_->class_names(); }

    void write_batch(std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                     std::span<float> values) const override {
        std::vector<std::int64_t> of_whole;
        of_whole.reserve(indices.size());
        for (const std::int64_t index : indices) of_whole.push_back(indices_.at(static_cast<std::size_t>(index)));
        whole_->write_batch(of_whole, epoch, values);
    }

private:
    std::shared_ptr<const BatchSource> whole_;
    std::vector<std::int64_t> indices_;
    std::vector<std::int32_t> labels_;
    std::string name_;
    std::string content_hash_;
};

}  // namespace

std::unique_ptr<BatchSource> subset_source(std::shared_ptr<const BatchSource> whole, std::vector<std::int64_t> indices,
                                           const std::string& name) {
    return std::make_unique<SubsetSource>(std::move(whole), std::move(indices), name);
}

SplitSources split_source(const std::shared_ptr<const BatchSource>& whole, std::int64_t held_out, std::uint64_t seed) {
    if (held_out < 1 || held_out >= whole->size()) {
        throw InputError(
            whole->name(), "held-out images",
            std::to_string(held_out) + " is not allowed, 1 to " + std::to_string(whole->size() - 1) + " is");
    }
    // The order of an epoch that no training reaches.
    constexpr std::uint64_t kNoEpoch = ~std::uint64_t{0};
    std::vector<std::int64_t> order = shuffled_indices(whole->size(), seed, kNoEpoch);
    const auto middle = order.begin() + held_out;
    std::sort(order.begin(), middle);
    std::sort(middle, order.end());
    return {subset_source(whole, {middle, order.end()}, whole->name() + " without the held-out images"),
            subset_source(whole, {order.begin(), middle}, whole->name() + ", held out")};
}

}  // namespace npusim
