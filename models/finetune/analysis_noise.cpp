#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "layer_weights.h"
#include "npusim/base/error.h"
#include "npusim/models/finetune/analysis.h"
#include "npusim/workloads/datasets/shuffle.h"
#include "read_batch.h"

namespace npusim {
namespace {

/// Of one gradient with itself, the moving average before it and the fp32 gradient.
struct Products {
    double own = 0;
    double average = 0;
    double with_average = 0;
    double fp32 = 0;
    double with_fp32 = 0;
    double spread = 0;  ///< what the batch adds to Σ‖g − mean‖²

    void add(const Products& other) {
        own += other.own;
        average += other.average;
        with_average += other.with_average;
        fp32 += other.fp32;
        with_fp32 += other.with_fp32;
        spread += other.spread;
    }
};

std::optional<double> cosine(double product, double squared_a, double squared_b) {
    if (!(squared_a > 0 && squared_b > 0)) return std::nullopt;
    return product / (std::sqrt(squared_a) * std::sqrt(squared_b));
}

/// One parameter's gradient over the batches so far.
class TensorTrack {
public:
    explicit TensorTrack(std::size_t elements) : mean_(elements), average_(elements) {}

    /// `fp32` may be null. Welford's update, which does not cancel.
    Products add(const std::vector<float>& gradient, const std::vector<float>* fp32, std::int64_t batch, double decay) {
        Products products;
        const double weight = 1.0 / static_cast<double>(batch + 1);
        for (std::size_t i = 0; i < gradient.size(); ++i) {
            const double value = gradient[i];
            products.own += value * value;
            products.average += average_[i] * average_[i];
            products.with_average += value * average_[i];
            if (fp32 != nullptr) {
                const double exact = (*fp32)[i];
                products.fp32 += exact * exact;
                products.with_fp32 += value * exact;
            }
            const double from_old_mean = value - mean_[i];
            mean_[i] += from_old_mean * weight;
            products.spread += from_old_mean * (value - mean_[i]);
            average_[i] = batch == 0 ? value : decay * average_[i] + (1 - decay) * value;
        }
        return products;
    }

    [[nodiscard]] double squared_mean() const {
        return std::inner_product(mean_.begin(), mean_.end(), mean_.begin(), 0.0);
    }
    [[nodiscard]] std::size_t elements() const { return mean_.size(); }

private:
    std::vector<double> mean_;
    std::vector<double> average_;
};

struct MeanCosine {
    double sum = 0;
    std::int64_t count = 0;

    void add(const std::optional<double>& value) {
        if (!value) return;
        sum += *value;
        ++count;
    }
    [[nodiscard]] std::optional<double> mean() const {
        return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
    }
};

/// Parameters that are looked at as one vector.
struct Group {
    Group(std::string group_name, std::vector<std::size_t> group_members)
        : name(std::move(group_name)), members(std::move(group_members)) {}

    std::string name;
    std::vector<std::size_t> members;
    double spread = 0;
    double squares = 0;
    MeanCosine steady;
    MeanCosine true_to_fp32;

    void add(const std::vector<Products>& products, bool average_is_settled) {
        Products sums;
        for (const std::size_t member : members) sums.add(products[member]);
        spread += sums.spread;
        squares += sums.own;
        if (!average_is_settled) return;
        steady.add(cosine(sums.with_average, sums.own, sums.average));
        true_to_fp32.add(cosine(sums.with_fp32, sums.own, sums.fp32));
    }
};

/// One setup at one batch size.
class Measurement {
public:
    Measurement(const Network& network, const NoiseSetup& setup, const TrainingGraph& graph,
                const NoiseOptions& options)
        : setup_(setup.name), names_(graph.trained_names()), options_(options), products_(names_.size()) {
        for (const std::string& name : names_) tracks_.emplace_back(graph.gradient(name).size());
        Group weights("weights", {});
        for (const std::string& layer : weighted_layers(network)) {
            const auto found = std::find(names_.begin(), names_.end(), weight_name(layer));
            const auto index = static_cast<std::size_t>(found - names_.begin());
            weights.members.push_back(index);
            groups_.emplace_back(layer, std::vector{index});
        }
        Group trained("trained parameters", std::vector<std::size_t>(names_.size()));
        std::iota(trained.members.begin(), trained.members.end(), std::size_t{0});
        groups_.push_back(std::move(weights));
        groups_.push_back(std::move(trained));
    }

