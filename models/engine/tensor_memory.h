// The memory of a batch's tensors.
#pragma once

#include <span>
#include <vector>

#include "stored_integers.h"

namespace npusim {

/// Where every tensor lies.
struct MemoryPlan {
    std::vector<std::size_t> slot_of;      ///< by tensor
    std::vector<std::int64_t> slot_bytes;  ///< for one image
    std::vector<Storage> storage;          ///< by tensor
    std::vector<std::int64_t> channels;    ///< by tensor
};

/// Each tensor keeps its memory to the end.
[[nodiscard]] MemoryPlan separate_memory(const QuantizedNetwork& network);
/// Tensors share memory when one is read for the last time before the other is written for the first time.
[[nodiscard]] MemoryPlan shared_memory(const QuantizedNetwork& network);

/// The tensors of `images` images. `network` and `plan` must outlive it.
class TensorMemory {
public:
    TensorMemory(const QuantizedNetwork& network, const MemoryPlan& plan, std::int64_t images);

    [[nodiscard]] IntegerView view(TensorId tensor, std::int64_t channel_begin);
    [[nodiscard]] WritableView writable(TensorId tensor, std::int64_t channel_begin);

    /// One image's integers of a tensor in (C, H, W), into the memory and out of it.
    void store(TensorId tensor, std::int64_t image, std::span<const std::int32_t> planes);
    void load(TensorId tensor, std::int64_t image, std::span<std::int32_t> planes);

private:
    const QuantizedNetwork* network_;
    const MemoryPlan* plan_;
    std::vector<AlignedBuffer> slots_;
    std::int64_t images_;
};

}  // namespace npusim
