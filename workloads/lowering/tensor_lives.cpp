#include "tensor_lives.h"

namespace npusim {

std::vector<TensorLife> tensor_lives(const QuantizedNetwork& network) {
    std::vector<TensorLife> lives(network.tensors.size());
    const auto touch = [&](TensorId tensor, std::size_t node) {
        TensorLife& life = lives[tensor];
        // The image is there before the first node.
        if (life.writes + life.reads == 0) life.first = tensor == 0 ? 0 : node;
        life.last = node;
    };
    const auto read = [&](TensorId tensor, std::size_t node) {
        touch(tensor, node);
        ++lives[tensor].reads;
    };
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const QuantizedNode& node = network.nodes[i];
        for (const auto& to : node.destinations) {
            touch(to.tensor, i);
            ++lives[to.tensor].writes;
            if (lives[to.tensor].reads == 0 && to.tensor != 0) lives[to.tensor].is_made = true;
        }
        read(node.input.tensor, i);
        if (node.residual) read(node.residual->tensor, i);
    }
    return lives;
}

}  // namespace npusim