    void add(const TrainingGraph& graph, const TrainingGraph* fp32, double mean_loss) {
        tbb::parallel_for(std::size_t{0}, names_.size(), [&](std::size_t i) {
            products_[i] =
                tracks_[i].add(graph.gradient(names_[i]), fp32 != nullptr ? &fp32->gradient(names_[i]) : nullptr,
                               batches_, options_.average_decay);
        });
        const bool average_is_settled = batches_ >= std::max<std::int64_t>(1, options_.batches / 2);
        for (Group& group : groups_) group.add(products_, average_is_settled);
        loss_ += mean_loss;
        ++batches_;
    }

    [[nodiscard]] GradientNoise result(std::int64_t batch_images) const {
        GradientNoise noise;
        noise.setup = setup_;
        noise.batch_images = batch_images;
        noise.batches = batches_;
        noise.loss = loss_ / static_cast<double>(batches_);
        std::vector<NoiseFigures> figures;
        for (const Group& group : groups_) figures.push_back(figures_of(group));
        noise.trained = figures.back();
        figures.pop_back();
        noise.weights = figures.back();
        figures.pop_back();
        noise.layers = std::move(figures);
        return noise;
    }

private:
    [[nodiscard]] NoiseFigures figures_of(const Group& group) const {
        NoiseFigures figures;
        figures.name = group.name;
        const auto count = static_cast<double>(batches_);
        for (const std::size_t member : group.members) {
            figures.elements += static_cast<std::int64_t>(tracks_[member].elements());
            figures.squared_mean += tracks_[member].squared_mean();
        }
        figures.variance = group.spread / (count - 1);
        figures.squared_mean -= figures.variance / count;
        if (group.squares > 0) figures.share = figures.variance / (group.squares / count);
        figures.steady = group.steady.mean();
        figures.true_to_fp32 = group.true_to_fp32.mean();
        return figures;
    }

    std::string setup_;
    std::vector<std::string> names_;
    const NoiseOptions& options_;
    std::vector<TensorTrack> tracks_;
    std::vector<Products> products_;
    std::vector<Group> groups_;
    double loss_ = 0;
    std::int64_t batches_ = 0;
};

void check(const Network& network, const BatchSource& source, const NoiseOptions& options) {
    std::vector<std::string> problems;
    const auto refuse = [&](const std::string& what) { problems.push_back("gradient noise: " + what); };
    if (source.image_shape() != network.input_shape()) {
        refuse("the images of " + source.name() + " have another size than " + network.name + " takes");
    }
    for (const std::int32_t label : source.labels()) {
        if (label >= 0 && label < network.classes()) continue;
        refuse(source.name() + " has label " + std::to_string(label) + ", allowed are 0 to " +
               std::to_string(network.classes() - 1));
        break;
    }
    for (const std::int64_t images : options.batch_sizes) {
        if (images >= 1 && images <= source.size()) continue;
        refuse("batches of " + std::to_string(images) + " images are not allowed, 1 to the " +
               std::to_string(source.size()) + " images of " + source.name() + " are");
    }
    if (options.batches < 2) refuse(std::to_string(options.batches) + " batches are too few, 2 are needed");
    if (options.piece_images < 1) refuse("pieces of " + std::to_string(options.piece_images) + " images, 1 is needed");
    if (!(options.average_decay >= 0 && options.average_decay < 1)) {
        refuse("a decay of " + std::to_string(options.average_decay) + " is not allowed, 0 to below 1 is");
    }
    if (!problems.empty()) throw InputError(problems);
}

class Experiment {
public:
    Experiment(const Network& network, const Parameters& parameters, const std::vector<NoiseSetup>& setups,
               const BatchSource& source, const NoiseOptions& options, const std::function<void(double)>& progress)
        : network_(network), setups_(setups), source_(source), options_(options), progress_(progress) {
        for (const NoiseSetup& setup : setups) graphs_.emplace_back(network, parameters, setup.training, setup.steps);
        const auto fp32 = std::find_if(setups.begin(), setups.end(), [](const NoiseSetup& setup) {
            return setup.training.step_rule == StepRule::none;
        });
        if (fp32 != setups.end()) fp32_ = &graphs_[static_cast<std::size_t>(fp32 - setups.begin())];
        images_to_see_ =
            options.batches * std::accumulate(options.batch_sizes.begin(), options.batch_sizes.end(), std::int64_t{0});
    }

