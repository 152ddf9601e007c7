#include "npusim/workloads/datasets/image_folder.h"

#include <tbb/global_control.h>

#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/folder_source.h"
#include "npusim/workloads/datasets/resize_image.h"
#include "support/image_files.h"
#include "support/test_data.h"

using Catch::Contains;
using npusim::DatasetName;
using npusim::ImageFolder;
using npusim::ImageList;
using npusim::ImageUse;
using npusim::RgbImage;
using npusim::test::TemporaryFolder;

namespace {

void write_picture(const std::filesystem::path& path, std::uint32_t seed, std::int64_t width = 20,
                   std::int64_t height = 14) {
    std::filesystem::create_directories(path.parent_path());
    std::mt19937 random(seed);
    npusim::write_whole_file(path, npusim::test::encode_png(npusim::test::random_picture(random, width, height)));
}

std::vector<std::string> names_of(const ImageList& list, const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& file : list.files) {
        names.push_back(file.path.lexically_relative(folder).generic_string() + "=" + std::to_string(file.label));
    }
    return names;
}

std::string refusal(const std::filesystem::path& folder, std::optional<std::int64_t> classes = std::nullopt) {
    try {
        (void)npusim::list_image_folder(folder, classes);
    } catch (const npusim::InputError& error) {
        return error.what();
    }
    return "";
}

ImageUse small_use(std::int64_t train_images) {
    ImageUse use;
    use.preprocessing.resize_px = 12;
    use.preprocessing.crop_px = 8;
    use.train_images = train_images;
    use.seed = 5;
    return use;
}

/// Three classes of 4, 2 and 3 images in folders.
void write_class_folders(const std::filesystem::path& folder) {
    std::uint32_t seed = 0;
    for (const char* name : {"cat/a", "cat/b", "cat/c", "cat/d", "ant/x", "ant/y", "dog/1", "dog/2", "dog/3"}) {
        write_picture(folder / (std::string(name) + ".png"), seed, 10 + seed, 30 - seed);
        ++seed;
    }
}

using Names = std::vector<std::string>;

constexpr std::size_t elements = 192;  ///< of an image of 8x8 pixels, the crop of small_use

}  // namespace

TEST_CASE("Class folders give their images sorted by class and name, and nothing but images") {
    const TemporaryFolder folder;
    write_class_folders(folder.path());
    npusim::write_whole_file(folder / "ant" / "notes.txt", "no image");
    npusim::write_whole_file(folder / "ant" / ".hidden.png", "no image");
    std::filesystem::rename(folder / "dog" / "2.png", folder / "dog" / "2.JPeG");
    const ImageFolder found = npusim::list_image_folder(folder.path());
    CHECK_FALSE(found.train.has_value());
    CHECK(found.test.class_names == Names{"ant", "cat", "dog"});
    CHECK(names_of(found.test, folder.path()) == Names{"ant/x.png=0", "ant/y.png=0", "cat/a.png=1", "cat/b.png=1",
                                                       "cat/c.png=1", "cat/d.png=1", "dog/1.png=2", "dog/2.JPeG=2",
                                                       "dog/3.png=2"});
}

TEST_CASE("A list of class names gives class folders its numbers, by the line or its first word") {
    const TemporaryFolder folder;
    write_class_folders(folder.path());
    npusim::write_whole_file(folder / "classes.txt", "n1 bee\r\ndog, a wolf\ncat\nant, small\n dog \n");
    CHECK(refusal(folder.path()) ==
          (folder / "ant").string() + ": is no class of " + (folder / "classes.txt").string());
    npusim::write_whole_file(folder / "classes.txt", "n1 bee\ncat\nant small thing\ndog\n");
    const ImageList list = npusim::list_image_folder(folder.path(), 4).test;
    CHECK(list.class_names == Names{"n1 bee", "cat", "ant small thing", "dog"});
    CHECK(names_of(list, folder.path()).front() == "ant/x.png=2");
    CHECK(names_of(list, folder.path()).back() == "dog/3.png=3");
    CHECK_THAT(refusal(folder.path(), 5), Contains("classes.txt: names 4 classes, 5 are needed"));
}

TEST_CASE("Train and val share the classes of train") {
    const TemporaryFolder folder;
    write_class_folders(folder / "train");
    write_picture(folder / "val" / "dog" / "z.png", 40);
    const ImageFolder found = npusim::list_image_folder(folder.path());
    REQUIRE(found.train.has_value());
    CHECK(found.train->files.size() == 9);
    CHECK(found.test.class_names == Names{"ant", "cat", "dog"});
    CHECK(names_of(found.test, folder / "val") == Names{"dog/z.png=2"});
    write_picture(folder / "val" / "eel" / "z.png", 41);
    CHECK_THAT(refusal(folder.path()), Contains("eel: is no class of \"train\""));
}

