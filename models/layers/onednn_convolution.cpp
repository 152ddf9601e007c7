#include "onednn_convolution.h"

#include <optional>
#include <unordered_map>
#include <utility>

#include "onednn_support.h"

namespace npusim {

namespace {

enum class Direction { forward, backward_input, backward_weights };

struct Key {
    ConvShape shape;
    std::int64_t images = 0;
    Direction direction = Direction::forward;
    // The 0 that the compiler compares with is taken for a pointer.
    friend auto operator<=>(const Key&, const Key&) = default;  // NOLINT(modernize-use-nullptr)
};

Key key_of(const ConvShape& s, std::int64_t images, Direction direction) {
    const BatchedShape batch = as_one_product(s, images);
    return {batch.shape, batch.images, direction};
}

/// One convolution ready to run: what it computes, and how the weights (or their gradient) get from one layout to the
/// other.
struct Prepared {
    dnnl::primitive convolution;
    dnnl::reorder reorder;
    dnnl::memory::desc in;   ///< as the convolution takes it
    dnnl::memory::desc out;  ///< the same
    dnnl::memory::desc plain_in;
    dnnl::memory::desc plain_out;
    dnnl::memory::desc plain_weights;
    dnnl::memory::desc packed_weights;
    dnnl::memory::desc convolution_scratch;
    dnnl::memory::desc reorder_scratch;
    /// Where the convolution takes maps in another layout: into it and back from it.
    dnnl::reorder enter;
    dnnl::reorder leave;
};

struct Descriptions {
    dnnl::memory::desc in;
    dnnl::memory::desc out;
    dnnl::memory::desc plain_in;
    dnnl::memory::desc plain_out;
    dnnl::memory::desc plain_weights;
    dnnl::memory::desc any_weights;
    WindowDims window;
};

/// In NHWC oneDNN sums a whole output element in one register, whose rounding errors grow with the root of the number
/// of terms. With channels in blocks of 16 it sums each block of input channels alone, as PyTorch does: for long sums
/// that costs a copy of the maps, which are small where channels are many, and saves most of the error (at 512 channels
/// 3x3, 1.1e-6 becomes 2.3e-7).
bool is_long_sum(const ConvShape& s, Direction direction) {
    constexpr std::int64_t longest_plain_sum = 640;
    const std::int64_t window = s.kernel_height * s.kernel_width;
    if (window == 1 || s.groups > 1 || direction == Direction::backward_weights) return false;
    return window * (direction == Direction::forward ? s.in_channels : s.out_channels) > longest_plain_sum;
}

Descriptions describe(const ConvShape& s, std::int64_t images, Direction direction) {
    using Desc = dnnl::memory::desc;
    constexpr auto f32 = dnnl::memory::data_type::f32;
    constexpr auto any = dnnl::memory::format_tag::any;
    constexpr auto nhwc = dnnl::memory::format_tag::nhwc;
    const auto layout = is_long_sum(s, direction) ? dnnl::memory::format_tag::nChw16c : nhwc;
    const dnnl::memory::dims in{images, s.in_channels, s.in_height, s.in_width};
    const dnnl::memory::dims out{images, s.out_channels, s.out_height, s.out_width};
    return {Desc(in, f32, layout), Desc(out, f32, layout),     Desc(in, f32, nhwc),
            Desc(out, f32, nhwc),  plain_weights_desc(s, f32), Desc(weight_extents(s), f32, any),
            window_dims(s)};
}

/// Packing the weights costs as much as multiplying this many pixels by them; Eigen reads them where they are.
constexpr std::int64_t least_pixels_of_product = 128;

dnnl::convolution_forward::primitive_desc forward_description(const Descriptions& d, const dnnl::engine& engine) {
    return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, d.in, d.any_weights, d.out,
             d.window.strides, d.window.dilations, d.window.pads_before, d.window.pads_after},
            user_scratchpad(),
            engine};
}

