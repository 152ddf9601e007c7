// Numbers and tables of the terminal report.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "cli/format.h"

using namespace npusim::cli;

TEST_CASE("A number keeps the digits asked for, also where rounding makes it longer") {
    CHECK(with_digits(1234.5) == "1234");
    CHECK(with_digits(12.3456) == "12.35");
    CHECK(with_digits(9.9996) == "10.00");
    CHECK(with_digits(999.96) == "1000");
    CHECK(with_digits(0.0123456) == "0.01235");
    CHECK(with_digits(123456) == "123456");
    CHECK(with_digits(-2.5, 2) == "-2.5");
    CHECK(with_digits(0) == "0");
    CHECK(with_digits(std::nan("")) == "-");
}

TEST_CASE("A number written with four digits is within half a unit of its fourth digit") {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> exponent(-2, 3.9);
    for (int i = 0; i < 1000; ++i) {
        const double value = std::pow(10, exponent(random));
        const double read = std::stod(with_digits(value));
        CHECK(std::abs(read - value) <= 0.5000001 * std::pow(10, std::floor(std::log10(value)) - 3));
    }
}

TEST_CASE("Zeros at the end can be left out, those before the point never") {
    CHECK(trimmed(6.4) == "6.4");
    CHECK(trimmed(256) == "256");
    CHECK(trimmed(1.1) == "1.1");
    CHECK(trimmed(2) == "2");
    CHECK(trimmed(100) == "100");
}

TEST_CASE("SI prefixes keep one to three digits before the point") {
    CHECK(si(3.664e9, "MAC") == "3.664 GMAC");
    CHECK(si(999.96, "B") == "1.000 kB");
    CHECK(si(999.4, "B") == "999.4 B");
    CHECK(si(1.5e-7, "J") == "150.0 nJ");
    CHECK(si(0, "B") == "0 B");
    CHECK(si(2.5e-6, "s") == "2.500 µs");
    CHECK(si(4e18, "B") == "4000 PB");
}

TEST_CASE("Thousands are separated from the right") {
    CHECK(thousands(0) == "0");
    CHECK(thousands(999) == "999");
    CHECK(thousands(1000) == "1,000");
    CHECK(thousands(1234567) == "1,234,567");
    CHECK(thousands(18446744073709551615U) == "18,446,744,073,709,551,615");
}

TEST_CASE("Bytes are told in the largest binary unit that keeps them above one") {
    CHECK(binary_bytes(1023) == "1023 B");
    CHECK(binary_bytes(65536) == "64 KiB");
    CHECK(binary_bytes(1536) == "1.500 KiB");
    CHECK(binary_bytes(8.0 * 1024 * 1024) == "8 MiB");
}

TEST_CASE("A share of nothing is zero percent") {
    CHECK(percent(1, 3) == "33.3");
    CHECK(percent(5, 0) == "0.0");
}

TEST_CASE("Padding counts what is seen, not bytes") {
    CHECK(display_width("µJ mm²") == 6);
    CHECK(pad_left("µJ", 4) == "  µJ");
    CHECK(pad_right("mm²", 5) == "mm²  ");
    CHECK(pad_left("longer", 3) == "longer");
}

TEST_CASE("Wrapping loses no word and keeps every line that has more than one word within the width") {
    std::mt19937_64 random(2);
    for (int trial = 0; trial < 200; ++trial) {
        std::string text;
        for (std::size_t words = random() % 30; words > 0; --words) {
            text += (text.empty() ? "" : " ") + std::string(1 + random() % 12, 'a');
        }
        const std::size_t width = 5 + random() % 30;
        std::string joined;
        for (const std::string& line : wrap_text(text, width)) {
            CHECK((line.size() <= width || line.find(' ') == std::string::npos));
            joined += (joined.empty() ? "" : " ") + line;
        }
        CHECK(joined == text);
    }
}
