// The matrix product that both executors stand on. Eigen is seen by its source file only: its alignment depends on
// compiler flags, which may differ between targets.
#pragma once

#include <cstdint>

namespace npusim {

/// A row-major block inside a larger matrix; `stride` elements lie between the begins of two rows.
template <typename T>
struct MatrixBlock {
    T* data = nullptr;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    std::int64_t stride = 0;
};

/// out = a · b, on the calling thread.
void multiply(const MatrixBlock<const float>& a, const MatrixBlock<const float>& b, const MatrixBlock<float>& out);
void multiply(const MatrixBlock<const double>& a, const MatrixBlock<const double>& b, const MatrixBlock<double>& out);

}  // namespace npusim
