#include "onednn_quantized.h"

#include <optional>

#include "conv_codes.h"
#include "onednn_support.h"

namespace npusim {

namespace {

using Desc = dnnl::memory::desc;
using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

enum class Pass { forward_of_unsigned, forward_of_signed, backward_input, backward_weights };

struct Key {
    ConvShape shape;
    std::int64_t images = 0;
    Pass pass = Pass::forward_of_unsigned;
    // The 0 that the compiler compares with is taken for a pointer.
    friend auto operator<=>(const Key&, const Key&) = default;  // NOLINT(modernize-use-nullptr)
};

/// One convolution ready to run, and the way of the weights (or their gradient) between their two layouts.
struct Prepared {
    dnnl::primitive convolution;
    dnnl::reorder reorder;
    Desc in;
    Desc out;
    Desc plain_weights;
    Desc packed_weights;
    Desc scratch;
};

Desc in_desc(const ConvShape& s, std::int64_t images, Type type) {
    return {{images, s.in_channels, s.in_height, s.in_width}, type, Tag::nhwc};
}

Desc out_desc(const ConvShape& s, std::int64_t images, Type type) {
    return {{images, s.out_channels, s.out_height, s.out_width}, type, Tag::nhwc};
}

Desc any_weights_desc(const ConvShape& s, Type type) {
    return {weight_extents(s), type, Tag::any};
}

/// The gradient's channels twice: its upper and its lower half.
ConvShape with_doubled_outputs(ConvShape s) {
    s.out_channels *= 2;
    return s;
}

template <typename Description>
bool runs_on(const Description& description, std::string_view unit) {
    return is_generated(description) &&
           std::string_view(description.impl_info_str()).find(unit) != std::string_view::npos;
}

/// Without these units oneDNN adds products in pairs in 16 bits, which may overflow.
template <typename Description>
bool is_exact(const Description& description) {
    return runs_on(description, "vnni") || runs_on(description, "amx");
}

dnnl::reorder reorder_of(const Desc& from, const Desc& to, const dnnl::engine& engine) {
    return dnnl::reorder(dnnl::reorder::primitive_desc(engine, from, engine, to));
}

Desc scale_desc(const ConvShape& s) {
    return {{1, s.out_channels, 1, 1}, Type::f32, Tag::nhwc};
}

std::optional<Prepared> prepare_forward(const ConvShape& s, std::int64_t images, Type in, const dnnl::engine& engine) {
    const WindowDims w = window_dims(s);
    dnnl::primitive_attr attributes = user_scratchpad();
    dnnl::post_ops scale;
    scale.append_binary(dnnl::algorithm::binary_mul, scale_desc(s));
    attributes.set_post_ops(scale);
    const dnnl::convolution_forward::primitive_desc description(
        {dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, in_desc(s, images, in),
         any_weights_desc(s, Type::s8), out_desc(s, images, Type::f32), w.strides, w.dilations, w.pads_before,
         w.pads_after},
        attributes, engine);
    if (!is_exact(description)) return std::nullopt;
    const Desc plain = plain_weights_desc(s, Type::s8);
    return Prepared{dnnl::convolution_forward(description),
                    reorder_of(plain, description.weights_desc(), engine),
                    description.src_desc(),
                    description.dst_desc(),
                    plain,
                    description.weights_desc(),
                    description.scratchpad_desc()};
}

dnnl::convolution_forward::primitive_desc bfloat16_forward(const ConvShape& s, std::int64_t images,
                                                           const dnnl::engine& engine) {
    const WindowDims w = window_dims(s);
    return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, in_desc(s, images, Type::bf16),
             any_weights_desc(s, Type::bf16), out_desc(s, images, Type::bf16), w.strides, w.dilations, w.pads_before,
             w.pads_after},
            user_scratchpad(),
            engine};
}

