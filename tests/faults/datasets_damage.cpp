// Damaged data sets are refused with the file, the place and what is allowed.
#include <catch2/catch.hpp>
#include <random>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/dataset.h"
#include "support/test_data.h"

using npusim::test::TemporaryFolder;

namespace {

constexpr std::size_t record_bytes = 3073;

std::string reading(const TemporaryFolder& folder) {
    try {
        (void)npusim::read_cifar10_test(folder.path());
    } catch (const npusim::InputError& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("A CIFAR-10 file cut inside a record is refused with its size") {
    const TemporaryFolder folder;
    const auto path = folder / "test_batch.bin";
    for (const std::size_t size : {0U, 1U, 3072U, 3074U, 2 * 3073U - 1}) {
        npusim::write_whole_file(path, std::string(size, '\x01'));
        CHECK(reading(folder) == path.string() + ": has " + std::to_string(size) +
                                     " bytes, a positive multiple of 3073 is needed (one label and 3,072 pixels an "
                                     "image)");
    }
}

TEST_CASE("A label above nine is refused with its record wherever it stands") {
    const TemporaryFolder folder;
    const auto path = folder / "test_batch.bin";
    std::mt19937 random(7);
    for (int round = 0; round < 40; ++round) {
        std::string content(record_bytes * 20, '\x05');
        const std::size_t record = random() % 20;
        const auto label = 10 + random() % 246;
        content[record * record_bytes] = static_cast<char>(label);
        npusim::write_whole_file(path, content);
        CHECK(reading(folder) == path.string() + ": record " + std::to_string(record) + ": label " +
                                     std::to_string(label) + " is outside 0..9");
    }
}

TEST_CASE("Any pixel bytes are images as long as labels and size are right") {
    const TemporaryFolder folder;
    std::mt19937 random(11);
    for (int round = 0; round < 10; ++round) {
        std::string content;
        for (std::size_t i = 0; i < record_bytes * 3; ++i) {
            content += static_cast<char>(i % record_bytes == 0 ? random() % 10 : random());
        }
        npusim::write_whole_file(folder / "test_batch.bin", content);
        const npusim::Dataset dataset = npusim::read_cifar10_test(folder.path());
        for (std::size_t record = 0; record < 3; ++record) {
            const auto image = dataset.image(static_cast<std::int64_t>(record));
            const std::string pixels = content.substr(record * record_bytes + 1, record_bytes - 1);
            CHECK(std::string(image.begin(), image.end()) == pixels);
        }
    }
}

TEST_CASE("A folder without CIFAR-10 files is refused with the names that are looked for") {
    const TemporaryFolder folder;
    CHECK(reading(folder) ==
          folder.path().string() + ": holds neither test_batch.bin nor cifar-10-batches-bin/test_batch.bin");
    npusim::write_whole_file(folder / "data_batch_1.bin", std::string(record_bytes, '\0'));
    CHECK_THROWS_WITH(npusim::read_cifar10_train(folder.path(), 2),
                      (folder / "data_batch_2.bin").string() + ": cannot be opened: No such file or directory");
}

TEST_CASE("A list of class names that does not name ten is refused") {
    const TemporaryFolder folder;
    npusim::write_whole_file(folder / "test_batch.bin", std::string(record_bytes, '\0'));
    npusim::write_whole_file(folder / "batches.meta.txt", "airplane\nautomobile\n");
    CHECK(reading(folder) == (folder / "batches.meta.txt").string() + ": names 2 classes, 10 are needed");
}
