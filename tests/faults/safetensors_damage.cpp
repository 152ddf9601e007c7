// Damaged safetensors files: each is refused with InputError or read as what it says, and never crashes.
#include <catch2/catch.hpp>
#include <random>
#include <sstream>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/exchange/safetensors.h"
#include "support/test_data.h"

using npusim::DType;
using npusim::SafetensorsFile;
using npusim::test::TemporaryFolder;

namespace {

std::string with_length(std::uint64_t length, const std::string& rest) {
    std::string file;
    for (int i = 0; i < 8; ++i) file += static_cast<char>((length >> (8 * i)) & 0xff);
    return file + rest;
}

std::string with_header(const std::string& header, const std::string& data) {
    return with_length(header.size(), header + data);
}

/// Reads `content`, and returns what the reader says of it, without the file's name before each problem.
std::string reading(const TemporaryFolder& folder, const std::string& content) {
    const auto path = folder / "a.safetensors";
    npusim::write_whole_file(path, content);
    try {
        (void)npusim::read_safetensors(path);
    } catch (const npusim::InputError& error) {
        std::istringstream message(error.what());
        std::string text;
        for (std::string line; std::getline(message, line);) {
            REQUIRE(line.starts_with(path.string() + ": "));
            text += (text.empty() ? "" : "\n") + line.substr(path.string().size() + 2);
        }
        return text;
    }
    return "no error";
}

std::string valid_content(const TemporaryFolder& folder) {
    SafetensorsFile file;
    file.metadata["format"] = "pt";
    file.tensors["conv1.weight"] = {DType::f32, {2, 3}, std::vector<std::byte>(24)};
    file.tensors["fc.bias"] = {DType::i8, {5}, std::vector<std::byte>(5)};
    file.tensors["scalar"] = {DType::f64, {}, std::vector<std::byte>(8)};
    npusim::write_safetensors(file, folder / "valid.safetensors");
    return npusim::read_text_file(folder / "valid.safetensors");
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return "{\"dtype\": \"" + dtype + "\", \"shape\": " + shape + ", \"data_offsets\": " + offsets + "}";
}

std::string one_tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return "{\"w\": " + tensor(dtype, shape, offsets) + "}";
}

}  // namespace

TEST_CASE("A safetensors file cut at any length is refused") {
    const TemporaryFolder folder;
    const std::string whole = valid_content(folder);
    REQUIRE(reading(folder, whole) == "no error");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CHECK(reading(folder, whole.substr(0, length)) != "no error");
    }
    CHECK(reading(folder, whole.substr(0, 5)) ==
          "has 5 bytes, a safetensors file starts with a header length of 8 bytes");
}

TEST_CASE("Flipped bytes in the header or its length never crash the reader") {
    const TemporaryFolder folder;
    const std::string whole = valid_content(folder);
    std::mt19937 random(1);
    int refused = 0;
    for (int round = 0; round < 1000; ++round) {
        std::string damaged = whole;
        for (auto flips = 1 + random() % 3; flips > 0; --flips) {
            const std::size_t position = random() % (damaged.size() - 37);
            damaged[position] = static_cast<char>(random());
        }
        refused += reading(folder, damaged) == "no error" ? 0 : 1;
    }
    CHECK(refused > 500);
}

TEST_CASE("Replaced numbers in the header are refused unless they describe the same bytes") {
    const TemporaryFolder folder;
    const std::vector<std::string> numbers = {
        "-1", "0", "1", "4", "25", "9223372036854775807", "9223372036854775808", "1e30", "2.5", "\"2\"", "null", "[]"};
    for (const std::string& number : numbers) {
        CHECK(reading(folder, with_header(one_tensor("F32", "[" + number + ", 3]", "[0, 24]"), std::string(24, 'x'))) !=
              "no error");
        const std::string begin = "[" + number + ", 24]";
        CHECK((reading(folder, with_header(one_tensor("F32", "[2, 3]", begin), std::string(24, 'x'))) == "no error") ==
              (number == "0"));
        CHECK(reading(folder, with_header(one_tensor("F32", "[2, 3]", "[0, " + number + "]"), std::string(24, 'x'))) !=
              "no error");
    }
}

