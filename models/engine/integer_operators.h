// The operators of the integer engine that have no weights, on batches in (N, H, W, C).
#pragma once

#include "stored_integers.h"

namespace npusim {

/// The largest or the sum of each window, without gaps; padding never wins and counts as 0. `sums` has `storage`, i32
/// or i64, which must hold the results.
void pool_windows(const QuantizedNode& node, const IntegerView& input, std::int64_t images, Storage storage,
                  std::byte* sums);

/// Strided copy with zero channels around, without gaps.
void slice_and_pad(const QuantizedNode& node, const IntegerView& input, std::int64_t images, std::int32_t* out);

}  // namespace npusim
