#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "npusim/ranks/ranks.h"

namespace npusim {
namespace {

class SingleRank final : public Ranks {
public:
    [[nodiscard]] int rank() const override { return 0; }
    [[nodiscard]] int count() const override { return 1; }
    [[nodiscard]] int count_here() const override { return 1; }
    [[nodiscard]] std::vector<std::string> all_gather(std::string_view bytes) override { return {std::string(bytes)}; }
    void send(int, std::string_view) override {}
    [[nodiscard]] std::optional<std::pair<int, std::string>> receive() override { return std::nullopt; }
    [[noreturn]] void abort(int exit_code) override { std::exit(exit_code); }
};

}  // namespace

unsigned own_processors(const Ranks* ranks) {
    const unsigned allowed = std::max(1U, std::thread::hardware_concurrency());
    const bool is_bound = static_cast<long>(allowed) < ::sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned sharers = ranks != nullptr && !is_bound ? static_cast<unsigned>(ranks->count_here()) : 1;
    return std::max(1U, allowed / sharers);
}

std::unique_ptr<Ranks> make_single_rank() {
    return std::make_unique<SingleRank>();
}

}  // namespace npusim
