#include "npusim/base/npy.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <stdexcept>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "support/test_data.h"

namespace {

/// The file that NumPy's format description asks for: the dictionary padded so that the values start at `start`.
std::string expected(const std::string& dictionary, std::size_t start, const std::string& values) {
    std::string text("\x93NUMPY\x01\x00", 8);
    const std::size_t length = start - 10;
    text += static_cast<char>(length);
    text += '\0';
    text += dictionary + std::string(length - dictionary.size() - 1, ' ') + '\n';
    return text + values;
}

template <typename T>
std::string written(const std::vector<std::int64_t>& shape, const std::vector<T>& values) {
    const npusim::test::TemporaryFolder folder;
    npusim::write_npy(folder / "a.npy", shape, std::span<const T>(values));
    return npusim::read_text_file(folder / "a.npy");
}

}  // namespace

TEST_CASE("An array is written as the bytes that NumPy's format describes") {
    CHECK(written<std::int8_t>({3}, {1, -1, 127}) ==
          expected("{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }", 128, "\x01\xff\x7f"));
    CHECK(written<std::int16_t>({1, 2}, {-2, 258}) ==
          expected("{'descr': '<i2', 'fortran_order': False, 'shape': (1, 2), }", 128, "\xfe\xff\x02\x01"));
    CHECK(written<std::int32_t>({}, {0x04030201}) ==
          expected("{'descr': '<i4', 'fortran_order': False, 'shape': (), }", 64 + 64, "\x01\x02\x03\x04"));
    CHECK(written<std::int64_t>({1}, {-1}) ==
          expected("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", 128, std::string(8, '\xff')));
    CHECK(written<float>({1}, {1.0F}) ==
          expected("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 128, std::string("\0\0\x80\x3f", 4)));
    CHECK(written<double>({0, 4}, {}) ==
          expected("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4), }", 128, ""));
}

TEST_CASE("The values of an npy file start at a multiple of 64 bytes for every shape") {
    for (std::size_t dimensions = 0; dimensions < 60; ++dimensions) {
        const std::string file = written<std::int8_t>(std::vector<std::int64_t>(dimensions, 1), {42});
        CHECK((file.size() - 1) % 64 == 0);
        CHECK(file[file.size() - 2] == '\n');
        const auto low = static_cast<unsigned char>(file[8]);
        const auto high = static_cast<unsigned char>(file[9]);
        CHECK(10 + low + 256 * high == static_cast<int>(file.size()) - 1);
    }
}

TEST_CASE("A shape that does not hold the values is refused and writes nothing") {
    const npusim::test::TemporaryFolder folder;
    const std::vector<float> values(6);
    for (const std::vector<std::int64_t>& shape :
         {std::vector<std::int64_t>{5}, {2, 4}, {-2, -3}, {}, {std::int64_t{1} << 62, 4}}) {
        CHECK_THROWS_AS(npusim::write_npy(folder / "a.npy", shape, values), std::invalid_argument);
    }
    CHECK(std::filesystem::is_empty(folder.path()));
    CHECK_THROWS_AS(npusim::write_npy(folder / "none" / "a.npy", {6}, values), npusim::InputError);
}
