// What the two ways of convolving with oneDNN share: in float, and in 8-bit integers.
#pragma once

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>

#include "npusim/models/layers/conv2d.h"

namespace npusim {

/// oneDNN asks OpenMP for its threads when it makes a primitive and when it runs one. The setting belongs to the
/// calling thread.
class OneThread {
public:
    OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
    ~OneThread() { omp_set_num_threads(before_); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int before_;
};

struct BatchedShape {
    ConvShape shape;
    std::int64_t images = 0;
};

/// oneDNN multiplies a 1×1 convolution image by image, which reads the weights again for each. As one long line of
/// pixels it is one product.
inline BatchedShape as_one_product(const ConvShape& s, std::int64_t images) {
    if (!s.is_pointwise() || s.groups > 1) return {s, images};
    ConvShape line = s;
    line.in_height = line.out_height = 1;
    line.in_width = line.out_width = images * s.in_height * s.in_width;
    return {line, 1};
}

inline dnnl::primitive_attr user_scratchpad() {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attributes;
}

/// The reference code, which oneDNN falls back to, is far slower than the portable path.
template <typename Description>
bool is_generated(const Description& description) {
    return std::string_view(description.impl_info_str()).substr(0, 3) != "ref";
}

/// oneDNN's memory is not const even where it is only read.
template <typename Value>
dnnl::memory view(const dnnl::memory::desc& description, const dnnl::engine& engine, const Value* data) {
    return {description, engine, const_cast<Value*>(data)};
}

}  // namespace npusim
