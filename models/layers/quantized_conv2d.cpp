#include "npusim/models/layers/quantized_conv2d.h"

#include <type_traits>
#include <vector>

#include "conv_codes.h"
#include "conv_scratch.h"
#include "npusim/models/layers/quantize.h"
#include "onednn_quantized.h"

namespace npusim {

namespace {

/// The operands are bytes.
bool are_bytes(const ConvSteps& steps) {
    const bool is_unsigned = steps.in_range.low >= 0 && steps.in_range.high <= 255;
    const bool is_signed = steps.in_range.low >= -128 && steps.in_range.high <= 127;
    return (is_unsigned || is_signed) && steps.weight_bits <= 8;
}

/// The numbers that codes stand for, made again for a way that wants them.
template <typename Scalar>
std::vector<Scalar> numbers(std::int64_t elements, const ConvSteps& steps, const std::uint8_t* codes) {
    std::vector<Scalar> made(static_cast<std::size_t>(elements));
    numbers_of_codes(elements, steps.in, steps.in_range, codes, made.data());
    return made;
}

/// By bytes, where the processor has a way for the shape; false where nothing was done.
template <typename Scalar>
bool goes_forward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps, const std::uint8_t* codes,
                  const Scalar* weights, Scalar* out, ConvWorkspace& workspace) {
    if constexpr (std::is_same_v<Scalar, float>) {
        return takes_codes<Scalar>(steps, workspace.backend()) &&
               onednn_quantized_forward(shape, images, steps, codes, weights, out, workspace.scratch());
    }
    return false;
}

template <typename Scalar>
bool goes_backward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps, const std::uint8_t* codes,
                   const Scalar* weights, const Scalar* grad_out, Scalar* grad_in, Scalar* grad_weights,
                   ConvWorkspace& workspace) {
    if constexpr (std::is_same_v<Scalar, float>) {
        return takes_codes<Scalar>(steps, workspace.backend()) &&
               onednn_quantized_backward(shape, images, steps, codes, weights, grad_out, grad_in, grad_weights,
                                         workspace.scratch());
    }
    return false;
}

}  // namespace

template <typename Scalar>
bool takes_codes(const ConvSteps& steps, ConvBackend backend) {
    return std::is_same_v<Scalar, float> && backend == ConvBackend::onednn && are_bytes(steps);
}

template <typename Scalar>
void quantized_conv2d_forward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                              const std::uint8_t* codes, const Scalar* weights, Scalar* out, ConvWorkspace& workspace) {
    check_conv_shape(shape);
    if (goes_forward(shape, images, steps, codes, weights, out, workspace)) return;
    const auto in = numbers<Scalar>(images * shape.in_elements(), steps, codes);
    conv2d_forward(shape, images, in.data(), weights, out, workspace);
}

template <typename Scalar>
void quantized_conv2d_backward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps,
                               const std::uint8_t* codes, const Scalar* weights, const Scalar* grad_out,
                               Scalar* grad_in, Scalar* grad_weights, ConvWorkspace& workspace) {
    check_conv_shape(shape);
    if (goes_backward(shape, images, steps, codes, weights, grad_out, grad_in, grad_weights, workspace)) return;
    const auto in = numbers<Scalar>(images * shape.in_elements(), steps, codes);
    conv2d_backward_weights(shape, images, in.data(), grad_out, grad_weights, workspace);
    if (grad_in != nullptr) conv2d_backward_input(shape, images, grad_out, weights, grad_in, workspace);
}

template <typename Scalar>
void quantized_conv2d_forward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps, const Scalar* in,
                              const Scalar* weights, Scalar* out, std::uint8_t* codes, ConvWorkspace& workspace) {
    check_conv_shape(shape);
    if constexpr (std::is_same_v<Scalar, float>) {
        if (takes_codes<Scalar>(steps, workspace.backend())) {
            integer_codes(images * shape.in_elements(), steps.in, in, codes);
        }
    }
    if (goes_forward(shape, images, steps, codes, weights, out, workspace)) return;
    conv2d_forward(shape, images, in, weights, out, workspace);
}

template <typename Scalar>
void quantized_conv2d_backward(const ConvShape& shape, std::int64_t images, const ConvSteps& steps, const Scalar* in,
                               const std::uint8_t* codes, const Scalar* weights, const Scalar* grad_out,
                               Scalar* grad_in, Scalar* grad_weights, ConvWorkspace& workspace) {
    check_conv_shape(shape);
    if (goes_backward(shape, images, steps, codes, weights, grad_out, grad_in, grad_weights, workspace)) return;
    conv2d_backward_weights(shape, images, in, grad_out, grad_weights, workspace);
    if (grad_in != nullptr) conv2d_backward_input(shape, images, grad_out, weights, grad_in, workspace);
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                 \
    template bool takes_codes<Scalar>(const ConvSteps&, ConvBackend);                                              \
    template void quantized_conv2d_forward(const ConvShape&, std::int64_t, const ConvSteps&, const std::uint8_t*,  \
                                           const Scalar*, Scalar*, ConvWorkspace&);                                \
    template void quantized_conv2d_backward(const ConvShape&, std::int64_t, const ConvSteps&, const std::uint8_t*, \
                                            const Scalar*, const Scalar*, Scalar*, Scalar*, ConvWorkspace&);       \
    template void quantized_conv2d_forward(const ConvShape&, std::int64_t, const ConvSteps&, const Scalar*,        \
                                           const Scalar*, Scalar*, std::uint8_t*, ConvWorkspace&);                 \
    template void quantized_conv2d_backward(const ConvShape&, std::int64_t, const ConvSteps&, const Scalar*,       \
                                            const std::uint8_t*, const Scalar*, const Scalar*, Scalar*, Scalar*,   \
                                            ConvWorkspace&);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
