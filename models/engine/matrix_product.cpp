#include "matrix_product.h"

#include <Eigen/Core>

namespace npusim {

namespace {

template <typename T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename T>
auto as_matrix(const MatrixBlock<const T>& block) {
    return Eigen::Map<const RowMajor<T>, Eigen::Unaligned, Eigen::OuterStride<>>(block.data, block.rows, block.columns,
                                                                                 Eigen::OuterStride<>(block.stride));
}

template <typename T>
void multiply_blocks(const MatrixBlock<const T>& a, const MatrixBlock<const T>& b, const MatrixBlock<T>& out) {
    // Eigen cuts the reduction by the cache sizes it finds; fixed ones give the same fp32 sums on every processor of
    // an instruction set.
    [[maybe_unused]] static const bool sizes_are_fixed = (Eigen::setCpuCacheSizes(32 << 10, 1 << 20, 4 << 20), true);
    Eigen::Map<RowMajor<T>, Eigen::Unaligned, Eigen::OuterStride<>> result(out.data, out.rows, out.columns,
                                                                           Eigen::OuterStride<>(out.stride));
    result.noalias() = as_matrix<T>(a) * as_matrix<T>(b);
}

}  // namespace

void multiply(const MatrixBlock<const float>& a, const MatrixBlock<const float>& b, const MatrixBlock<float>& out) {
    multiply_blocks(a, b, out);
}

void multiply(const MatrixBlock<const double>& a, const MatrixBlock<const double>& b, const MatrixBlock<double>& out) {
    multiply_blocks(a, b, out);
}

}  // namespace npusim
