// Decides before a run which tensors share memory, so that running allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace npusim {

/// Hands out slots of memory by number; a slot grows to the largest tensor that ever used it.
class SlotPlanner {
public:
    [[nodiscard]] std::size_t take(std::int64_t elements);
    void give_back(std::size_t slot) { free_.push_back(slot); }
    [[nodiscard]] const std::vector<std::int64_t>& slot_elements() const { return slot_elements_; }

private:
    std::vector<std::int64_t> slot_elements_;
    std::vector<std::size_t> free_;
};

/// Workspaces that are kept from run to run; as many as runs that overlapped.
template <typename Workspace>
class WorkspacePool {
public:
    template <typename Make, typename Use>
    auto use(Make make, Use use_it) {
        std::unique_ptr<Workspace> workspace = take();
        if (!workspace) workspace = std::make_unique<Workspace>(make());
        auto result = use_it(*workspace);
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(workspace));
        return result;
    }

private:
    std::unique_ptr<Workspace> take() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return nullptr;
        auto workspace = std::move(idle_.back());
        idle_.pop_back();
        return workspace;
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<Workspace>> idle_;
};

/// Zeroed memory of every slot.
[[nodiscard]] std::vector<std::vector<float>> allocate_slots(const std::vector<std::int64_t>& slot_elements);

}  // namespace npusim
