#include <algorithm>
#include <catch2/catch.hpp>

#include "npusim/base/files.h"
#include "npusim/workloads/datasets/dataset.h"
#include "support/test_data.h"

using npusim::Dataset;
using npusim::test::TemporaryFolder;

namespace {

std::string pixels_of(int image) {
    std::string pixels;
    for (int i = 0; i < 35; ++i) pixels += static_cast<char>(image * 37 + i * 11);
    return pixels;
}

/// `count` images of 5 × 7 whose labels and pixels follow from their number.
void write_idx_pair(const std::filesystem::path& folder, const std::string& part, int count) {
    const std::string count_bytes{'\0', '\0', static_cast<char>(count / 256), static_cast<char>(count % 256)};
    std::string labels = std::string{'\0', '\0', '\x08', '\x01'} + count_bytes;
    std::string images = std::string{'\0', '\0', '\x08', '\x03'} + count_bytes;
    images += std::string{'\0', '\0', '\0', '\x05', '\0', '\0', '\0', '\x07'};
    for (int i = 0; i < count; ++i) {
        labels += static_cast<char>(i % 10);
        images += pixels_of(i);
    }
    npusim::write_whole_file(folder / (part + "-images-idx3-ubyte"), images);
    npusim::write_whole_file(folder / (part + "-labels-idx1-ubyte"), labels);
}

void check_images(const Dataset& dataset, int count) {
    REQUIRE(dataset.size() == count);
    CHECK(dataset.image_shape == npusim::TensorShape{1, 5, 7});
    CHECK(dataset.class_names.at(9) == "9");
    for (int i = 0; i < count; ++i) {
        CHECK(dataset.labels[static_cast<std::size_t>(i)] == i % 10);
        const auto image = dataset.image(i);
        const std::string pixels = pixels_of(i);
        CHECK(std::equal(image.begin(), image.end(), pixels.begin(), pixels.end(),
                         [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }));
    }
}

}  // namespace

TEST_CASE("IDX images are read with their labels from the folder or from mnist in it") {
    const TemporaryFolder folder;
    const auto inner = folder / "mnist";
    std::filesystem::create_directory(inner);
    write_idx_pair(inner, "t10k", 13);
    write_idx_pair(inner, "train", 300);
    check_images(npusim::read_mnist_test(folder.path()), 13);
    check_images(npusim::read_mnist_test(inner), 13);
    check_images(npusim::read_mnist_train(folder.path()), 300);
    for (const int count : {1, 299, 300}) check_images(npusim::read_mnist_train(inner, count), count);
    CHECK(npusim::read_mnist_train(inner).content_hash != npusim::read_mnist_test(inner).content_hash);
}

TEST_CASE("More or fewer IDX images than there are cannot be asked for") {
    const TemporaryFolder folder;
    write_idx_pair(folder.path(), "train", 20);
    const std::string place = (folder / "train-images-idx3-ubyte").string() + ": images: ";
    CHECK_THROWS_WITH(npusim::read_mnist_train(folder.path(), 21), place + "21 are wanted, outside 1..20");
    CHECK_THROWS_WITH(npusim::read_mnist_train(folder.path(), 0), place + "0 are wanted, outside 1..20");
}

TEST_CASE("A name of kind mnist leads to the IDX files of its folder") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "fashion");
    write_idx_pair(folder / "fashion", "t10k", 13);
    write_idx_pair(folder / "fashion", "train", 20);
    const auto name = npusim::parse_dataset_name("mnist:fashion", folder.path());
    CHECK(name.kind == "mnist");
    check_images(npusim::read_test_images(name), 13);
    check_images(npusim::read_train_images(name), 20);
    check_images(npusim::read_train_images(name, 4), 4);
}

TEST_CASE("The published MNIST files hold their known numbers of digits") {
    const auto folder = npusim::test::data_folder("mnist/t10k-images-idx3-ubyte");
    if (!folder) return;
    const Dataset test = npusim::read_mnist_test(*folder);
    const Dataset train = npusim::read_mnist_train(*folder);
    CHECK(test.image_shape == npusim::TensorShape{1, 28, 28});
    // yann.lecun.com/exdb/mnist: 10,000 and 60,000 images; the first digits are a seven and a five.
    CHECK(test.size() == 10'000);
    CHECK(train.size() == 60'000);
    CHECK(test.labels.front() == 7);
    CHECK(train.labels.front() == 5);
    double sum = 0;
    for (const std::uint8_t pixel : train.pixels) sum += pixel;
    CHECK(sum / 255 / static_cast<double>(train.pixels.size()) == Approx(train.normalization.mean.at(0)).margin(1e-4));
}