    std::vector<GradientNoise> run() {
        std::vector<GradientNoise> results;
        for (const std::int64_t batch_images : options_.batch_sizes) {
            std::vector<Measurement> measurements;
            for (std::size_t i = 0; i < setups_.size(); ++i) {
                measurements.emplace_back(network_, setups_[i], graphs_[i], options_);
            }
            for (std::int64_t batch = 0; batch < options_.batches; ++batch) {
                run_batch(batch, batch_images, measurements);
            }
            for (const Measurement& measurement : measurements) results.push_back(measurement.result(batch_images));
        }
        return results;
    }

private:
    /// The batch's images, as an epoch of training would give them.
    std::span<const std::int64_t> images_of(std::int64_t batch, std::int64_t batch_images) {
        const std::int64_t in_epoch = source_.size() / batch_images;
        const auto epoch = static_cast<std::uint64_t>(batch / in_epoch);
        if (order_.empty() || epoch != epoch_) order_ = shuffled_indices(source_.size(), options_.seed, epoch);
        epoch_ = epoch;
        return std::span(order_).subspan(static_cast<std::size_t>(batch % in_epoch * batch_images),
                                         static_cast<std::size_t>(batch_images));
    }

    void run_batch(std::int64_t batch, std::int64_t batch_images, std::vector<Measurement>& measurements) {
        const std::span<const std::int64_t> batch_indices = images_of(batch, batch_images);
        const auto piece = static_cast<std::size_t>(options_.piece_images);
        std::vector<double> losses(graphs_.size());
        for (std::size_t begin = 0; begin < batch_indices.size(); begin += piece) {
            const auto indices = batch_indices.subspan(begin, std::min(piece, batch_indices.size() - begin));
            read_batch(source_, indices, options_.augment ? std::optional(epoch_) : std::nullopt, images_);
            labels_.clear();
            for (const std::int64_t index : indices) {
                labels_.push_back(source_.labels()[static_cast<std::size_t>(index)]);
            }
            for (std::size_t i = 0; i < graphs_.size(); ++i) {
                losses[i] += graphs_[i].forward_backward(images_, labels_, batch_images, begin > 0).loss_sum;
            }
            images_seen_ += static_cast<std::int64_t>(indices.size());
            if (progress_) progress_(static_cast<double>(images_seen_) / static_cast<double>(images_to_see_));
        }
        for (std::size_t i = 0; i < graphs_.size(); ++i) {
            const TrainingGraph* reference = &graphs_[i] == fp32_ ? nullptr : fp32_;
            measurements[i].add(graphs_[i], reference, losses[i] / static_cast<double>(batch_images));
        }
    }

    const Network& network_;
    const std::vector<NoiseSetup>& setups_;
    const BatchSource& source_;
    const NoiseOptions& options_;
    const std::function<void(double)>& progress_;
    std::vector<TrainingGraph> graphs_;
    const TrainingGraph* fp32_ = nullptr;
    std::vector<std::int64_t> order_;
    std::uint64_t epoch_ = 0;
    std::int64_t images_to_see_ = 0;
    std::int64_t images_seen_ = 0;
    std::vector<float> images_;
    std::vector<std::int32_t> labels_;
};

}  // namespace

std::vector<GradientNoise> gradient_noise(const Network& network, const Parameters& parameters,
                                          const std::vector<NoiseSetup>& setups, const BatchSource& source,
                                          const NoiseOptions& options, const std::function<void(double)>& progress) {
    check(network, source, options);
    return Experiment(network, parameters, setups, source, options, progress).run();
}

}  // namespace npusim
