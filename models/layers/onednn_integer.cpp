#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "npusim/models/layers/integer_conv2d.h"
#include "onednn_support.h"

namespace npusim {

namespace {

using Desc = dnnl::memory::desc;
using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

/// A window over the whole map is a product with the map as one long pixel.
ConvShape as_pointwise(const ConvShape& s) {
    const bool whole = s.kernel_height == s.in_height && s.kernel_width == s.in_width && s.out_height == 1 &&
                       s.out_width == 1 && s.pad_top == 0 && s.pad_left == 0 && s.pad_bottom == 0 && s.pad_right == 0;
    if (!whole || s.groups > 1 || s.dilation_height > 1 || s.dilation_width > 1) return s;
    ConvShape pixel;
    pixel.in_channels = s.in_height * s.in_width * s.in_channels;
    pixel.out_channels = s.out_channels;
    return pixel;
}

std::int64_t largest_weight(std::span<const std::int16_t> weights) {
    std::int64_t largest = 0;
    for (const std::int16_t weight : weights) largest = std::max<std::int64_t>(largest, std::abs(int{weight}));
    return largest;
}

/// oneDNN 2's kernels differ in what they keep exact, which only their names tell.
bool is_exact(std::string_view kernel, const IntegerOperands& operands) {
    const auto has = [&](std::string_view part) { return kernel.find(part) != std::string_view::npos; };
    // "brg" kernels write their 32-bit sums as they are. The others scale them in float on the way out, by 1.
    constexpr std::int64_t exact_in_float = std::int64_t{1} << 24;
    const bool writes_integers = has("brg") && (has("amx") || !operands.signed_input);
    const std::int64_t most = writes_integers ? std::numeric_limits<std::int32_t>::max() : exact_in_float;
    if (operands.largest_sum > most || kernel.starts_with("ref") || has("gemm")) return false;
    if (has("amx") || has("vnni")) return true;
    // Without these units products are added in pairs in 16 bits, and signed inputs cost the weights a bit.
    const std::int64_t largest_pair = 2 * operands.largest_input * largest_weight(operands.weights);
    return !operands.signed_input && largest_pair <= std::numeric_limits<std::int16_t>::max();
}

dnnl::convolution_forward::primitive_desc describe(const BatchedShape& batch, Type in, const dnnl::engine& engine) {
    const ConvShape& s = batch.shape;
    const WindowDims w = window_dims(s);
    return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
             Desc({batch.images, s.in_channels, s.in_height, s.in_width}, in, Tag::nhwc),
             Desc(weight_extents(s), Type::s8, Tag::any),
             Desc({batch.images, s.out_channels, s.out_height, s.out_width}, Type::s32, Tag::nhwc), w.strides,
             w.dilations, w.pads_before, w.pads_after},
            user_scratchpad(),
            engine};
}

/// `shape` is the convolution's own, `taken` what oneDNN takes it for; the weights lie alike for both.
dnnl::memory packed_weights(const ConvShape& shape, const ConvShape& taken, std::span<const std::int16_t> weights,
                            const Desc& packed, const dnnl::engine& engine) {
    std::vector<std::int8_t> bytes(weights.size());
    std::transform(weights.begin(), weights.end(), bytes.begin(),
                   [](std::int16_t weight) { return static_cast<std::int8_t>(weight); });
    std::vector<std::int8_t> ordered(bytes.size());
    pack_weights(shape, bytes.data(), ordered.data());
    const Desc plain = plain_weights_desc(taken, Type::s8);
    auto from = view(plain, engine, ordered.data());
    dnnl::memory to(packed, engine);
    dnnl::stream stream(engine);
    dnnl::reorder(dnnl::reorder::primitive_desc(engine, plain, engine, packed)).execute(stream, from, to);
    stream.wait();
    return to;
}

class OnednnIntegerConv2d final : public IntegerConv2d {
public:
    OnednnIntegerConv2d(const dnnl::convolution_forward::primitive_desc& description, dnnl::memory weights,
                        dnnl::engine engine)
        : engine_(std::move(engine)),
          convolution_(description),
          weights_(std::move(weights)),
          in_(description.src_desc()),
          out_(description.dst_desc()),
          scratch_(description.scratchpad_desc()) {}

    [[nodiscard]] std::int64_t scratch_bytes() const override { return static_cast<std::int64_t>(scratch_.get_size()); }

    void run(const std::byte* in, std::int32_t* out, std::byte* scratch) const override {
        const OneThread one_thread;
        dnnl::stream stream(engine_);
        convolution_.execute(stream, {{DNNL_ARG_SRC, view(in_, engine_, in)},
                                      {DNNL_ARG_WEIGHTS, weights_},
                                      {DNNL_ARG_DST, view(out_, engine_, out)},
                                      {DNNL_ARG_SCRATCHPAD, view(scratch_, engine_, scratch)}});
        stream.wait();
    }

private:
    dnnl::engine engine_;
    dnnl::convolution_forward convolution_;
    dnnl::memory weights_;
    Desc in_;
    Desc out_;
    Desc scratch_;
};

}  // namespace

std::unique_ptr<IntegerConv2d> make_integer_conv2d(const ConvShape& shape, std::int64_t images,
                                                   const IntegerOperands& operands) {
    check_conv_shape(shape);
    const OneThread one_thread;
    const BatchedShape batch = as_one_product(as_pointwise(shape), images);
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    try {
        const auto description = describe(batch, operands.signed_input ? Type::s8 : Type::u8, engine);
        if (!is_exact(description.impl_info_str(), operands)) return nullptr;
        auto weights = packed_weights(shape, batch.shape, operands.weights, description.weights_desc(), engine);
        return std::make_unique<OnednnIntegerConv2d>(description, std::move(weights), engine);
    } catch (const dnnl::error& error) {
        if (error.status != dnnl_unimplemented) throw;
        return nullptr;
    }
}

}  // namespace npusim
