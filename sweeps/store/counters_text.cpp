#include "counters_text.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "../visit_counters.h"

namespace npusim::store {
namespace {

class NumberList {
public:
    static constexpr bool reads = false;

    void number(const std::uint64_t& value) { numbers_.push_back(value); }
    template <typename List>
    void size_of(const List& list) {
        numbers_.push_back(list.size());
    }
    [[nodiscard]] std::string text() const { return nlohmann::json(numbers_).dump(); }

private:
    std::vector<std::uint64_t> numbers_;
};

class NumberReader {
public:
    static constexpr bool reads = true;

    explicit NumberReader(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}

    void number(std::uint64_t& value) {
        if (at_ == numbers_.size()) throw std::runtime_error("counters have too few numbers");
        value = numbers_[at_++];
    }
    template <typename List>
    void size_of(List& list) {
        std::uint64_t size = 0;
        number(size);
        if (size > numbers_.size() - at_) throw std::runtime_error("counters have too few numbers");
        list.resize(size);
    }
    void finish() const {
        if (at_ != numbers_.size()) throw std::runtime_error("counters have too many numbers");
    }

private:
    std::vector<std::uint64_t> numbers_;
    std::size_t at_ = 0;
};

}  // namespace

std::string counters_text(const Counters& counters) {
    NumberList list;
    visit_counters(list, counters);
    return list.text();
}

Counters counters_of_text(std::string_view text) {
    NumberReader reader(nlohmann::json::parse(text).get<std::vector<std::uint64_t>>());
    Counters counters;
    visit_counters(reader, counters);
    reader.finish();
    return counters;
}

}  // namespace npusim::store
