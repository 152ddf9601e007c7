#include "npusim/models/engine/integer_engine.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>

#include "integer_node.h"
#include "npusim/base/error.h"
#include "slot_planner.h"
#include "tensor_memory.h"

namespace npusim {

namespace {

struct Workspace {
    TensorMemory memory;
    NodeScratch scratch;
    std::vector<std::int32_t> planes;
};

/// So many that the sums of the largest node stay in the second-level cache, where the requantizer reads them.
std::int64_t images_for(const QuantizedNetwork& network) {
    constexpr std::int64_t cached_sums = std::int64_t{1} << 18;
    constexpr std::int64_t most = 32;
    // Where weights are many and used once an image, reading them is what takes the time.
    constexpr std::int64_t many_weights = std::int64_t{1} << 23;
    constexpr std::int64_t least_for_many_weights = 4;
    std::int64_t largest = 1;
    std::int64_t weights = 0;
    for (const QuantizedNode& node : network.nodes) {
        largest = std::max(largest, node.output_shape.elements());
        if (node.output_shape.height * node.output_shape.width == 1) weights += std::ssize(node.weights);
    }
    return std::clamp<std::int64_t>(cached_sums / largest, weights >= many_weights ? least_for_many_weights : 1, most);
}

}  // namespace

struct IntegerEngine::Impl {
    Impl(const QuantizedNetwork& network_in, EngineKernels kernels) : network(network_in) {
        if (!network.has_weights()) {
            throw InputError(network.name, "", "has no weights or requantizers, so that it cannot be computed");
        }
        validate(network);
        nodes.reserve(network.nodes.size());
        for (const auto& node : network.nodes) {
            nodes.emplace_back(network, node, kernels == EngineKernels::portable);
        }
        plan = shared_memory(network);
        images_at_once = images_for(network);
    }

    void check_image(std::span<const std::int32_t> image) const {
        const QuantizedTensor& input = network.tensors.front();
        if (static_cast<std::int64_t>(image.size()) != input.shape.elements()) {
            throw InputError(network.name, "image",
                             std::to_string(image.size()) + " values, needs " + std::to_string(input.shape.elements()));
        }
        const IntegerRange range = input.range();
        std::int32_t low = image.front();
        std::int32_t high = image.front();
        for (const std::int32_t value : image) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
        if (low >= range.low && high <= range.high) return;
        throw InputError(network.name, "image",
                         "a value of " + std::to_string(low < range.low ? low : high) + ", allowed are " +
                             std::to_string(range.low) + " to " + std::to_string(range.high));
    }

    void compute(TensorMemory& memory, std::int64_t images, NodeScratch& scratch) const {
        for (const IntegerNode& node : nodes) node.run(memory, images, scratch);
    }

    /// Images [begin, end) in memory for `batch` images, the rest of which are empty.
    void run_part(std::int64_t begin, std::int64_t end, std::int64_t batch, const ImageSource& source,
                  const LogitsSink& sink) const {
        auto& pool = batch == 1 ? pools[0] : pools[1];
        const auto make = [&] { return Workspace{TensorMemory(network, plan, batch), {}, {}}; };
        (void)pool.use(make, [&](Workspace& workspace) {
            workspace.planes.resize(static_cast<std::size_t>(network.tensors.front().shape.elements()));
            for (std::int64_t i = begin; i < end; ++i) {
                source(i, workspace.planes);
                check_image(workspace.planes);
                workspace.memory.store(0, i - begin, workspace.planes);
            }
            std::fill(workspace.planes.begin(), workspace.planes.end(), 0);
            for (std::int64_t i = end - begin; i < batch; ++i) workspace.memory.store(0, i, workspace.planes);
            compute(workspace.memory, batch, workspace.scratch);
            workspace.planes.resize(static_cast<std::size_t>(network.tensors[network.output].shape.elements()));
            for (std::int64_t i = begin; i < end; ++i) {
                workspace.memory.load(network.output, i - begin, workspace.planes);
                sink(i, workspace.planes);
            }
            return true;
        });
    }

    void run_each(std::int64_t count, const ImageSource& source, const LogitsSink& sink) const {
        const std::int64_t parts = count / images_at_once;
        const std::int64_t rest = count - parts * images_at_once;
        // Below a quarter of a part its images are faster one by one.
        const bool one_by_one = rest * 4 < images_at_once;
        const std::int64_t tasks = parts + (one_by_one ? rest : 1);
        tbb::parallel_for(std::int64_t{0}, tasks, [&](std::int64_t task) {
            if (task >= parts && one_by_one) {
                const std::int64_t image = parts * images_at_once + task - parts;
                run_part(image, image + 1, 1, source, sink);
            } else {
                const std::int64_t begin = task * images_at_once;
                run_part(begin, std::min(begin + images_at_once, count), images_at_once, source, sink);
            }
        });
    }

