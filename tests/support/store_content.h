// What tests put into stores, all that a store holds as one text, and processes that write, fail and die.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <functional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/sweeps/result_json.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim::test {

inline SweepStore open_to_write(const std::filesystem::path& file) {
    return {file, SweepStore::Mode::create_or_extend};
}

inline SweepStore open_to_read(const std::filesystem::path& file) {
    return {file, SweepStore::Mode::read_only};
}

/// The layer of a number, the same at each call.
inline StoredLayer sample_layer(std::uint64_t number) {
    std::mt19937_64 generator(number);
    StoredLayer layer{"layer" + std::to_string(number), number % 2 == 0 ? "convolution" : "max_pool", {}};
    layer.counters.total_cycles = 1 + generator() % 1'000'000;
    layer.counters.macs = generator() % 1'000'000'000;
    layer.counters.pe_operations = layer.counters.pe_steps = generator() % layer.counters.total_cycles;
    for (auto& cycles : layer.counters.array.idle_cycles) cycles = generator();
    layer.counters.activation_buffer.reads = generator() % 1'000'000;
    layer.counters.dram.weight_read_bytes = generator() % 1'000'000;
    return layer;
}

constexpr std::uint64_t kLayersOfPoint = 12;

inline const nlohmann::json& sample_arch() {
    static const nlohmann::json arch =
        to_json(read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int4_array.json"));
    return arch;
}

/// The point of a number; half of its layers are its own, half are shared with others. Every seventh is not done.
inline StoredPoint sample_point(std::uint64_t number) {
    StoredPoint point;
    point.key = "point" + std::to_string(number);
    point.network = "net, \"" + std::to_string(number % 3) + "\"";
    point.arch = sample_arch();
    if (number % 7 == 6) {
        point.status = number % 2 == 0 ? PointStatus::impossible : PointStatus::crashed;
        point.reason = "signal 11,\nat line " + std::to_string(number);
        return point;
    }
    for (std::uint64_t i = 0; i < kLayersOfPoint; ++i) {
        const std::uint64_t layer = i % 2 == 0 ? 1000 + number * kLayersOfPoint + i : (number * i) % 50;
        point.layers.emplace_back("conv" + std::to_string(i), "layer" + std::to_string(layer));
    }
    return point;
}

inline std::vector<StoredLayer> layers_of(const StoredPoint& point) {
    std::vector<StoredLayer> layers;
    for (const auto& [name, key] : point.layers) layers.push_back(sample_layer(std::stoull(key.substr(5))));
    return layers;
}

inline void add_sample(SweepStore& store, std::uint64_t number) {
    const StoredPoint point = sample_point(number);
    store.add(layers_of(point), point);
}

inline std::vector<SweepEntry> sample_entries(std::uint64_t points) {
    std::vector<SweepEntry> entries;
    for (std::uint64_t i = 0; i < points; ++i) {
        const nlohmann::json setting = {"/array/rows", i};
        entries.push_back(
            {static_cast<std::int64_t>(i), nlohmann::json::array({setting}), "point" + std::to_string(i)});
    }
    return entries;
}

inline const nlohmann::json& sample_spec() {
    static const nlohmann::json spec = {{"name", "samples"}};
    return spec;
}

inline std::string text_of(const StoredPoint& point) {
    const nlohmann::json json = {point.key,    point.network, point.arch, name_of(point.status),
                                 point.reason, point.layers};
    return json.dump();
}

/// All that a store holds.
inline std::string export_of(const SweepStore& store) {
    std::ostringstream text;
    for (const auto& [key, layer] : store.layers()) text << key << layer.op << to_json(layer.counters) << '\n';
    for (const auto& [key, point] : store.points()) text << key << text_of(point) << '\n';
    for (const std::string& name : store.sweeps()) {
        text << name << store.sweep_spec(name) << '\n';
        for (const auto& entry : store.sweep_entries(name)) {
            text << entry.index << entry.settings << entry.point_key << '\n';
        }
    }
    return text.str();
}

/// The export of a store that got the points [0, points) and their sweep in order, by one process.
inline std::string undisturbed_export(const std::filesystem::path& file, std::uint64_t points) {
    SweepStore store = open_to_write(file);
    store.set_sweep("samples", sample_spec(), sample_entries(points));
    for (std::uint64_t i = 0; i < points; ++i) add_sample(store, i);
    return export_of(store);
}

/// A forked process that runs a job, whose text comes back by a pipe.
class Child {
public:
    explicit Child(const std::function<std::string()>& job) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("no child");
        if (pid_ == 0) run(job, ends[1]);
        ::close(ends[1]);
        read_end_ = ends[0];
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        kill();
        ::close(read_end_);
    }

    /// Waits for the end; the job's text, or "threw: " and what was thrown.
    std::string text() {
        std::string all;
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = ::read(read_end_, part.data(), part.size())) > 0;) {
            all.append(part.data(), static_cast<std::size_t>(got));
        }
        reap();
        return all;
    }

    void kill() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
        reap();
    }

private:
    [[noreturn]] static void run(const std::function<std::string()>& job, int end) {
        std::string text;
        try {
            text = job();
        } catch (const std::exception& error) {
            text = std::string("threw: ") + error.what();
        }
        const bool written = ::write(end, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        ::_exit(written ? 0 : 1);
    }

    void reap() {
        if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

    pid_t pid_ = -1;
    int read_end_ = -1;
};

}  // namespace npusim::test