template <typename Convolution, typename Description>
std::optional<Prepared> prepare(const Descriptions& d, const Description& description,
                                const dnnl::memory::desc& packed_weights, Direction direction,
                                const dnnl::engine& engine) {
    if (!is_generated(description)) return std::nullopt;
    auto attributes = user_scratchpad();
    const bool unpacks = direction == Direction::backward_weights;
    if (unpacks) {
        dnnl::post_ops accumulate;
        accumulate.append_sum(1.0F);
        attributes.set_post_ops(accumulate);
    }
    const auto& from = unpacks ? packed_weights : d.plain_weights;
    const auto& to = unpacks ? d.plain_weights : packed_weights;
    const dnnl::reorder::primitive_desc reorder(engine, from, engine, to, attributes);
    Prepared made{Convolution(description),
                  dnnl::reorder(reorder),
                  d.in,
                  d.out,
                  d.plain_in,
                  d.plain_out,
                  d.plain_weights,
                  packed_weights,
                  description.scratchpad_desc(),
                  reorder.scratchpad_desc(),
                  {},
                  {}};
    if (d.in == d.plain_in) return made;
    const bool forward = direction == Direction::forward;
    using Copy = dnnl::reorder::primitive_desc;
    made.enter = dnnl::reorder(Copy(engine, forward ? d.plain_in : d.plain_out, engine, forward ? d.in : d.out));
    made.leave = dnnl::reorder(Copy(engine, forward ? d.out : d.in, engine, forward ? d.plain_out : d.plain_in));
    return made;
}

std::optional<Prepared> prepare(const Key& key, const dnnl::engine& engine) {
    if (key.shape.is_pointwise() && key.images * key.shape.out_height * key.shape.out_width < least_pixels_of_product) {
        return std::nullopt;
    }
    const Descriptions d = describe(key.shape, key.images, key.direction);
    const auto forward = forward_description(d, engine);
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
    switch (key.direction) {
        case Direction::forward:
            return prepare<dnnl::convolution_forward>(d, forward, forward.weights_desc(), key.direction, engine);
        case Direction::backward_input: {
            const dnnl::convolution_backward_data::primitive_desc description(
                {algorithm, d.in, d.any_weights, d.out, d.window.strides, d.window.dilations, d.window.pads_before,
                 d.window.pads_after},
                user_scratchpad(), engine, forward);
            return prepare<dnnl::convolution_backward_data>(d, description, description.weights_desc(), key.direction,
                                                            engine);
        }
        case Direction::backward_weights: {
            const dnnl::convolution_backward_weights::primitive_desc description(
                {algorithm, d.in, d.any_weights, d.out, d.window.strides, d.window.dilations, d.window.pads_before,
                 d.window.pads_after},
                user_scratchpad(), engine, forward);
            return prepare<dnnl::convolution_backward_weights>(d, description, description.diff_weights_desc(),
                                                               key.direction, engine);
        }
    }
    return std::nullopt;
}

}  // namespace

struct OnednnCache : PrimitiveCache<Key, Prepared> {
    const std::optional<Prepared>& find(const Key& key) {
        return find_or_make(key, [](const Key& wanted, const dnnl::engine& on) { return prepare(wanted, on); });
    }
};

namespace {

void reorder(const Prepared& prepared, OnednnCache& cache, GrowingBuffer& scratch, dnnl::memory from, dnnl::memory to) {
    const auto size_bytes = static_cast<std::int64_t>(prepared.reorder_scratch.get_size());
    dnnl::memory temporary(prepared.reorder_scratch, cache.engine, scratch.get<char>(size_bytes));
    prepared.reorder.execute(cache.stream,
                             {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, temporary}});
}

void convolve(const Prepared& prepared, OnednnCache& cache, GrowingBuffer& scratch,
              std::unordered_map<int, dnnl::memory> arguments) {
    const auto size_bytes = static_cast<std::int64_t>(prepared.convolution_scratch.get_size());
    arguments.emplace(DNNL_ARG_SCRATCHPAD,
                      dnnl::memory(prepared.convolution_scratch, cache.engine, scratch.get<char>(size_bytes)));
    prepared.convolution.execute(cache.stream, arguments);
}

dnnl::memory packed_memory(const Prepared& prepared, OnednnCache& cache, GrowingBuffer& buffer) {
    const auto size_bytes = static_cast<std::int64_t>(prepared.packed_weights.get_size());
    return {prepared.packed_weights, cache.engine, buffer.get<char>(size_bytes)};
}

