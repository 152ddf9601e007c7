// Memory for whole batches, in large pages.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace npusim {

/// A batch's tensors are read from end to end, and each small page on the way costs a walk through the page tables, in
/// a virtual machine through two of them. Asks Linux for pages of 2 MiB where it gives them on request only.
template <typename T>
struct LargePages {
    using value_type = T;

    LargePages() = default;
    template <typename Other>
    explicit LargePages(const LargePages<Other>&) {}

    [[nodiscard]] T* allocate(std::size_t elements) {
        const std::size_t size_bytes = elements * sizeof(T);
        if (size_bytes < kPageBytes) return static_cast<T*>(::operator new(size_bytes));
        void* memory = ::operator new (size_bytes, std::align_val_t{kPageBytes});
#if defined(__linux__)
        // A hint: without it everything works as before.
        (void)::madvise(memory, size_bytes, MADV_HUGEPAGE);
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t elements) {
        if (elements * sizeof(T) < kPageBytes) {
            ::operator delete(memory);
        } else {
            ::operator delete (memory, std::align_val_t{kPageBytes});
        }
    }
    friend bool operator==(const LargePages&, const LargePages&) {
        return true;
    }

private:
    static constexpr std::size_t kPageBytes = std::size_t{1} << 21;
};

template <typename T>
using BatchVector = std::vector<T, LargePages<T>>;

}  // namespace npusim
