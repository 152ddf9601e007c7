// ImageNet-style folders as network input: decoded when a batch asks for them, or all at once.
#pragma once

#include "npusim/models/graph/zoo.h"
#include "npusim/workloads/datasets/batch_source.h"
#include "npusim/workloads/datasets/decode_image.h"
#include "npusim/workloads/datasets/image_folder.h"

namespace npusim {

/// What a network wants of an image folder.
struct ImageUse {
    Preprocessing preprocessing;               ///< of the network; see preprocessing_of
    std::optional<std::int64_t> classes;       ///< that the network tells apart; none: what the folder says
    std::optional<std::int64_t> train_images;  ///< how many; all of "train" unless said
    std::optional<std::int64_t> test_images;   ///< at most so many; all unless said
    std::uint64_t seed = 0;                    ///< of the random crops
};

/// The files of both parts. With "train" and "val" the training part is the leading ones of "train" (leading_images)
/// and the test part those of "val". Without, it is the leading images and the test part all others. Throws InputError
/// when a part would be empty, or when nothing says how many images of an undivided folder are for training.
struct ImageLists {
    ImageList train;
    ImageList test;
    std::int64_t test_images_of = 0;  ///< that there are; `test` may be the leading ones
};
[[nodiscard]] ImageLists list_images(const DatasetName& name, const ImageUse& use);

/// Decodes in parallel, in write_batch. Evaluation shows an image of the network's size as it is and any other resized
/// and cropped as the preprocessing says; training shows random_crop of it. The content hash covers names, labels and
/// sizes of the files, not their bytes. The sources may be kept as long as the files stay.
struct ImageParts {
    std::unique_ptr<BatchSource> train;
    std::unique_ptr<BatchSource> test;
};
[[nodiscard]] ImageParts open_image_folder(const DatasetName& name, const ImageUse& use);
[[nodiscard]] std::unique_ptr<BatchSource> folder_source(ImageList list, const std::string& name,
                                                         const Preprocessing& preprocessing, std::uint64_t seed);

/// Both parts in memory, as evaluation shows them; the hash covers every pixel. Throws InputError for more than
/// kMostImageBytes in one part.
struct ImageDatasets {
    Dataset train;
    Dataset test;
    std::int64_t test_images_of = 0;  ///< that there are; `test` may be the leading ones
};
inline constexpr std::int64_t kMostImageBytes = std::int64_t{4} << 30;
[[nodiscard]] ImageDatasets read_image_folder(const DatasetName& name, const ImageUse& use);

/// The file as evaluation shows it: crop_px x crop_px. Sides that differ by more than a factor of 100 are refused.
[[nodiscard]] RgbImage evaluation_image(const std::filesystem::path& path, const Preprocessing& preprocessing);

/// The preprocessing as the normalization of a data set.
[[nodiscard]] Normalization normalization_of(const Preprocessing& preprocessing);

}  // namespace npusim