/// A map as the convolution takes it: in place, or room for it in `buffer`.
dnnl::memory taken_memory(const dnnl::memory::desc& taken, const dnnl::memory::desc& plain, OnednnCache& cache,
                          const float* data, GrowingBuffer& buffer) {
    if (taken == plain) return view(plain, cache.engine, data);
    return {taken, cache.engine, buffer.get<char>(static_cast<std::int64_t>(taken.get_size()))};
}

/// The convolution from one map to the other.
void convolve_maps(const Prepared& p, Direction direction, const float* from, const dnnl::memory& weights, float* to,
                   ConvScratch& scratch) {
    OnednnCache& cache = *scratch.onednn;
    const bool forward = direction == Direction::forward;
    const auto& plain_from = forward ? p.plain_in : p.plain_out;
    const auto& plain_to = forward ? p.plain_out : p.plain_in;
    auto taken_from = taken_memory(forward ? p.in : p.out, plain_from, cache, from, scratch.onednn_from);
    auto taken_to = taken_memory(forward ? p.out : p.in, plain_to, cache, to, scratch.onednn_to);
    auto whole_from = view(plain_from, cache.engine, from);
    auto whole_to = view(plain_to, cache.engine, to);
    if (p.enter) p.enter.execute(cache.stream, whole_from, taken_from);
    convolve(p, cache, scratch.onednn_memory,
             {{forward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, taken_from},
              {DNNL_ARG_WEIGHTS, weights},
              {forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, taken_to}});
    if (p.leave) p.leave.execute(cache.stream, taken_to, whole_to);
}

/// The weights as the convolution takes them; those of the call before where they are the same.
dnnl::memory packed_weights(const Prepared& p, const float* weights, ConvScratch& scratch) {
    OnednnCache& cache = *scratch.onednn;
    auto packed = packed_memory(p, cache, scratch.onednn_kept);
    const KeptWeights wanted{weights, &p, scratch.weights_version};
    if (wanted.version != 0 && wanted == scratch.kept) return packed;
    reorder(p, cache, scratch.onednn_memory, view(p.plain_weights, cache.engine, weights), packed);
    scratch.kept = wanted;
    return packed;
}

/// Forward, and backward to the input: maps and weights give maps.
bool maps_through_weights(const ConvShape& shape, std::int64_t images, Direction direction, const float* from,
                          const float* weights, float* to, ConvScratch& scratch) {
    const OneThread one_thread;
    OnednnCache& cache = *scratch.onednn;
    const auto& p = cache.find(key_of(shape, images, direction));
    if (!p) return false;
    convolve_maps(*p, direction, from, packed_weights(*p, weights, scratch), to, scratch);
    return true;
}

}  // namespace

std::shared_ptr<OnednnCache> make_onednn_cache() {
    return std::make_shared<OnednnCache>();
}

bool has_onednn() {
    return true;
}

bool onednn_forward(const ConvShape& shape, std::int64_t images, const float* in, const float* weights, float* out,
                    ConvScratch& scratch) {
    return maps_through_weights(shape, images, Direction::forward, in, weights, out, scratch);
}

bool onednn_backward_input(const ConvShape& shape, std::int64_t images, const float* grad_out, const float* weights,
                           float* grad_in, ConvScratch& scratch) {
    return maps_through_weights(shape, images, Direction::backward_input, grad_out, weights, grad_in, scratch);
}

bool onednn_backward_weights(const ConvShape& shape, std::int64_t images, const float* in, const float* grad_out,
                             float* grad_weights, ConvScratch& scratch) {
    const OneThread one_thread;
    OnednnCache& cache = *scratch.onednn;
    const auto& p = cache.find(key_of(shape, images, Direction::backward_weights));
    if (!p) return false;
    const auto packed = packed_memory(*p, cache, scratch.onednn_weights);
    convolve(*p, cache, scratch.onednn_memory,
             {{DNNL_ARG_SRC, view(p->in, cache.engine, in)},
              {DNNL_ARG_DIFF_DST, view(p->out, cache.engine, grad_out)},
              {DNNL_ARG_DIFF_WEIGHTS, packed}});
    reorder(*p, cache, scratch.onednn_memory, packed, view(p->plain_weights, cache.engine, grad_weights));
    return true;
}

}  // namespace npusim
