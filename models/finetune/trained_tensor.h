// A parameter while it is trained.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace npusim {

template <typename Scalar>
struct TrainedTensor {
    std::string name;
    std::vector<std::int64_t> shape;  ///< torch order
    std::vector<Scalar> values;
    std::vector<Scalar> gradient;
    std::vector<Scalar> momentum;
    bool decays = false;  ///< weight decay applies: weights of convolutions and linear layers
};

}  // namespace npusim