TEST_CASE("A list may have a header, quoted fields with commas, blank lines and foreign line ends") {
    const TemporaryFolder folder;
    for (const char* name : {"b", "a", "c,d"}) write_picture(folder / "images" / (std::string(name) + ".png"), 3);
    npusim::write_whole_file(folder / "labels.csv",
                             "file,label0,author\r\nimages/b.png,7,\"Smith, \"\"J\"\"\r\n\n"
                             "images/a.png , 0 ,x\n\"images/c,d.png\",3");
    const ImageList list = npusim::list_image_folder(folder.path()).test;
    CHECK(names_of(list, folder.path()) == Names{"images/b.png=7", "images/a.png=0", "images/c,d.png=3"});
    CHECK(list.class_names.size() == 8);
    CHECK(npusim::list_image_folder(folder.path(), 10).test.class_names.size() == 10);
    std::filesystem::remove(folder / "labels.csv");
    npusim::write_whole_file(folder / "labels.txt", "images/a.png   1\nimages/b.png\t0 more words\n");
    CHECK(names_of(npusim::list_image_folder(folder.path()).test, folder.path()) ==
          Names{"images/a.png=1", "images/b.png=0"});
}

TEST_CASE("Everything that is wrong with a list is told at once, each with its line") {
    const TemporaryFolder folder;
    write_picture(folder / "a.png", 1);
    write_picture(folder / "b.png", 1);
    npusim::write_whole_file(folder / "classes.txt", "one\ntwo\n");
    npusim::write_whole_file(folder / "labels.csv",
                             "a.png,0\nb.png,2\nb.png,-1\nc.png,1\n./a.png,1\nb.png,x\n,1\nb.png\n");
    const std::string list = (folder / "labels.csv").string() + ": ";
    CHECK(refusal(folder.path()) == list + "line 6: label \"x\" is no number\n" +      //
                                        list + "line 7: names no file\n" +             //
                                        list + "line 8: label \"\" is no number\n" +   //
                                        list + "line 2: label 2 is outside 0..1\n" +   //
                                        list + "line 3: label -1 is outside 0..1\n" +  //
                                        list + "line 4: no such file: " + (folder / "c.png").string() + "\n" + list +
                                        "line 5: ./a.png stands in line 1 already");
}

TEST_CASE("An empty class, an empty folder and a folder that is none are refused") {
    const TemporaryFolder folder;
    CHECK_THAT(refusal(folder / "none"), Contains("is no folder"));
    CHECK_THAT(refusal(folder.path()), Contains("neither labels.csv, labels.txt nor class folders"));
    std::filesystem::create_directory(folder / "ant");
    CHECK(refusal(folder.path()) ==
          (folder / "ant").string() + ": is an empty class: it holds no .jpg, .jpeg or .png file");
    npusim::write_whole_file(folder / "labels.csv", "file,label\n");
    CHECK_THAT(refusal(folder.path()), Contains("holds no image"));
    for (int i = 0; i < 30; ++i) std::filesystem::create_directories(folder / "many" / std::to_string(i));
    CHECK_THAT(refusal(folder / "many"), Contains("and 10 problems more"));
}

TEST_CASE("Leading images come class by class in turns from folders, and in order from a list") {
    const TemporaryFolder folder;
    write_class_folders(folder.path());
    ImageList list = npusim::list_image_folder(folder.path()).test;
    using Indices = std::vector<std::int64_t>;
    CHECK(npusim::leading_images(list, 3) == Indices{0, 2, 6});
    CHECK(npusim::leading_images(list, 7) == Indices{0, 1, 2, 3, 4, 6, 7});
    CHECK(npusim::leading_images(list, 9).size() == 9);
    list.in_class_folders = false;
    CHECK(npusim::leading_images(list, 3) == Indices{0, 1, 2});
    CHECK_THROWS_AS(npusim::leading_images(list, 10), std::out_of_range);
    CHECK(npusim::take(list, {1, 2}).content_hash != npusim::take(list, {1, 3}).content_hash);
}

TEST_CASE("An undivided folder is parted into calibration and test images that share none") {
    const TemporaryFolder folder;
    write_class_folders(folder.path());
    const DatasetName name{"images", folder.path(), 0};
    const npusim::ImageLists lists = npusim::list_images(name, small_use(4));
    CHECK(names_of(lists.train, folder.path()) == Names{"ant/x.png=0", "ant/y.png=0", "cat/a.png=1", "dog/1.png=2"});
    CHECK(lists.test.files.size() == 5);
    ImageUse use = small_use(4);
    use.test_images = 2;
    CHECK(npusim::list_images(name, use).test.files.size() == 2);
    CHECK(npusim::list_images(name, use).test_images_of == 5);
    CHECK_THROWS_WITH(npusim::list_images(name, small_use(9)), Contains("9 are wanted, outside 1..8"));
    use.train_images.reset();
    CHECK_THROWS_WITH(npusim::list_images(name, use), Contains("say how many of its images are for training"));
}

