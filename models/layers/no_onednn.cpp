#include "onednn_convolution.h"

namespace npusim {

std::shared_ptr<OnednnCache> make_onednn_cache() {
    return nullptr;
}

bool has_onednn() {
    return false;
}

bool onednn_forward(const ConvShape&, std::int64_t, const float*, const float*, float*, ConvScratch&) {
    return false;
}

bool onednn_backward_input(const ConvShape&, std::int64_t, const float*, const float*, float*, ConvScratch&) {
    return false;
}

bool onednn_backward_weights(const ConvShape&, std::int64_t, const float*, const float*, float*, ConvScratch&) {
    return false;
}

}  // namespace npusim
