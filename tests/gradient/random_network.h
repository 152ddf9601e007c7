// Small networks of every kind of connection.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "npusim/models/graph/network_builder.h"

namespace npusim::test {

/// Random layers over maps of 4x6x6, then over smaller ones of 5x3x3. Each may read any map before it of its size, the
/// images too; what nobody read is added up in the end.
class RandomNetwork {
public:
    explicit RandomNetwork(std::uint32_t seed) : random_(seed), builder_("random", {4, 6, 6}) {
        window_.kernel_height = window_.kernel_width = 3;
        window_.pad_top = window_.pad_left = window_.pad_bottom = window_.pad_right = 1;
    }

    Network make() {
        maps_ = {{builder_.input(), true}};
        for (int layer = 0; layer < 5; ++layer) maps_.push_back({add_layer(), false});
        Window halving = window_;
        halving.stride_height = halving.stride_width = 2;
        const NodeId half = builder_.conv2d("halve", sum_of_unread(), 5, halving, 1, false);
        maps_ = {{builder_.relu("relu", builder_.batch_norm("bn", half)), false}};
        for (int layer = 0; layer < 5; ++layer) maps_.push_back({add_layer(), false});
        const NodeId mean = builder_.adaptive_average_pool("mean", sum_of_unread(), 1, 1);
        return builder_.finish(builder_.linear("fc", builder_.flatten("flatten", mean), 5));
    }

private:
    struct Map {
        NodeId node = 0;
        bool is_read = false;
    };

    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
    std::string name(const char* kind) { return kind + std::to_string(count_++); }
    NodeId any() {
        Map& map = below(4) == 0 ? maps_[below(maps_.size())] : maps_.back();
        map.is_read = true;
        return map.node;
    }
    NodeId convolution() {
        const NodeId from = any();
        NodeId made = builder_.conv2d(name("conv"), from, builder_.shape(from).channels, window_, 1, below(4) == 0);
        if (below(4) != 0) made = builder_.batch_norm(name("bn"), made);
        return below(3) == 0 ? made : builder_.relu(name("relu"), made);
    }
    NodeId add_layer() {
        switch (below(6)) {
            case 0: {
                const NodeId left = convolution();
                const NodeId sum = builder_.add(name("add"), left, any());
                return below(2) == 0 ? sum : builder_.relu(name("relu"), sum);
            }
            case 1:
                return builder_.max_pool(name("pool"), any(), window_);
            case 2: {  // the images themselves cannot be a part of a concatenation
                const NodeId left = convolution();
                const NodeId both = builder_.concat(name("cat"), {left, convolution()});
                maps_.push_back({left, below(2) == 0});
                return builder_.conv2d(name("squeeze"), both, builder_.shape(left).channels, Window{}, 1, false);
            }
            case 3:
                return builder_.dropout(name("dropout"), convolution(), 0.3);
            default:
                return convolution();
        }
    }
    NodeId sum_of_unread() {
        NodeId sum = maps_.back().node;
        for (std::size_t i = 0; i + 1 < maps_.size(); ++i) {
            if (!maps_[i].is_read) sum = builder_.add(name("sum"), maps_[i].node, sum);
        }
        return sum;
    }

    std::mt19937 random_;
    NetworkBuilder builder_;
    Window window_;
    std::vector<Map> maps_;
    int count_ = 0;
};

}  // namespace npusim::test
