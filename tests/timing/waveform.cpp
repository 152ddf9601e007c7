// The VCD file of a run: well formed, and the same time in every state as the counters have.
#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "npusim/base/files.h"
#include "npusim/sim/timeline.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"
#include "support/test_data.h"

namespace npusim {

namespace {

struct Change {
    std::uint64_t cycle = 0;
    std::uint64_t value = 0;
};

/// A reader of the VCD files that have whole numbers only.
class Waves {
public:
    explicit Waves(const std::string& text) {
        std::istringstream words(text);
        std::string word;
        while (words >> word && word != "$enddefinitions") read_definition(word, words);
        REQUIRE(word == "$enddefinitions");
        REQUIRE((words >> word && word == "$end"));
        while (words >> word) read_change(word, words);
    }

    [[nodiscard]] const std::vector<Change>& of(const std::string& name) const { return changes_.at(ids_.at(name)); }
    [[nodiscard]] const std::map<std::string, std::string>& ids() const { return ids_; }
    [[nodiscard]] std::uint64_t last_cycle() const { return now_; }
    [[nodiscard]] const std::string& comment() const { return comment_; }

    /// The cycles that a signal has each value.
    [[nodiscard]] std::map<std::uint64_t, std::uint64_t> cycles_by_value(const std::string& name) const {
        std::map<std::uint64_t, std::uint64_t> cycles;
        const auto& changes = of(name);
        for (std::size_t i = 0; i < changes.size(); ++i) {
            cycles[changes[i].value] += (i + 1 < changes.size() ? changes[i + 1].cycle : now_) - changes[i].cycle;
        }
        return cycles;
    }

private:
    static std::string until_end(std::istream& words) {
        std::string text;
        for (std::string word; words >> word && word != "$end";) text += word + " ";
        return text;
    }

    void read_definition(const std::string& word, std::istream& words) {
        const std::string text = until_end(words);
        std::istringstream parts(text);
        if (word == "$scope") {
            std::string kind;
            std::string name;
            parts >> kind >> name;
            scope_ += name + ".";
        } else if (word == "$upscope") {
            const std::size_t dot = scope_.size() < 2 ? std::string::npos : scope_.rfind('.', scope_.size() - 2);
            scope_.erase(dot == std::string::npos ? 0 : dot + 1);
        } else if (word == "$var") {
            std::string kind;
            std::string width;
            std::string id;
            std::string name;
            parts >> kind >> width >> id >> name;
            std::string whole = scope_ + name;
            ids_[whole.substr(whole.find('.') + 1)] = id;
            changes_[id] = {};
        } else if (word == "$comment") {
            comment_ += text;
        } else {
            CHECK(word == "$timescale");
            CHECK(text == "1 ns ");
        }
    }

    void read_change(const std::string& word, std::istream& words) {
        if (word == "$dumpvars" || word == "$end") return;
        if (word.front() == '#') {
            const std::uint64_t time = std::stoull(word.substr(1));
            CHECK((!has_time_ || time > now_));
            now_ = time;
            has_time_ = true;
        } else if (word == "$comment") {
            (void)until_end(words);
        } else if (word.front() == 'b') {
            std::string id;
            words >> id;
            changes_.at(id).push_back({now_, std::stoull(word.substr(1), nullptr, 2)});
        } else {
            REQUIRE((word.front() == '0' || word.front() == '1'));
            changes_.at(word.substr(1)).push_back({now_, word.front() == '1' ? 1U : 0U});
        }
    }

    std::string scope_;
    std::string comment_;
    std::map<std::string, std::string> ids_;  ///< by name
    std::map<std::string, std::vector<Change>> changes_;
    std::uint64_t now_ = 0;
    bool has_time_ = false;
};

struct TracedRun {
    RunResult result;
    std::string text;
};

TracedRun trace(const QuantizedNetwork& network, const ArchSpec& arch, const Program& program,
                Detail detail = Detail::transaction) {
    const test::TemporaryFolder folder;
    const auto outcomes = run_in_workers({[&](const FractionSink&) {
        SimulationInput input{network, arch, program, {}, {}, {}};
        input.waveform = folder / "run.vcd";
        input.detail = detail;
        return simulate(input);
    }});
    TracedRun run{result_or_throw(outcomes.front()), read_text_file(folder / "run.vcd")};
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) files += entry.exists() ? 1 : 0;
    CHECK(files == 1);
    return run;
}

/// Fill, drain and conflicts are parts of a command, and so is DRAM's time of a transfer.
void check_unit(const Waves& waves, MachineUnit unit, const UnitCycles& counted) {
    constexpr std::size_t no_cause = 15;
    const std::string name(name_of(unit));
    INFO(name);
    const bool is_dma = unit == MachineUnit::load_dma || unit == MachineUnit::store_dma;
    std::uint64_t works = counted.busy_cycles;
    auto cycles = waves.cycles_by_value(name + ".idle_cause");
    for (std::size_t i = 0; i < kIdleCauses; ++i) {
        const auto cause = static_cast<IdleCause>(i);
        const bool is_work =
            is_dma ? cause == IdleCause::dram : cause == IdleCause::fill_drain || cause == IdleCause::bank_conflict;
        if (is_work) works += counted.idle(cause);
        INFO(name_of(cause));
        CHECK(cycles[i] == (is_work ? 0 : counted.idle(cause)));
    }
    CHECK(cycles[no_cause] == works);
    CHECK(waves.cycles_by_value(name + ".works")[1] == works);
}

void check_waves(const Waves& waves, const RunResult& result, std::uint64_t slots) {
    CHECK(waves.last_cycle() == result.total.total_cycles);
    CHECK(waves.ids().size() == 1 + 4 * 3 + kTokens);
    for (std::size_t unit = 0; unit < kMachineUnits; ++unit) {
        const auto which = static_cast<MachineUnit>(unit);
        check_unit(waves, which, cycles_of(result.total, which));
    }
    auto layers = waves.cycles_by_value("layer");
    for (std::size_t i = 0; i < result.layers.size(); ++i) {
        CHECK(layers[i] == result.layers[i].counters.total_cycles);
    }
    for (const auto& [tokens, cycles] : waves.cycles_by_value("tokens.weights_free")) {
        INFO(cycles << " cycles");
        CHECK(tokens <= slots);
    }
}

}  // namespace

TEST_CASE("A waveform's times ascend to the run's last cycle, and its states take as long as the counters say") {
    for (const Detail detail : {Detail::transaction, Detail::register_level}) {
        for (const auto& pair : test::random_pairs(540'000, 40)) {
            INFO("seed " << pair.seed);
            const TracedRun run = trace(pair.network, pair.arch, pair.program, detail);
            check_waves(Waves(run.text), run.result, pair.arch.double_buffering ? 2 : 1);
        }
    }
}

TEST_CASE("A waveform changes no counter and has the same bytes twice") {
    for (const auto& pair : test::random_pairs(550'000, 15)) {
        INFO("seed " << pair.seed);
        const TracedRun first = trace(pair.network, pair.arch, pair.program);
        const RunResult alone = test::simulate_in_child(pair.network, pair.arch, pair.program);
        CHECK(first.result.total == alone.total);
        CHECK(trace(pair.network, pair.arch, pair.program).text == first.text);
        CHECK_THAT(Waves(first.text).comment(), Catch::Contains(std::to_string(pair.arch.clock_mhz) + " MHz"));
    }
}

}  // namespace npusim