TEST_CASE("A header length beyond the file or the format's limit is refused before anything is allocated") {
    const TemporaryFolder folder;
    for (const std::uint64_t length : {std::uint64_t{3}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
        CHECK(reading(folder, with_length(length, "{}")) ==
              "header length: " + std::to_string(length) + " is outside 0..2 (the file has 10 bytes)");
    }
}

TEST_CASE("A header that is no JSON object is refused with its place") {
    const TemporaryFolder folder;
    CHECK_THAT(reading(folder, with_header("", "")), Catch::StartsWith("header: line 1, column 1: syntax error"));
    CHECK_THAT(reading(folder, with_header("{\"a\": }", "")), Catch::StartsWith("header: line 1, column 7: syntax"));
    CHECK(reading(folder, with_header("[1]", "")) == "header: an array is given, an object is needed");
    CHECK(reading(folder, with_header("{}", "")) == "no error");
    CHECK(reading(folder, with_header(std::string(100'000, '['), "")) == "header: is nested deeper than 100 levels");
}

TEST_CASE("Each fault of a tensor's entry is named with the value and what is allowed") {
    const TemporaryFolder folder;
    const std::string data(24, 'x');
    const auto says = [&](const std::string& header) { return reading(folder, with_header(header, data)); };
    CHECK_THAT(says(one_tensor("F31", "[2, 3]", "[0, 24]")),
               Catch::StartsWith("header: /w/dtype: \"F31\" is unknown, allowed are F64, F32, F16,"));
    CHECK(says(one_tensor("F32", "[-2, -3]", "[0, 24]")) ==
          npusim::join({"header: /w/shape/0: -2 is below 0, the least allowed",
                        "header: /w/shape/1: -3 is below 0, the least allowed"},
                       "\n"));
    CHECK(says(one_tensor("F32", "[4294967296, 4294967296]", "[0, 24]")) ==
          "header: /w/shape: shape [4294967296, 4294967296] of F32 needs more bytes than 64 bits can count");
    CHECK(says(one_tensor("F32", "[2, 4]", "[0, 24]")) ==
          "header: /w/data_offsets: [0, 24] holds 24 bytes, shape [2, 4] of F32 needs 32");
    CHECK(says(one_tensor("F32", "[2, 3]", "[24, 0]")) == "header: /w/data_offsets: [24, 0] ends before it begins");
    CHECK(says(one_tensor("F32", "[2, 3]", "[1, 25]")) == "header: /w/data_offsets/1: 25 is outside 0..24");
    CHECK(says(one_tensor("F32", "[2, 3]", "[0]")) ==
          "header: /w/data_offsets: has 1 numbers, begin and end are needed");
    CHECK(says("{\"w\": {\"dtype\": \"F32\", \"shape\": [6], \"data_offset\": [0, 24]}}") ==
          "header: /w/data_offsets: is missing\nheader: /w/data_offset: unknown key, did you mean \"data_offsets\"?");
    CHECK(says("{\"w\": 3}") == "header: /w: 3 is an integer, an object is needed");
}

TEST_CASE("Tensors that share bytes or leave some out are refused") {
    const TemporaryFolder folder;
    const auto says = [&](const std::string& a, const std::string& b) {
        return reading(folder, with_header("{\"a\": " + a + ", \"b\": " + b + "}", std::string(8, 'x')));
    };
    CHECK(says(tensor("I8", "[3]", "[0, 3]"), tensor("I8", "[5]", "[3, 8]")) == "no error");
    CHECK(says(tensor("I8", "[5]", "[3, 8]"), tensor("I8", "[3]", "[0, 3]")) == "no error");
    CHECK(says(tensor("I8", "[8]", "[0, 8]"), tensor("I8", "[0]", "[8, 8]")) == "no error");
    CHECK(says(tensor("I8", "[4]", "[0, 4]"), tensor("I8", "[5]", "[3, 8]")) ==
          "header: /b: begins at data byte 3, which another tensor covers too; 4 is needed");
    CHECK(says(tensor("I8", "[2]", "[0, 2]"), tensor("I8", "[5]", "[3, 8]")) ==
          "header: /b: begins at data byte 3, but no tensor covers the bytes before it; 2 is needed");
    CHECK(says(tensor("I8", "[3]", "[0, 3]"), tensor("I8", "[4]", "[3, 7]")) ==
          "header: the tensors cover 7 of 8 data bytes, all are needed");
    CHECK(says(tensor("I8", "[8]", "[0, 8]"), tensor("I8", "[8]", "[0, 8]")) ==
          "header: /b: begins at data byte 0, which another tensor covers too; 8 is needed");
}

TEST_CASE("A tensor named twice and metadata that is no text are refused") {
    const TemporaryFolder folder;
    const std::string w = "\"w\": " + tensor("I8", "[8]", "[0, 8]");
    const auto says = [&](const std::string& header) { return reading(folder, with_header(header, "12345678")); };
    CHECK(says("{" + w + ", " + w + "}") == "header: /w: the key is given twice");
    CHECK(says("{" + w + ", \"__metadata__\": {\"a\": 1}}") ==
          "header: /__metadata__/a: 1 is an integer, a string is needed");
    CHECK(says("{" + w + ", \"__metadata__\": \"pt\"}") ==
          "header: /__metadata__: \"pt\" is a string, an object is needed");
}
