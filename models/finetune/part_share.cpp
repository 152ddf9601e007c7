#include "part_share.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace npusim {
namespace {

void check_size(const std::string& bytes, std::size_t wanted) {
    if (bytes.size() != wanted) throw std::runtime_error("another rank sends sums of another shape");
}

}  // namespace

void PartShare::divide(std::int64_t parts, std::int64_t unit) {
    parts_ = parts;
    unit_ = unit;
}

PartRange PartShare::range_of(int rank) const {
    const std::int64_t units = (parts_ + unit_ - 1) / unit_;
    return {std::min(parts_, units * rank / count() * unit_), std::min(parts_, units * (rank + 1) / count() * unit_)};
}

template <typename Value>
void PartShare::gather(std::span<std::vector<Value>> rows, std::int64_t parts_per_row) const {
    if (!is_shared() || rows.empty() || rows[0].empty()) return;
    const auto rows_of = [&](int rank) {
        const PartRange range = range_of(rank);
        const auto row_behind = [&](std::int64_t part) {
            return static_cast<std::size_t>((part + parts_per_row - 1) / parts_per_row);
        };
        return rows.subspan(row_behind(range.begin), row_behind(range.end) - row_behind(range.begin));
    };
    const std::size_t row_bytes = rows[0].size() * sizeof(Value);
    std::string own;
    for (const auto& row : rows_of(rank())) own.append(reinterpret_cast<const char*>(row.data()), row_bytes);
    const std::vector<std::string> all = ranks_->all_gather(own);
    for (int other = 0; other < count(); ++other) {
        const std::string& bytes = all[static_cast<std::size_t>(other)];
        const auto theirs = rows_of(other);
        check_size(bytes, theirs.size() * row_bytes);
        for (std::size_t i = 0; i < theirs.size(); ++i) {
            std::memcpy(theirs[i].data(), bytes.data() + i * row_bytes, row_bytes);
        }
    }
}

template <typename Value>
void PartShare::gather(std::span<Value> values, std::int64_t elements) const {
    if (!is_shared()) return;
    const auto values_of = [&](int rank) {
        const PartRange range = range_of(rank);
        const auto place = [&](std::int64_t part) {
            return std::min(values.size(), static_cast<std::size_t>(part * elements));
        };
        return values.subspan(place(range.begin), place(range.end) - place(range.begin));
    };
    const auto own = values_of(rank());
    const std::vector<std::string> all =
        ranks_->all_gather({reinterpret_cast<const char*>(own.data()), own.size_bytes()});
    for (int other = 0; other < count(); ++other) {
        const std::string& bytes = all[static_cast<std::size_t>(other)];
        const auto theirs = values_of(other);
        check_size(bytes, theirs.size_bytes());
        if (other != rank() && !bytes.empty()) std::memcpy(theirs.data(), bytes.data(), bytes.size());
    }
}

template void PartShare::gather(std::span<std::vector<float>>, std::int64_t) const;
template void PartShare::gather(std::span<std::vector<double>>, std::int64_t) const;
template void PartShare::gather(std::span<float>, std::int64_t) const;
template void PartShare::gather(std::span<double>, std::int64_t) const;

}  // namespace npusim
