// Damaged IDX files are refused with the file, the place and what is allowed.
#include <catch2/catch.hpp>
#include <random>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/dataset.h"
#include "support/test_data.h"

using npusim::test::TemporaryFolder;

namespace {

constexpr auto image_name = "t10k-images-idx3-ubyte";
constexpr auto label_name = "t10k-labels-idx1-ubyte";

std::string idx_file(const std::vector<std::uint32_t>& extents, const std::string& values) {
    std::string content{'\0', '\0', '\x08', static_cast<char>(extents.size())};
    for (const std::uint32_t extent : extents) {
        for (int shift = 24; shift >= 0; shift -= 8) content += static_cast<char>(extent >> unsigned(shift));
    }
    return content + values;
}

std::string good_images() {
    return idx_file({3, 5, 7}, std::string(105, '\x2a'));
}
std::string good_labels() {
    return idx_file({3}, "\x01\x02\x03");
}

/// The message, without the folder.
std::string reading(const TemporaryFolder& folder) {
    try {
        (void)npusim::read_mnist_test(folder.path());
    } catch (const npusim::InputError& error) {
        const std::string message = error.what();
        const std::string prefix = folder.path().string() + "/";
        return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
    }
    return "no error";
}

/// Three images of 5 × 7 with one file replaced.
std::string reading_with(const std::string& name, const std::string& content) {
    const TemporaryFolder folder;
    npusim::write_whole_file(folder / image_name, good_images());
    npusim::write_whole_file(folder / label_name, good_labels());
    npusim::write_whole_file(folder / name, content);
    return reading(folder);
}

}  // namespace

TEST_CASE("An IDX file cut or lengthened anywhere is refused with its size") {
    const std::string images = good_images() + "more";
    for (const std::size_t size : {0U, 1U, 4U, 15U, 16U, 17U, 51U, 120U, 121U, 122U, 125U}) {
        const std::string message = reading_with(image_name, images.substr(0, size));
        if (size == good_images().size()) {
            CHECK(message == "no error");
        } else if (size < 16) {
            CHECK(message ==
                  std::string(image_name) + ": has " + std::to_string(size) + " bytes, the header alone needs 16");
        } else {
            CHECK(message == std::string(image_name) + ": has " + std::to_string(size - 16) +
                                 " bytes after its header, which promises 105");
        }
    }
    CHECK(reading_with(label_name, good_labels().substr(0, 7)) ==
          std::string(label_name) + ": has 7 bytes, the header alone needs 8");
    CHECK(reading_with(label_name, good_labels() + '\x01') ==
          std::string(label_name) + ": has 4 bytes after its header, which promises 3");
}

TEST_CASE("Any change of one byte of an IDX header is refused with the file's name") {
    for (const auto& [name, content, header_bytes] : {std::tuple{image_name, good_images(), std::size_t{16}},
                                                      std::tuple{label_name, good_labels(), std::size_t{8}}}) {
        for (std::size_t place = 0; place < header_bytes; ++place) {
            for (const int change : {1, 128}) {
                std::string damaged = content;
                damaged[place] = static_cast<char>(damaged[place] ^ change);
                CHECK_THAT(reading_with(name, damaged), Catch::StartsWith(std::string(name) + ": "));
            }
        }
    }
}

TEST_CASE("An IDX file of another type or rank is refused with the byte and what is needed") {
    std::string images = good_images();
    images[2] = '\x0d';
    CHECK(reading_with(image_name, images) ==
          std::string(image_name) + ": byte 2: is 13, 8 is needed (the type of unsigned bytes)");
    CHECK(reading_with(image_name, good_labels() + "        ") ==
          std::string(image_name) + ": byte 3: is 1, 3 is needed (the number of dimensions)");
    CHECK(reading_with(image_name, "\x1f\x8b is a gzip header") ==
          std::string(image_name) + ": byte 0: is 31, 0 is needed (an IDX file begins with two zeros)");
}

TEST_CASE("Extents whose product would overflow or vanish are refused by themselves") {
    const auto header = [](std::uint32_t count, std::uint32_t height, std::uint32_t width) {
        return idx_file({count, height, width}, "");
    };
    const std::string file = image_name;
    CHECK(reading_with(file, header(0, 28, 28)) == file + ": byte 4: extent 0 is 0, outside 1..4294967295");
    CHECK(reading_with(file, header(1, 0, 28)) == file + ": byte 8: extent 1 is 0, outside 1..4096");
    CHECK(reading_with(file, header(1, 28, 4097)) == file + ": byte 12: extent 2 is 4097, outside 1..4096");
    CHECK(reading_with(file, header(0x80000000U, 0x80000000U, 4)) ==
          file + ": byte 8: extent 1 is 2147483648, outside 1..4096");
    CHECK(reading_with(file, header(0xffffffffU, 4096, 4096)) ==
          file + ": has 0 bytes after its header, which promises 72057594021150720");
}

TEST_CASE("A digit above nine is refused with its record wherever it stands") {
    std::mt19937 random(7);
    for (int round = 0; round < 40; ++round) {
        const TemporaryFolder folder;
        npusim::write_whole_file(folder / image_name, idx_file({20, 1, 1}, std::string(20, 'x')));
        std::string labels = idx_file({20}, std::string(20, '\x05'));
        const std::size_t record = random() % 20;
        const auto label = 10 + random() % 246;
        labels[8 + record] = static_cast<char>(label);
        npusim::write_whole_file(folder / label_name, labels);
        CHECK(reading(folder) == std::string(label_name) + ": record " + std::to_string(record) + ": label " +
                                     std::to_string(label) + " is outside 0..9");
    }
}

TEST_CASE("Labels of another number than the images are refused with both numbers") {
    CHECK(reading_with(label_name, idx_file({4}, std::string(4, '\x09'))) ==
          std::string(label_name) + ": byte 4: holds 4 labels, t10k-images-idx3-ubyte has 3 images");
}

TEST_CASE("A folder without IDX files or with packed ones is refused with what is looked for") {
    const TemporaryFolder folder;
    CHECK(reading(folder) ==
          folder.path().string() + ": holds neither t10k-images-idx3-ubyte nor mnist/t10k-images-idx3-ubyte");
    npusim::write_whole_file(folder / (std::string(image_name) + ".gz"), "packed");
    CHECK(reading(folder) == std::string(image_name) + ".gz: is packed, unpack it with gunzip first");
    npusim::write_whole_file(folder / image_name, good_images());
    CHECK(reading(folder) == std::string(label_name) + ": cannot be opened: No such file or directory");
}
