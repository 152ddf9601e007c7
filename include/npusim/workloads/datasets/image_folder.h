// ImageNet-style data sets: which files there are, and what they show. No image is decoded here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace npusim {

struct LabelledFile {
    std::filesystem::path path;
    std::int32_t label = 0;
};

/// The images of a folder or of one part of it.
struct ImageList {
    std::vector<LabelledFile> files;  ///< by class and name, as torchvision sorts them, or in the order of the list
    std::vector<std::string> class_names;
    bool in_class_folders = false;
    std::string content_hash;  ///< of names, labels and sizes of the files; the bytes in them are too many to read
};

/// An image folder is a folder of one of these kinds, or has one in "train" and one in "val":
/// - class folders: FOLDER/CLASS/*.jpg, *.jpeg or *.png, in any case of the suffix;
/// - labels.csv or labels.txt: a line an image, its first column the file (below the folder), its second the label
///   from 0; further columns are ignored, fields may be quoted, a first line without a number is a header. A .csv is
///   cut at commas, a .txt at blanks.
/// imagenet_classes.txt or classes.txt in the folder, or beside "train" and "val", names the classes, one a line. With
/// it a class folder is found by its line or the first word of it (n01440764), without it classes are numbered as
/// folders are sorted, and a list has the classes that `classes` says or its labels show.
struct ImageFolder {
    std::optional<ImageList> train;  ///< only with "train" and "val"
    ImageList test;                  ///< "val", or everything
};
/// Throws InputError with up to 20 problems at once: an empty class folder, an unknown class, a label out of range, a
/// missing or doubled file, a line that is none.
[[nodiscard]] ImageFolder list_image_folder(const std::filesystem::path& folder,
                                            std::optional<std::int64_t> classes = std::nullopt);

/// Indices of the `count` images that come first: of a list in its order; of class folders the first of each class,
/// then the second, and so on. Ascending. Throws std::out_of_range for more than there are.
[[nodiscard]] std::vector<std::int64_t> leading_images(const ImageList& list, std::int64_t count);

/// The files at these indices, with a hash that tells them apart from other choices.
[[nodiscard]] ImageList take(const ImageList& list, const std::vector<std::int64_t>& indices);

}  // namespace npusim
