// Processes that work on one thing together, as mpirun starts them: who this one is, and bytes between them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace npusim {

/// Bytes are those of this machine: all ranks must run the same program on processors of one kind.
class Ranks {
public:
    Ranks() = default;
    virtual ~Ranks() = default;
    Ranks(const Ranks&) = delete;
    Ranks& operator=(const Ranks&) = delete;

    [[nodiscard]] virtual int rank() const = 0;
    [[nodiscard]] virtual int count() const = 0;
    /// How many of the ranks run on this machine.
    [[nodiscard]] virtual int count_here() const = 0;

    /// What each rank gave, by rank; all ranks must call it.
    [[nodiscard]] virtual std::vector<std::string> all_gather(std::string_view bytes) = 0;

    /// Returns at once; messages between two ranks arrive in their order.
    virtual void send(int to, std::string_view bytes) = 0;
    /// A message that has arrived, with its sender; nothing when there is none.
    [[nodiscard]] virtual std::optional<std::pair<int, std::string>> receive() = 0;

    /// Ends all ranks. Does not return.
    [[noreturn]] virtual void abort(int exit_code) = 0;
};

/// How many threads or workers this process should use where nobody says: all processors that it may run on, or its
/// share of them where other ranks run on this machine and nobody has bound it to its own. `ranks` may be null.
[[nodiscard]] unsigned own_processors(const Ranks* ranks);

/// This process by itself: messages are not sent, and gathering gives what was given.
[[nodiscard]] std::unique_ptr<Ranks> make_single_rank();

/// The ranks that mpirun started this process with. Once in a process. Throws std::runtime_error in a program that was
/// built without MPI. MPI's own threads run from here on.
[[nodiscard]] std::unique_ptr<Ranks> make_mpi_ranks();

}  // namespace npusim
