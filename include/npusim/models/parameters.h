// fp32 tensors by name: what a checkpoint holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace npusim {

/// Dense row-major fp32 tensor.
struct Tensor {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
};

using Parameters = std::map<std::string, Tensor>;

}  // namespace npusim
