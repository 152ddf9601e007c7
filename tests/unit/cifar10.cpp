#include <algorithm>
#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/dataset.h"
#include "support/test_data.h"

using npusim::Dataset;
using npusim::parse_dataset_name;
using npusim::test::TemporaryFolder;

namespace {

/// Records whose label and pixels follow from their number, counted over all files.
std::string records(int first, int count) {
    std::string content;
    for (int record = first; record < first + count; ++record) {
        content += static_cast<char>(record % 10);
        for (int i = 0; i < 3072; ++i) content += static_cast<char>(record * 31 + i * 7);
    }
    return content;
}

void check_records(const Dataset& dataset, int count) {
    REQUIRE(dataset.size() == count);
    CHECK(dataset.image_shape == npusim::TensorShape{3, 32, 32});
    for (int record = 0; record < count; ++record) {
        CHECK(dataset.labels[static_cast<std::size_t>(record)] == record % 10);
        const auto image = dataset.image(record);
        REQUIRE(image.size() == 3072);
        bool equal = true;
        for (int i = 0; i < 3072; ++i) {
            equal = equal && image[static_cast<std::size_t>(i)] == static_cast<std::uint8_t>(record * 31 + i * 7);
        }
        CHECK(equal);
    }
}

}  // namespace

TEST_CASE("Test images are read with their labels from the folder or from the archive's folder in it") {
    const TemporaryFolder folder;
    const auto inner = folder / "cifar-10-batches-bin";
    std::filesystem::create_directory(inner);
    npusim::write_whole_file(inner / "test_batch.bin", records(0, 13));
    const Dataset outer_read = npusim::read_cifar10_test(folder.path());
    check_records(outer_read, 13);
    check_records(npusim::read_cifar10_test(inner), 13);
    CHECK(outer_read.name == "CIFAR-10 test");
    CHECK(outer_read.content_hash == npusim::content_hash(records(0, 13)));
    CHECK(outer_read.class_names.at(3) == "cat");
    npusim::write_whole_file(inner / "batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    CHECK(npusim::read_cifar10_test(inner).class_names ==
          std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});
}

TEST_CASE("Training images come in file order over all five files") {
    const TemporaryFolder folder;
    for (int file = 0; file < 5; ++file) {
        npusim::write_whole_file(folder / ("data_batch_" + std::to_string(file + 1) + ".bin"), records(file * 3, 3));
    }
    for (const int count : {1, 3, 4, 15}) check_records(npusim::read_cifar10_train(folder.path(), count), count);
    CHECK(npusim::read_cifar10_train(folder.path(), 4).content_hash !=
          npusim::read_cifar10_train(folder.path(), 3).content_hash);
    CHECK_THROWS_WITH(npusim::read_cifar10_train(folder.path(), 16),
                      Catch::EndsWith("16 are wanted, the five files hold 15"));
    CHECK_THROWS_WITH(npusim::read_cifar10_train(folder.path(), 0), Catch::EndsWith("0 is outside 1..50000"));
    CHECK_THROWS_WITH(npusim::read_cifar10_train(folder.path(), 50'001), Catch::EndsWith("50001 is outside 1..50000"));
}

TEST_CASE("Normalized pixels equal those of torchvision to the bit") {
    // torch 1.13: (torch.tensor(x, dtype=torch.uint8).to(torch.float32).div(255) - mean) / std with fp32 tensors.
    const std::array<double, 3> mean{0.4914, 0.4822, 0.4465};
    const std::array<double, 3> stddev{0.2023, 0.1994, 0.2010};
    const std::vector<std::uint8_t> image{0, 1, 77, 255, 0, 1, 77, 255, 0, 1, 77, 255};
    const std::vector<float> expected{-0x1.36eba00000000p+1F, -0x1.34706c0000000p+1F, -0x1.df73600000000p-1F,
                                      0x1.41cda20000000p+1F,  -0x1.3589600000000p+1F, -0x1.3304ee0000000p+1F,
                                      -0x1.cecd000000000p-1F, 0x1.4c63a00000000p+1F,  -0x1.1c569c0000000p+1F,
                                      -0x1.19d74a0000000p+1F, -0x1.702df20000000p-1F, 0x1.607a440000000p+1F};
    CHECK(npusim::normalize_image(image, {3, 2, 2}, mean, stddev) == expected);
}

TEST_CASE("An image that does not fill its shape cannot be normalized") {
    const std::vector<std::uint8_t> image(12);
    CHECK_THROWS_AS(npusim::normalize_image(image, {3, 2, 3}, {}, {1, 1, 1}), std::invalid_argument);
    CHECK_THROWS_AS(npusim::normalize_image(image, {1, 3, 4}, {}, {1, 1, 1}), std::invalid_argument);
}

TEST_CASE("A data set's folder is looked for as it is named and then below the data folder") {
    const TemporaryFolder root;
    std::filesystem::create_directory(root / "images");
    const std::string absolute = (root / "images").string();
    CHECK(parse_dataset_name("cifar10:" + absolute, "").path == absolute);
    CHECK(parse_dataset_name("cifar10:images", root.path()).path == root / "images");
    CHECK(parse_dataset_name("cifar10:.", root.path()).path == ".");
    CHECK(parse_dataset_name("cifar10", root.path()).path == root.path());
    CHECK(parse_dataset_name("cifar10", root.path()).kind == "cifar10");
}

TEST_CASE("A data set name that leads nowhere is refused with what is allowed") {
    const TemporaryFolder root;
    CHECK_THROWS_WITH(parse_dataset_name("cifar100:x", root.path()), Catch::Contains("known are cifar10"));
    CHECK_THROWS_WITH(parse_dataset_name("cifar10:no-such-folder", root.path()),
                      Catch::Contains("looked for no-such-folder, " + (root / "no-such-folder").string()));
    CHECK_THROWS_WITH(parse_dataset_name("cifar10", ""), Catch::Contains("set NPUSIM_DATA"));
    CHECK_THROWS_WITH(parse_dataset_name("cifar10:", root.path()), Catch::Contains("names no folder"));
    CHECK_THROWS_WITH(parse_dataset_name("", ""), Catch::Contains("unknown kind \"\""));
}

TEST_CASE("The published CIFAR-10 files hold a thousand test images of each class") {
    const auto folder = npusim::test::data_folder("cifar-10-batches-bin/test_batch.bin");
    if (!folder) return;
    const Dataset test = npusim::read_cifar10_test(*folder);
    REQUIRE(test.size() == 10'000);
    for (int label = 0; label < 10; ++label) CHECK(std::count(test.labels.begin(), test.labels.end(), label) == 1000);
    CHECK(test.class_names.at(9) == "truck");
    CHECK(npusim::read_cifar10_train(*folder, 10'001).size() == 10'001);
}
