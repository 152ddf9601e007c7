// What the two ways of convolving with oneDNN share: in float, and in 8-bit integers.
#pragma once

#include <omp.h>

#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string_view>
#include <utility>

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

/// A window as oneDNN wants it.
struct WindowDims {
    dnnl::memory::dims strides;
    dnnl::memory::dims dilations;
    dnnl::memory::dims pads_before;
    dnnl::memory::dims pads_after;
};

inline WindowDims window_dims(const ConvShape& s) {
    return {{s.stride_height, s.stride_width},
            {s.dilation_height - 1, s.dilation_width - 1},
            {s.pad_top, s.pad_left},
            {s.pad_bottom, s.pad_right}};
}

inline dnnl::memory::dims weight_extents(const ConvShape& s) {
    dnnl::memory::dims extents{s.group_outputs(), s.group_inputs(), s.kernel_height, s.kernel_width};
    if (s.groups > 1) extents.insert(extents.begin(), s.groups);
    return extents;
}

/// HWIO, as conv2d.h has them.
inline dnnl::memory::desc plain_weights_desc(const ConvShape& s, dnnl::memory::data_type type) {
    dnnl::memory::dims steps{1, s.out_channels, s.kernel_width * s.group_inputs() * s.out_channels,
                             s.group_inputs() * s.out_channels};
    if (s.groups > 1) steps.insert(steps.begin(), s.group_outputs());
    return {weight_extents(s), type, steps};
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

/// What was prepared, by what was asked for; nothing where oneDNN has no kernel.
template <typename Key, typename Prepared>
struct PrimitiveCache {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    std::map<Key, std::optional<Prepared>> prepared;

    template <typename Prepare>
    const std::optional<Prepared>& find_or_make(const Key& key, const Prepare& prepare) {
        const auto found = prepared.find(key);
        if (found != prepared.end()) return found->second;
        std::optional<Prepared> made;
        try {
            made = prepare(key, engine);
        } catch (const dnnl::error& error) {
            if (error.status != dnnl_unimplemented) throw;
        }
        return prepared.emplace(key, std::move(made)).first->second;
    }
};

}  // namespace npusim
