// The inside of a ConvWorkspace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "npusim/models/layers/conv2d.h"

namespace npusim {

/// Memory on cache lines that grows and never shrinks; its content is undefined.
class GrowingBuffer {
public:
    template <typename T>
    [[nodiscard]] T* get(std::int64_t elements) {
        return static_cast<T*>(reserve(static_cast<std::size_t>(elements) * sizeof(T)));
    }

private:
    static constexpr std::align_val_t alignment{64};
    struct Free {
        void operator()(void* memory) const { ::operator delete(memory, alignment); }
    };
    void* reserve(std::size_t size_bytes) {
        if (size_bytes > size_bytes_) {
            memory_.reset();
            memory_.reset(::operator new(size_bytes, alignment));
            size_bytes_ = size_bytes;
        }
        return memory_.get();
    }

    std::unique_ptr<void, Free> memory_;
    std::size_t size_bytes_ = 0;
};

struct OnednnCache;
struct OnednnQuantizedCache;

/// Which weights lie packed in ConvScratch::onednn_kept.
struct KeptWeights {
    const void* weights = nullptr;
    const void* kernel = nullptr;  ///< that wants them so
    std::uint64_t version = 0;     ///< ConvWorkspace::expect_weights
    friend bool operator==(const KeptWeights&, const KeptWeights&) = default;
};

struct ConvScratch {
    GrowingBuffer columns;
    GrowingBuffer onednn_memory;
    GrowingBuffer onednn_weights;
    GrowingBuffer onednn_kept;
    KeptWeights kept;
    std::uint64_t weights_version = 0;
    GrowingBuffer onednn_from;
    GrowingBuffer onednn_to;
    std::shared_ptr<OnednnCache> onednn;                     ///< null unless the backend is oneDNN
    std::shared_ptr<OnednnQuantizedCache> onednn_quantized;  ///< made when first wanted
};

}  // namespace npusim
