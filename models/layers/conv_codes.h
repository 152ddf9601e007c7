// The operands of quantized convolutions in the number formats that processors multiply fast.
#pragma once

#include <cstdint>

namespace npusim {

/// A bfloat16 number's bits: the upper half of a float's.
using Bfloat16 = std::uint16_t;

/// The integers of numbers that are whole multiples of a step, in two's complement or unsigned: the same bits.
void integer_codes(std::int64_t elements, double step, const float* in, std::uint8_t* codes);
/// The same integers in bfloat16, which holds 8 bits exactly.
void widen_signed_codes(std::int64_t elements, const std::uint8_t* codes, Bfloat16* integers);
void widen_unsigned_codes(std::int64_t elements, const std::uint8_t* codes, Bfloat16* integers);

/// weights [rows][channels], a step for each channel → the integers
void weight_codes(std::int64_t rows, std::int64_t channels, const double* steps, const float* weights,
                  std::int8_t* codes);
/// The integers as floats, [rows][2][channels]: each row twice.
void doubled_weight_codes(std::int64_t rows, std::int64_t channels, const double* steps, const float* weights,
                          float* codes);

/// gradient [pixels][channels] times the channels' steps as a sum of two: [pixels][2][channels], the nearest bfloat16
/// and the bfloat16 nearest to what it leaves.
void split_gradient(std::int64_t pixels, std::int64_t channels, const double* steps, const float* gradient,
                    Bfloat16* halves);

/// sums[rows][channels] += (halves[rows][0][channels] + halves[rows][1][channels]) · in_step / steps[channels]
void add_halves(std::int64_t rows, std::int64_t channels, double in_step, const double* steps, const float* halves,
                float* sums);

}  // namespace npusim
