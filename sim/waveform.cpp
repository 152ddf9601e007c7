#include "waveform.h"

#include <sysc/tracing/sc_tracing_ids.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "npusim/arch/counters.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim::sim {
namespace {

/// What the numbers in the file mean. A word that begins with $ would end the comment.
std::string header_of(const Program& program, const ArchSpec& arch) {
    std::string text = "$comment\n" + program.network + " on " + arch.name +
                       "; one ns of this file is one cycle of a clock of " + std::to_string(arch.clock_mhz) +
                       " MHz\nidle_cause:";
    for (std::size_t cause = 0; cause < kIdleCauses; ++cause) {
        text += " " + std::to_string(cause) + " " + std::string(name_of(static_cast<IdleCause>(cause))) + ",";
    }
    text += " " + std::to_string(kNoCause) + " works\nlayer:";
    for (std::size_t i = 0; i < program.layers.size(); ++i) {
        text += (i == 0 ? " " : ", ") + std::to_string(i) + " " + program.layers[i].name;
    }
    for (std::size_t at = text.find('$', 1); at != std::string::npos; at = text.find('$', at)) text[at] = '_';
    return text + "\n$end\n\n";
}

/// The DMA engines' turns lie within a cycle, and SystemC writes no time between two steps of its unit.
constexpr int kStepsPerCycle = 10;

/// The trace with its steps' numbers as whole cycles, each once.
std::string in_cycles(const std::string& trace) {
    std::istringstream lines(trace);
    std::string text;
    std::string cycle;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(" ps") != std::string::npos && cycle.empty()) line = "     1 ns";
        if (line.starts_with('#')) {
            line.pop_back();  // a tenth of it
            if (line == "#") line = "#0";
            if (line == cycle) continue;
            cycle = line;
        }
        text += line + '\n';
    }
    return text;
}

/// Whether the trace's last line is a time of that cycle.
bool ends_at(const std::string& trace, std::uint64_t cycle) {
    const std::size_t last = trace.rfind("\n#");
    if (last == std::string::npos || trace.find('\n', last + 1) != trace.size() - 1) return false;
    return std::stoull(trace.substr(last + 2)) / kStepsPerCycle == cycle;
}

}  // namespace

Waveform::Waveform(const std::filesystem::path& target, const Program& program, const ArchSpec& arch)
    : target_(target),
      part_(target.string() + ".part-" + std::to_string(::getpid())),
      header_(header_of(program, arch)) {
    sc_core::sc_report_handler::set_actions(sc_core::SC_ID_TRACING_TIMESCALE_UNIT_, sc_core::SC_DO_NOTHING);
    // SystemC 2.3.4 goes on without its file and divides by zero.
    if (!std::ofstream(part_ + ".vcd")) {
        throw InputError(target_.string(), "", "cannot be written: " + std::system_category().message(errno));
    }
    file_ = sc_core::sc_create_vcd_trace_file(part_.c_str());
    file_->set_time_unit(1.0 / kStepsPerCycle, sc_core::SC_NS);
}

Waveform::~Waveform() {
    close();
    std::error_code ignored;
    std::filesystem::remove(part_ + ".vcd", ignored);
}

void Waveform::close() {
    if (file_ != nullptr) sc_core::sc_close_vcd_trace_file(file_);
    file_ = nullptr;
}

void Waveform::finish(std::uint64_t last_cycle) {
    close();
    const std::string text = read_text_file(part_ + ".vcd");
    const std::size_t start = text.find("$timescale");
    // SystemC says nothing of a full disk: then the time that it writes when it closes the file is missing.
    if (start == std::string::npos || !ends_at(text, last_cycle)) {
        throw InputError(target_.string(), "", "cannot be written: the disk has no room for the whole waveform");
    }
    write_whole_file(target_, header_ + in_cycles(text.substr(start)));
}

}  // namespace npusim::sim
