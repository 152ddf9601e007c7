#include "result_bytes.h"

#include <cstring>
#include <stdexcept>

#include "visit_counters.h"

namespace npusim {
namespace {

class Writer {
public:
    static constexpr bool reads = false;

    void number(const std::uint64_t& value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof value);
        std::memcpy(bytes_.data() + at, &value, sizeof value);
    }
    void text(const std::string& value) {
        number(value.size());
        bytes_.append(value);
    }
    template <typename List>
    void size_of(const List& list) {
        number(list.size());
    }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

class Reader {
public:
    static constexpr bool reads = true;

    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    void number(std::uint64_t& value) { std::memcpy(&value, next(sizeof value).data(), sizeof value); }
    void text(std::string& value) {
        std::uint64_t length = 0;
        number(length);
        value = next(length);
    }
    /// Each element takes at least a number, so that a damaged size allocates no more than there are bytes.
    template <typename List>
    void size_of(List& list) {
        std::uint64_t size = 0;
        number(size);
        if (size > bytes_.size() / sizeof size) throw std::runtime_error("a result has too few bytes");
        list.resize(size);
    }
    void finish() const {
        if (!bytes_.empty()) throw std::runtime_error("a result has too many bytes");
    }

private:
    std::string_view next(std::uint64_t length) {
        if (length > bytes_.size()) throw std::runtime_error("a result has too few bytes");
        const std::string_view taken = bytes_.substr(0, length);
        bytes_.remove_prefix(length);
        return taken;
    }

    std::string_view bytes_;
};

/// A signed number through an unsigned one, in either direction.
template <typename Archive, typename Number>
void visit_number(Archive& archive, Number& value) {
    auto unsigned_value = static_cast<std::uint64_t>(value);
    archive.number(unsigned_value);
    if constexpr (Archive::reads) value = static_cast<std::remove_const_t<Number>>(unsigned_value);
}

/// One order for both directions.
template <typename Archive, typename Result>
void visit_result(Archive& archive, Result& result) {
    archive.text(result.network);
    archive.size_of(result.layers);
    for (auto& layer : result.layers) {
        visit_number(archive, layer.node);
        archive.text(layer.name);
        archive.text(layer.op);
        visit_counters(archive, layer.counters);
    }
    visit_counters(archive, result.total);
    visit_counters(archive, result.first_total);
    visit_number(archive, result.batch);
    visit_number(archive, result.weight_bytes);
    visit_number(archive, result.peak_activation_bytes);
    archive.size_of(result.logits);
    for (auto& image : result.logits) {
        archive.size_of(image);
        for (auto& logit : image) visit_number(archive, logit);
    }
}

}  // namespace

std::string result_bytes(const RunResult& result) {
    Writer writer;
    visit_result(writer, result);
    return writer.take();
}

RunResult result_of_bytes(std::string_view bytes) {
    RunResult result;
    Reader reader(bytes);
    visit_result(reader, result);
    reader.finish();
    return result;
}

}  // namespace npusim
