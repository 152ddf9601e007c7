#include "tensor_memory.h"

#include "slot_planner.h"

namespace npusim {

namespace {

MemoryPlan without_slots(const QuantizedNetwork& network) {
    MemoryPlan plan;
    for (const QuantizedTensor& tensor : network.tensors) {
        plan.storage.push_back(storage_of(tensor.bits, tensor.is_signed));
        plan.channels.push_back(tensor.shape.channels);
    }
    plan.slot_of.resize(network.tensors.size());
    return plan;
}

std::int64_t size_bytes(const QuantizedNetwork& network, const MemoryPlan& plan, TensorId tensor) {
    return network.tensors[tensor].shape.elements() * bytes_of(plan.storage[tensor]);
}

}  // namespace

MemoryPlan separate_memory(const QuantizedNetwork& network) {
    MemoryPlan plan = without_slots(network);
    for (TensorId id = 0; id < network.tensors.size(); ++id) {
        plan.slot_of[id] = id;
        plan.slot_bytes.push_back(size_bytes(network, plan, id));
    }
    return plan;
}

MemoryPlan shared_memory(const QuantizedNetwork& network) {
    const std::size_t count = network.tensors.size();
    std::vector<std::size_t> last_use(count, 0);
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const auto& node = network.nodes[i];
        last_use[node.input.tensor] = i;
        if (node.residual) last_use[node.residual->tensor] = i;
        for (const auto& to : node.destinations) last_use[to.tensor] = i;
    }
    last_use[network.output] = network.nodes.size();
    MemoryPlan plan = without_slots(network);
    SlotPlanner planner;
    std::vector<bool> placed(count, false);
    const auto place = [&](TensorId id) {
        if (!placed[id]) plan.slot_of[id] = planner.take(size_bytes(network, plan, id));
        placed[id] = true;
    };
    place(0);
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        for (const auto& to : network.nodes[i].destinations) place(to.tensor);
        for (TensorId id = 0; id < count; ++id) {
            if (placed[id] && last_use[id] == i) planner.give_back(plan.slot_of[id]);
        }
    }
    plan.slot_bytes = planner.slot_elements();
    return plan;
}

TensorMemory::TensorMemory(const QuantizedNetwork& network, const MemoryPlan& plan, std::int64_t images)
    : network_(&network), plan_(&plan), slots_(plan.slot_bytes.size()), images_(images) {}

WritableView TensorMemory::writable(TensorId tensor, std::int64_t channel_begin) {
    const std::size_t slot = plan_->slot_of[tensor];
    const Storage storage = plan_->storage[tensor];
    auto* data = slots_[slot].get<std::byte>(plan_->slot_bytes[slot] * images_);
    return {data + channel_begin * bytes_of(storage), storage, plan_->channels[tensor]};
}

IntegerView TensorMemory::view(TensorId tensor, std::int64_t channel_begin) {
    const WritableView whole = writable(tensor, channel_begin);
    return {whole.data, whole.storage, whole.pixel_stride};
}

void TensorMemory::store(TensorId tensor, std::int64_t image, std::span<const std::int32_t> planes) {
    const TensorShape& shape = network_->tensors[tensor].shape;
    const std::int64_t pixels = shape.height * shape.width;
    const WritableView to = writable(tensor, 0);
    with_element(to.storage, [&]<typename T>(T) {
        transpose_integers(planes.data(), pixels, shape.channels, pixels, to.pixel<T>(image * pixels), shape.channels);
    });
}

void TensorMemory::load(TensorId tensor, std::int64_t image, std::span<std::int32_t> planes) {
    const TensorShape& shape = network_->tensors[tensor].shape;
    const std::int64_t pixels = shape.height * shape.width;
    const IntegerView from = view(tensor, 0);
    with_element(from.storage, [&]<typename T>(T) {
        transpose_integers(from.pixel<T>(image * pixels), shape.channels, pixels, shape.channels, planes.data(),
                           pixels);
    });
}

}  // namespace npusim
