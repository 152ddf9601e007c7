#include "cli/sources.h"

#include "cli/image_fit.h"
#include "npusim/workloads/datasets/folder_source.h"

namespace npusim::cli {
namespace {

ImageParts open_folder(const DatasetName& name, const SourceRequest& request, const Network& network) {
    ImageUse use = image_use_of(network);
    use.train_images = request.train_images;
    use.seed = request.seed;
    return open_image_folder(name, use);
}

}  // namespace

std::shared_ptr<const BatchSource> open_train_source(const SourceRequest& request, const Network& network) {
    const DatasetName name = parse_dataset_name(request.dataset, request.data_root);
    std::shared_ptr<const BatchSource> source;
    if (name.kind == "images") {
        source = open_folder(name, request, network).train;
    } else {
        Dataset dataset = read_train_images(name, request.train_images);
        const Augmentation augmentation = usual_augmentation(dataset);
        source = memory_source(std::move(dataset), augmentation, request.seed);
    }
    check_fit({source->image_shape(), std::ssize(source->class_names())}, network, request.dataset);
    return source;
}

}  // namespace npusim::cli
