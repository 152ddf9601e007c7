// Convolution, forward and backward, on batches in NHWC. A fully connected layer is a 1×1 convolution of a 1×1 map.
//
//     out(n, y, x, o) = Σ_{ky, kx, i} in(n, y·stride_height − pad_top + ky·dilation_height,
//                                        x·stride_width − pad_left + kx·dilation_width, g·I + i) · weights(ky, kx, i,
//                                        o)
//
// with I = in_channels / groups and g the group of output channel o; positions outside the map count as 0.
// Each call runs on the calling thread only. Its bytes depend on nothing but the arguments and the workspace's backend
// (and the processor's instruction set), not on what the workspace did before.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>

namespace npusim {

struct ConvShape {
    std::int64_t in_height = 1;
    std::int64_t in_width = 1;
    std::int64_t in_channels = 1;
    std::int64_t out_height = 1;
    std::int64_t out_width = 1;
    std::int64_t out_channels = 1;
    std::int64_t kernel_height = 1;
    std::int64_t kernel_width = 1;
    std::int64_t stride_height = 1;
    std::int64_t stride_width = 1;
    std::int64_t dilation_height = 1;
    std::int64_t dilation_width = 1;
    std::int64_t pad_top = 0;
    std::int64_t pad_left = 0;
    std::int64_t pad_bottom = 0;
    std::int64_t pad_right = 0;
    std::int64_t groups = 1;

    [[nodiscard]] std::int64_t group_inputs() const { return in_channels / groups; }
    [[nodiscard]] std::int64_t group_outputs() const { return out_channels / groups; }
    /// Products summed up in one output element.
    [[nodiscard]] std::int64_t depth() const { return kernel_height * kernel_width * group_inputs(); }
    [[nodiscard]] std::int64_t weights() const { return depth() * out_channels; }
    [[nodiscard]] std::int64_t in_elements() const { return in_height * in_width * in_channels; }      ///< one image
    [[nodiscard]] std::int64_t out_elements() const { return out_height * out_width * out_channels; }  ///< one image
    [[nodiscard]] std::int64_t macs() const { return out_height * out_width * weights(); }             ///< one image
    /// Every output pixel sees the one input pixel at its place.
    [[nodiscard]] bool is_pointwise() const {
        return kernel_height == 1 && kernel_width == 1 && stride_height == 1 && stride_width == 1 && pad_top == 0 &&
               pad_left == 0 && pad_bottom == 0 && pad_right == 0;
    }
    // The 0 that the compiler compares with is taken for a pointer.
    friend auto operator<=>(const ConvShape&, const ConvShape&) = default;  // NOLINT(modernize-use-nullptr)
};

/// Throws InputError when an extent is not positive, the groups do not divide the channels, or the output's extents
/// are not floor((in + both pads − dilation·(kernel − 1) − 1) / stride) + 1. Every kernel below checks so.
void check_conv_shape(const ConvShape& shape);

enum class ConvBackend {
    eigen,   ///< portable: im2col and Eigen's matrix product
    onednn,  ///< oneDNN's generated code for float; `eigen` does double, few-pixel products, and what oneDNN has no
             ///< code for
};

/// oneDNN where this build has it.
[[nodiscard]] ConvBackend fastest_conv_backend();
[[nodiscard]] bool has_conv_backend(ConvBackend backend);

struct ConvScratch;

/// What the kernels keep between calls to save time: scratch memory and generated code, by shape and batch. One
/// thread at a time may use it; as many may exist as threads.
class ConvWorkspace {
public:
    /// Throws InputError when this build lacks the backend.
    explicit ConvWorkspace(ConvBackend backend = fastest_conv_backend());
    ~ConvWorkspace();
    ConvWorkspace(ConvWorkspace&&) noexcept;
    ConvWorkspace& operator=(ConvWorkspace&&) noexcept;

    [[nodiscard]] ConvBackend backend() const { return backend_; }
    [[nodiscard]] ConvScratch& scratch() { return *scratch_; }
    /// From now on, weights at one address are the same as long as `version` is, so that a kernel may keep what it made
    /// of them. 0, as at the beginning: they may be others at each call.
    void expect_weights(std::uint64_t version);

private:
    ConvBackend backend_;
    std::unique_ptr<ConvScratch> scratch_;
};

/// in [images][in_height][in_width][in_channels], weights [kernel_height][kernel_width][in_channels/groups]
/// [out_channels], out [images][out_height][out_width][out_channels] (overwritten). Scalar: float, double.
template <typename Scalar>
void conv2d_forward(const ConvShape& shape, std::int64_t images, const Scalar* in, const Scalar* weights, Scalar* out,
                    ConvWorkspace& workspace);

/// grad_in = ∂L/∂in from grad_out = ∂L/∂out; shapes as above; grad_in is overwritten.
template <typename Scalar>
void conv2d_backward_input(const ConvShape& shape, std::int64_t images, const Scalar* grad_out, const Scalar* weights,
                           Scalar* grad_in, ConvWorkspace& workspace);

/// grad_weights += ∂L/∂weights, in the layout of the weights.
template <typename Scalar>
void conv2d_backward_weights(const ConvShape& shape, std::int64_t images, const Scalar* in, const Scalar* grad_out,
                             Scalar* grad_weights, ConvWorkspace& workspace);

/// torch's [out][in/groups][kernel_height][kernel_width] → [kernel_height][kernel_width][in/groups][out], and back.
template <typename Scalar>
void pack_weights(const ConvShape& shape, const Scalar* torch_weights, Scalar* weights);
template <typename Scalar>
void unpack_weights(const ConvShape& shape, const Scalar* weights, Scalar* torch_weights);
/// torch_sums += the unpacked weights
template <typename Scalar>
void add_unpacked_weights(const ConvShape& shape, const Scalar* weights, Scalar* torch_sums);

}  // namespace npusim
