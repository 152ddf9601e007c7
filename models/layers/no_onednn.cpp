// Stands in where oneDNN is not found. Always compiled, so that every checker sees it.
#include "npusim/models/layers/integer_conv2d.h"
#include "onednn_convolution.h"
#include "onednn_quantized.h"

#ifndef NPUSIM_HAS_ONEDNN

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

bool onednn_quantized_forward(const ConvShape&, std::int64_t, const ConvSteps&, const std::uint8_t*, const float*,
                              float*, ConvScratch&) {
    return false;
}

bool onednn_quantized_backward(const ConvShape&, std::int64_t, const ConvSteps&, const std::uint8_t*, const float*,
                               const float*, float*, float*, ConvScratch&) {
    return false;
}

std::unique_ptr<IntegerConv2d> make_integer_conv2d(const ConvShape&, std::int64_t, const IntegerOperands&) {
    return nullptr;
}

}  // namespace npusim

#endif
