#include "npusim/models/layers/conv2d.h"

#include <Eigen/Core>
#include <algorithm>
#include <type_traits>

#include "conv_columns.h"
#include "conv_scratch.h"
#include "depthwise.h"
#include "npusim/base/error.h"
#include "onednn_convolution.h"

namespace npusim {

namespace {

template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename Scalar>
using Block = Eigen::Map<Matrix<Scalar>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <typename Scalar>
using ConstBlock = Eigen::Map<const Matrix<Scalar>, Eigen::Unaligned, Eigen::OuterStride<>>;

/// The input's pixels are the columns already; no block is cut, because Eigen blocks the product itself.
bool is_one_product(const ConvShape& s) {
    return s.is_pointwise() && s.groups == 1;
}

bool is_depthwise(const ConvShape& s) {
    return s.groups > 1 && s.groups == s.in_channels && s.groups == s.out_channels;
}

/// Output lines (of all images) whose columns stay in a second-level cache, but never so few that packing the weights
/// would dominate the product.
std::int64_t lines_in_block(const ConvShape& s, std::int64_t images) {
    constexpr std::int64_t block_elements = 1 << 17;
    constexpr std::int64_t least_pixels = 128;
    const std::int64_t pixels = std::max(least_pixels, block_elements / s.depth());
    return std::clamp<std::int64_t>(pixels / s.out_width, 1, images * s.out_height);
}

/// Calls visit(group, begin, end) for blocks of output lines.
template <typename Visit>
void for_each_block(const ConvShape& s, std::int64_t images, const Visit& visit) {
    const std::int64_t lines = images * s.out_height;
    const std::int64_t block = lines_in_block(s, images);
    for (std::int64_t group = 0; group < s.groups; ++group) {
        for (std::int64_t begin = 0; begin < lines; begin += block) {
            visit(group, begin, std::min(begin + block, lines));
        }
    }
}

template <typename Scalar>
Scalar* columns_of(const ConvShape& s, std::int64_t images, ConvWorkspace& workspace) {
    return workspace.scratch().columns.get<Scalar>(lines_in_block(s, images) * s.out_width * s.depth());
}

template <typename Scalar>
ConstBlock<Scalar> weights_of(const ConvShape& s, const Scalar* weights, std::int64_t group) {
    return {weights + group * s.group_outputs(), s.depth(), s.group_outputs(), Eigen::OuterStride<>(s.out_channels)};
}

/// One group's part of output lines [begin, end); a pixel is a row.
template <typename Scalar>
auto lines_of(const ConvShape& s, Scalar* out, std::int64_t group, std::int64_t begin, std::int64_t end) {
    using Plain = std::remove_const_t<Scalar>;
    using Lines = std::conditional_t<std::is_const_v<Scalar>, ConstBlock<Plain>, Block<Plain>>;
    const std::int64_t width = s.out_width;
    return Lines(out + begin * width * s.out_channels + group * s.group_outputs(), (end - begin) * width,
                 s.group_outputs(), Eigen::OuterStride<>(s.out_channels));
}

template <typename Scalar>
Block<Scalar> dense(Scalar* data, std::int64_t rows, std::int64_t columns) {
    return {data, rows, columns, Eigen::OuterStride<>(columns)};
}

template <typename Scalar>
ConstBlock<Scalar> dense(const Scalar* data, std::int64_t rows, std::int64_t columns) {
    return {data, rows, columns, Eigen::OuterStride<>(columns)};
}

template <typename Scalar>
void eigen_forward(const ConvShape& s, std::int64_t images, const Scalar* in, const Scalar* weights, Scalar* out,
                   ConvWorkspace& workspace) {
    if (is_one_product(s)) {
        const std::int64_t pixels = images * s.out_height * s.out_width;
        dense(out, pixels, s.out_channels).noalias() = dense(in, pixels, s.in_channels) * weights_of(s, weights, 0);
        return;
    }
    Scalar* columns = columns_of<Scalar>(s, images, workspace);
    for_each_block(s, images, [&](std::int64_t group, std::int64_t begin, std::int64_t end) {
        unfold_lines(s, begin, end, group, in, columns);
        auto result = lines_of(s, out, group, begin, end);
        result.noalias() = dense(columns, result.rows(), s.depth()) * weights_of(s, weights, group);
    });
}

template <typename Scalar>
void eigen_backward_input(const ConvShape& s, std::int64_t images, const Scalar* grad_out, const Scalar* weights,
                          Scalar* grad_in, ConvWorkspace& workspace) {
    if (is_one_product(s)) {
        const std::int64_t pixels = images * s.out_height * s.out_width;
        dense(grad_in, pixels, s.in_channels).noalias() =
            dense(grad_out, pixels, s.out_channels) * weights_of(s, weights, 0).transpose();
        return;
    }
    std::fill(grad_in, grad_in + images * s.in_elements(), Scalar{0});
    Scalar* columns = columns_of<Scalar>(s, images, workspace);
    for_each_block(s, images, [&](std::int64_t group, std::int64_t begin, std::int64_t end) {
        const auto gradient = lines_of(s, grad_out, group, begin, end);
        dense(columns, gradient.rows(), s.depth()).noalias() = gradient * weights_of(s, weights, group).transpose();
        fold_lines<Scalar>(s, begin, end, group, columns, grad_in);
    });
}

template <typename Scalar>
void eigen_backward_weights(const ConvShape& s, std::int64_t images, const Scalar* in, const Scalar* grad_out,
                            Scalar* grad_weights, ConvWorkspace& workspace) {
    if (is_one_product(s)) {
        const std::int64_t pixels = images * s.out_height * s.out_width;
        dense(grad_weights, s.in_channels, s.out_channels).noalias() +=
            dense(in, pixels, s.in_channels).transpose() * dense(grad_out, pixels, s.out_channels);
        return;
    }
    Scalar* columns = columns_of<Scalar>(s, images, workspace);
    for_each_block(s, images, [&](std::int64_t group, std::int64_t begin, std::int64_t end) {
        unfold_lines(s, begin, end, group, in, columns);
        const auto gradient = lines_of(s, grad_out, group, begin, end);
        Block<Scalar> sums(grad_weights + group * s.group_outputs(), s.depth(), s.group_outputs(),
                           Eigen::OuterStride<>(s.out_channels));
        sums.noalias() += dense(columns, gradient.rows(), s.depth()).transpose() * gradient;
    });
}

/// Eigen cuts the reduction by the cache sizes that it finds; fixed ones give the same sums on every processor of an
/// instruction set. They equal those of the executors, which share Eigen's setting.
void fix_cache_sizes() {
    [[maybe_unused]] static const bool sizes_are_fixed = (Eigen::setCpuCacheSizes(32 << 10, 1 << 20, 4 << 20), true);
}

template <typename Scalar>
constexpr bool is_float = std::is_same_v<Scalar, float>;

}  // namespace

ConvWorkspace::ConvWorkspace(ConvBackend backend) : backend_(backend), scratch_(std::make_unique<ConvScratch>()) {
    if (!has_conv_backend(backend)) throw InputError("convolution", "backend", "this build has no oneDNN; use eigen");
    fix_cache_sizes();
    if (backend == ConvBackend::onednn) scratch_->onednn = make_onednn_cache();
}

ConvWorkspace::~ConvWorkspace() = default;
ConvWorkspace::ConvWorkspace(ConvWorkspace&&) noexcept = default;
ConvWorkspace& ConvWorkspace::operator=(ConvWorkspace&&) noexcept = default;

void ConvWorkspace::expect_weights(std::uint64_t version) {
    scratch_->weights_version = version;
}

template <typename Scalar>
void conv2d_forward(const ConvShape& shape, std::int64_t images, const Scalar* in, const Scalar* weights, Scalar* out,
                    ConvWorkspace& workspace) {
    check_conv_shape(shape);
    if constexpr (is_float<Scalar>) {
        if (workspace.backend() == ConvBackend::onednn &&
            onednn_forward(shape, images, in, weights, out, workspace.scratch())) {
            return;
        }
    }
    if (is_depthwise(shape)) return depthwise_forward(shape, images, in, weights, out);
    eigen_forward(shape, images, in, weights, out, workspace);
}

template <typename Scalar>
void conv2d_backward_input(const ConvShape& shape, std::int64_t images, const Scalar* grad_out, const Scalar* weights,
                           Scalar* grad_in, ConvWorkspace& workspace) {
    check_conv_shape(shape);
    if constexpr (is_float<Scalar>) {
        if (workspace.backend() == ConvBackend::onednn &&
            onednn_backward_input(shape, images, grad_out, weights, grad_in, workspace.scratch())) {
            return;
        }
    }
    if (is_depthwise(shape)) return depthwise_backward_input(shape, images, grad_out, weights, grad_in);
    eigen_backward_input(shape, images, grad_out, weights, grad_in, workspace);
}

template <typename Scalar>
void conv2d_backward_weights(const ConvShape& shape, std::int64_t images, const Scalar* in, const Scalar* grad_out,
                             Scalar* grad_weights, ConvWorkspace& workspace) {
    check_conv_shape(shape);
    if constexpr (is_float<Scalar>) {
        if (workspace.backend() == ConvBackend::onednn &&
            onednn_backward_weights(shape, images, in, grad_out, grad_weights, workspace.scratch())) {
            return;
        }
    }
    if (is_depthwise(shape)) return depthwise_backward_weights(shape, images, in, grad_out, grad_weights);
    eigen_backward_weights(shape, images, in, grad_out, grad_weights, workspace);
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                               \
    template void conv2d_forward(const ConvShape&, std::int64_t, const Scalar*, const Scalar*, Scalar*,          \
                                 ConvWorkspace&);                                                                \
    template void conv2d_backward_input(const ConvShape&, std::int64_t, const Scalar*, const Scalar*, Scalar*,   \
                                        ConvWorkspace&);                                                         \
    template void conv2d_backward_weights(const ConvShape&, std::int64_t, const Scalar*, const Scalar*, Scalar*, \
                                          ConvWorkspace&);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