    const QuantizedNetwork& network;
    std::vector<IntegerNode> nodes;
    MemoryPlan plan;
    std::int64_t images_at_once = 1;
    mutable std::array<WorkspacePool<Workspace>, 2> pools;  ///< for one image and for images_at_once
};

IntegerEngine::IntegerEngine(const QuantizedNetwork& network, EngineKernels kernels)
    : impl_(std::make_unique<Impl>(network, kernels)) {}
IntegerEngine::~IntegerEngine() = default;
IntegerEngine::IntegerEngine(IntegerEngine&&) noexcept = default;

std::vector<std::int32_t> IntegerEngine::run(std::span<const std::int32_t> image) const {
    impl_->check_image(image);
    std::vector<std::int32_t> logits;
    const auto source = [&](std::int64_t, std::span<std::int32_t> to) {
        std::copy(image.begin(), image.end(), to.begin());
    };
    const auto sink = [&](std::int64_t, std::span<const std::int32_t> from) {
        logits.assign(from.begin(), from.end());
    };
    impl_->run_part(0, 1, 1, source, sink);
    return logits;
}

std::vector<IntegerTensor> IntegerEngine::run_all(std::span<const std::int32_t> image) const {
    impl_->check_image(image);
    const QuantizedNetwork& network = impl_->network;
    const MemoryPlan plan = separate_memory(network);
    TensorMemory memory(network, plan, 1);
    NodeScratch scratch;
    memory.store(0, 0, image);
    impl_->compute(memory, 1, scratch);
    std::vector<IntegerTensor> tensors;
    tensors.reserve(network.tensors.size());
    for (TensorId id = 0; id < network.tensors.size(); ++id) {
        const TensorShape& shape = network.tensors[id].shape;
        tensors.push_back({shape, std::vector<std::int32_t>(static_cast<std::size_t>(shape.elements()))});
        memory.load(id, 0, tensors.back().values);
    }
    return tensors;
}

std::vector<std::int32_t> IntegerEngine::run_batch(std::span<const std::int32_t> images) const {
    const auto in = static_cast<std::size_t>(impl_->network.tensors.front().shape.elements());
    const auto out = static_cast<std::size_t>(impl_->network.tensors[impl_->network.output].shape.elements());
    if (images.size() % in != 0) {
        throw InputError(impl_->network.name, "images",
                         std::to_string(images.size()) + " values, needs a multiple of " + std::to_string(in));
    }
    std::vector<std::int32_t> logits(images.size() / in * out);
    run_each(
        static_cast<std::int64_t>(images.size() / in),
        [&](std::int64_t index, std::span<std::int32_t> to) {
            const auto image = images.subspan(static_cast<std::size_t>(index) * in, in);
            std::copy(image.begin(), image.end(), to.begin());
        },
        [&](std::int64_t index, std::span<const std::int32_t> from) {
            std::copy(from.begin(), from.end(),
                      logits.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(index) * out));
        });
    return logits;
}

void IntegerEngine::run_each(std::int64_t count, const ImageSource& source, const LogitsSink& sink) const {
    impl_->run_each(count, source, sink);
}

std::int64_t IntegerEngine::images_at_once() const {
    return impl_->images_at_once;
}

std::int64_t IntegerEngine::convolutions_in_bytes() const {
    return std::count_if(impl_->nodes.begin(), impl_->nodes.end(), [&](const IntegerNode& node) {
        return node.convolution() != nullptr && node.convolution()->runs_in_bytes(impl_->images_at_once);
    });
}

std::vector<std::int32_t> quantize_image(const QuantizedNetwork& network, std::span<const float> image) {
    const QuantizedTensor& input = network.tensors.at(0);
    if (!(input.step > 0)) throw InputError(network.name, input.name, "has no step: the network is not calibrated");
    std::vector<std::int32_t> integers(image.size());
    std::transform(image.begin(), image.end(), integers.begin(), [&](float value) {
        const auto integer = quantize(double{value}, input.step, input.range(), network.precision.rounding);
        return static_cast<std::int32_t>(integer);
    });
    return integers;
}

}  // namespace npusim
