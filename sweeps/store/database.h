// What a SweepStore holds.
#pragma once

#include "connection.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim {

struct SweepStore::Database {
    store::Connection connection;
};

}  // namespace npusim