/// `s` has the doubled outputs, as below.
std::optional<Prepared> prepare_backward_input(const ConvShape& s, std::int64_t images, const dnnl::engine& engine) {
    const WindowDims w = window_dims(s);
    const dnnl::convolution_backward_data::primitive_desc description(
        {dnnl::algorithm::convolution_direct, in_desc(s, images, Type::f32), any_weights_desc(s, Type::bf16),
         out_desc(s, images, Type::bf16), w.strides, w.dilations, w.pads_before, w.pads_after},
        user_scratchpad(), engine, bfloat16_forward(s, images, engine));
    if (!runs_on(description, "amx")) return std::nullopt;
    const Desc plain = plain_weights_desc(s, Type::f32);
    return Prepared{dnnl::convolution_backward_data(description),
                    reorder_of(plain, description.weights_desc(), engine),
                    description.diff_src_desc(),
                    description.diff_dst_desc(),
                    plain,
                    description.weights_desc(),
                    description.scratchpad_desc()};
}

std::optional<Prepared> prepare_backward_weights(const ConvShape& s, std::int64_t images, const dnnl::engine& engine) {
    const WindowDims w = window_dims(s);
    const dnnl::convolution_backward_weights::primitive_desc description(
        {dnnl::algorithm::convolution_direct, in_desc(s, images, Type::bf16), any_weights_desc(s, Type::f32),
         out_desc(s, images, Type::bf16), w.strides, w.dilations, w.pads_before, w.pads_after},
        user_scratchpad(), engine, bfloat16_forward(s, images, engine));
    if (!runs_on(description, "amx")) return std::nullopt;
    const Desc plain = plain_weights_desc(s, Type::f32);
    return Prepared{dnnl::convolution_backward_weights(description),
                    reorder_of(description.diff_weights_desc(), plain, engine),
                    description.src_desc(),
                    description.diff_dst_desc(),
                    plain,
                    description.diff_weights_desc(),
                    description.scratchpad_desc()};
}

std::optional<Prepared> prepare(const Key& key, const dnnl::engine& engine) {
    switch (key.pass) {
        case Pass::forward_of_unsigned:
            return prepare_forward(key.shape, key.images, Type::u8, engine);
        case Pass::forward_of_signed:
            return prepare_forward(key.shape, key.images, Type::s8, engine);
        case Pass::backward_input:
            return prepare_backward_input(key.shape, key.images, engine);
        case Pass::backward_weights:
            return prepare_backward_weights(key.shape, key.images, engine);
    }
    return std::nullopt;
}

}  // namespace

struct OnednnQuantizedCache : PrimitiveCache<Key, Prepared> {
    const std::optional<Prepared>& find(const Key& key) { return find_or_make(key, prepare); }
};

namespace {

OnednnQuantizedCache& cache_of(ConvScratch& scratch) {
    if (!scratch.onednn_quantized) scratch.onednn_quantized = std::make_shared<OnednnQuantizedCache>();
    return *scratch.onednn_quantized;
}

dnnl::memory buffer_of(const Desc& description, const dnnl::engine& engine, GrowingBuffer& buffer) {
    return {description, engine, buffer.get<char>(static_cast<std::int64_t>(description.get_size()))};
}

dnnl::memory packed(const Prepared& p, OnednnQuantizedCache& cache, const void* plain, ConvScratch& scratch) {
    auto from = view(p.plain_weights, cache.engine, plain);
    auto to = buffer_of(p.packed_weights, cache.engine, scratch.onednn_weights);
    p.reorder.execute(cache.stream, from, to);
    return to;
}

void backward_input(const Prepared& p, const ConvSteps& steps, const ConvShape& shape, const float* weights,
                    const Bfloat16* halves, float* grad_in, ConvScratch& scratch) {
    OnednnQuantizedCache& cache = cache_of(scratch);
    auto* codes = scratch.columns.get<float>(2 * shape.weights());
    doubled_weight_codes(shape.depth(), shape.out_channels, steps.weights, weights, codes);
    const auto packed_codes = packed(p, cache, codes, scratch);
    p.convolution.execute(cache.stream,
                          {{DNNL_ARG_DIFF_DST, view(p.out, cache.engine, halves)},
                           {DNNL_ARG_WEIGHTS, packed_codes},
                           {DNNL_ARG_DIFF_SRC, view(p.in, cache.engine, grad_in)},
                           {DNNL_ARG_SCRATCHPAD, buffer_of(p.scratch, cache.engine, scratch.onednn_memory)}});
}

void backward_weights(const Prepared& p, const ConvSteps& steps, const ConvShape& shape, std::int64_t images,
                      const std::uint8_t* codes, const Bfloat16* halves, float* grad_weights, ConvScratch& scratch) {
    OnednnQuantizedCache& cache = cache_of(scratch);
    const std::int64_t elements = images * shape.in_elements();
    auto* integers = scratch.onednn_from.get<Bfloat16>(elements);
    if (steps.in_range.low < 0) {
        widen_signed_codes(elements, codes, integers);
    } else {
        widen_unsigned_codes(elements, codes, integers);
    }
    auto packed_sums = buffer_of(p.packed_weights, cache.engine, scratch.onednn_weights);
    p.convolution.execute(cache.stream,
                          {{DNNL_ARG_SRC, view(p.in, cache.engine, integers)},
                           {DNNL_ARG_DIFF_DST, view(p.out, cache.engine, halves)},
                           {DNNL_ARG_DIFF_WEIGHTS, packed_sums},
                           {DNNL_ARG_SCRATCHPAD, buffer_of(p.scratch, cache.engine, scratch.onednn_memory)}});
    auto* sums = scratch.columns.get<float>(2 * shape.weights());
    auto plain_sums = view(p.plain_weights, cache.engine, sums);
    p.reorder.execute(cache.stream, packed_sums, plain_sums);
    add_halves(shape.depth(), shape.out_channels, steps.in, steps.weights, sums, grad_weights);
}

}  // namespace

