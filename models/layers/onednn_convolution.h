// The fast path of the convolutions. Two source files implement it, one of which stands in where oneDNN is missing.
#pragma once

#include "conv_scratch.h"

namespace npusim {

/// Null in a build without oneDNN.
[[nodiscard]] std::shared_ptr<OnednnCache> make_onednn_cache();
[[nodiscard]] bool has_onednn();

/// The kernels of conv2d.h. False: oneDNN has no generated code for the shape, and nothing was done.
bool onednn_forward(const ConvShape& shape, std::int64_t images, const float* in, const float* weights, float* out,
                    ConvScratch& scratch);
bool onednn_backward_input(const ConvShape& shape, std::int64_t images, const float* grad_out, const float* weights,
                           float* grad_in, ConvScratch& scratch);
bool onednn_backward_weights(const ConvShape& shape, std::int64_t images, const float* in, const float* grad_out,
                             float* grad_weights, ConvScratch& scratch);

}  // namespace npusim