TEST_CASE("A folder's batches are its decoded images, cropped and normalized, on any number of threads") {
    const TemporaryFolder folder;
    write_class_folders(folder.path());
    const DatasetName name{"images", folder.path(), 0};
    const bool bgr = GENERATE(false, true);
    ImageUse use = small_use(4);
    use.preprocessing.bgr = bgr;
    use.preprocessing.divisor = bgr ? 1 : 255;
    const npusim::ImageParts parts = npusim::open_image_folder(name, use);
    const npusim::ImageDatasets datasets = npusim::read_image_folder(name, use);
    REQUIRE(parts.test->size() == 5);
    REQUIRE(datasets.test.size() == 5);
    CHECK(parts.test->image_shape() == npusim::TensorShape{3, 8, 8});
    const std::vector<std::int64_t> order{4, 0, 2, 2};
    std::vector<float> batch(order.size() * elements);
    for (const std::size_t threads : {1U, 2U}) {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
        std::fill(batch.begin(), batch.end(), -1.0F);
        parts.test->write_batch(order, std::nullopt, batch);
        for (std::size_t i = 0; i < order.size(); ++i) {
            const auto planes = npusim::normalize_image(datasets.test.image(order[i]), datasets.test.image_shape,
                                                        datasets.test.normalization);
            for (std::size_t k = 0; k < elements; ++k) {
                REQUIRE(batch[i * elements + k] == planes[k % 3 * 64 + k / 3]);
            }
        }
    }
    CHECK_THROWS_AS(
        parts.test->write_batch(std::vector<std::int64_t>{5}, std::nullopt, std::span(batch).first(elements)),
        std::out_of_range);
    CHECK_THROWS_AS(parts.test->write_batch(order, std::nullopt, std::span(batch).first(elements)),
                    std::invalid_argument);
}

TEST_CASE("An image of the network's size is shown as it is, any other resized and cropped") {
    const TemporaryFolder folder;
    write_picture(folder / "exact.png", 1, 8, 8);
    write_picture(folder / "large.png", 2, 30, 20);
    write_picture(folder / "narrow.png", 3, 3, 301);
    const auto preprocessing = small_use(1).preprocessing;
    CHECK(npusim::evaluation_image(folder / "exact.png", preprocessing) == npusim::read_image(folder / "exact.png"));
    CHECK(npusim::evaluation_image(folder / "large.png", preprocessing) ==
          npusim::resize_and_crop(npusim::read_image(folder / "large.png"), 12, 8));
    CHECK_THROWS_WITH(
        npusim::evaluation_image(folder / "narrow.png", preprocessing),
        (folder / "narrow.png").string() + ": is 3x301, allowed: sides that differ by a factor of 100 at most");
}

TEST_CASE("In training an image is shown by the random crop of its seed, epoch and index") {
    const TemporaryFolder folder;
    write_class_folders(folder.path());
    const ImageUse use = small_use(4);
    const npusim::ImageLists lists = npusim::list_images({"images", folder.path(), 0}, use);
    const auto source = npusim::folder_source(lists.train, "train", use.preprocessing, use.seed);
    const auto shown = [&](std::uint64_t epoch) {
        std::vector<float> values(elements);
        source->write_batch(std::vector<std::int64_t>{2}, epoch, values);
        return values;
    };
    const RgbImage image = npusim::read_image(lists.train.files[2].path);
    const RgbImage crop = npusim::apply_crop(image, npusim::random_crop(image.width, image.height, 5, 3, 2), 8);
    const std::vector<float> values = shown(3);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float scaled = static_cast<float>(crop.pixels[i]) / 255.0F;
        const float mean = static_cast<float>(use.preprocessing.mean[i % 3]);
        REQUIRE(values[i] == (scaled - mean) / static_cast<float>(use.preprocessing.stddev[i % 3]));
    }
    CHECK(shown(3) == values);
    CHECK(shown(4) != values);
}

TEST_CASE("A damaged file in a batch is refused with its name") {
    const TemporaryFolder folder;
    write_class_folders(folder.path());
    npusim::write_whole_file(folder / "cat" / "b.png", "no image");
    const auto list = npusim::list_image_folder(folder.path()).test;
    const auto source = npusim::folder_source(list, "all", small_use(1).preprocessing, 0);
    std::vector<float> values(9 * elements);
    const std::vector<std::int64_t> all{0, 1, 2, 3, 4, 5, 6, 7, 8};
    CHECK_THROWS_WITH(source->write_batch(all, std::nullopt, values), Contains((folder / "cat" / "b.png").string()));
}

TEST_CASE("A folder of images is named by its kind, and is refused where images must have one size") {
    const TemporaryFolder root;
    std::filesystem::create_directory(root / "pictures");
    for (const char* kind : {"images", "imagenet"}) {
        const DatasetName name = npusim::parse_dataset_name(std::string(kind) + ":pictures", root.path());
        CHECK(name.kind == "images");
        CHECK(name.path == root / "pictures");
        CHECK_THROWS_WITH(npusim::parse_dataset_name(kind, root.path()), Contains("names no folder"));
        CHECK_THROWS_AS(npusim::read_test_images(name), npusim::InputError);
        CHECK_THROWS_AS(npusim::read_train_images(name), npusim::InputError);
    }
}