bool onednn_quantized_forward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                              const std::uint8_t* codes, const float* weights, float* out, ConvScratch& scratch) {
    const OneThread one_thread;
    OnednnQuantizedCache& cache = cache_of(scratch);
    const BatchedShape batch = as_one_product(shape, images);
    const Pass pass = steps.in_range.low < 0 ? Pass::forward_of_signed : Pass::forward_of_unsigned;
    const auto& p = cache.find({batch.shape, batch.images, pass});
    if (!p) return false;
    auto* plain = scratch.columns.get<std::int8_t>(shape.weights());
    weight_codes(shape.depth(), shape.out_channels, steps.weights, weights, plain);
    const auto packed_codes = packed(*p, cache, plain, scratch);
    auto* scales = scratch.onednn_to.get<float>(shape.out_channels);
    for (std::int64_t c = 0; c < shape.out_channels; ++c) scales[c] = static_cast<float>(steps.in * steps.weights[c]);
    p->convolution.execute(
        cache.stream,
        {{DNNL_ARG_SRC, view(p->in, cache.engine, codes)},
         {DNNL_ARG_WEIGHTS, packed_codes},
         {DNNL_ARG_DST, view(p->out, cache.engine, out)},
         {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, view(scale_desc(shape), cache.engine, scales)},
         {DNNL_ARG_SCRATCHPAD, buffer_of(p->scratch, cache.engine, scratch.onednn_memory)}});
    return true;
}

bool onednn_quantized_backward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                               const std::uint8_t* codes, const float* weights, const float* grad_out, float* grad_in,
                               float* grad_weights, ConvScratch& scratch) {
    if (shape.groups > 1) return false;
    const OneThread one_thread;
    OnednnQuantizedCache& cache = cache_of(scratch);
    const BatchedShape batch = as_one_product(with_doubled_outputs(shape), images);
    const auto& to_weights = cache.find({batch.shape, batch.images, Pass::backward_weights});
    const auto& to_input = cache.find({batch.shape, batch.images, Pass::backward_input});
    if (!to_weights || !to_input) return false;
    const std::int64_t pixels = images * shape.out_height * shape.out_width;
    auto* halves = scratch.onednn_to.get<Bfloat16>(2 * pixels * shape.out_channels);
    split_gradient(pixels, shape.out_channels, steps.weights, grad_out, halves);
    backward_weights(*to_weights, steps, shape, images, codes, halves, grad_weights, scratch);
    if (grad_in != nullptr) backward_input(*to_input, steps, shape, weights, halves, grad_in, scratch);
    return true;
}

}  // namespace npusim
