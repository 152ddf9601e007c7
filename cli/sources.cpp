#include "cli/sources.h"

#include "npusim/base/error.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/workloads/datasets/folder_source.h"

namespace npusim::cli {
namespace {

std::string size_text(const TensorShape& shape) {
    return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

void check_fit(const BatchSource& source, const Network& network, const std::string& option) {
    std::vector<std::string> problems;
    if (source.image_shape() != network.input_shape()) {
        problems.push_back("data set " + option + ": its images are " + size_text(source.image_shape()) + ", " +
                           network.name + " takes " + size_text(network.input_shape()) + " (see --image-size)");
    }
    const auto classes = static_cast<std::int64_t>(source.class_names().size());
    if (classes != network.classes()) {
        problems.push_back("data set " + option + ": it has " + std::to_string(classes) + " classes, " + network.name +
                           " tells " + std::to_string(network.classes()) + " apart");
    }
    if (!problems.empty()) throw InputError(problems);
}

ImageParts open_folder(const DatasetName& name, const SourceRequest& request, const Network& network) {
    ImageUse use;
    use.preprocessing = preprocessing_of(zoo_entry(network.name), network.input_shape().height);
    use.classes = network.classes();
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
    check_fit(*source, network, request.dataset);
    return source;
}

std::shared_ptr<const BatchSource> open_test_source(const SourceRequest& request, const Network& network) {
    const DatasetName name = parse_dataset_name(request.dataset, request.data_root);
    std::shared_ptr<const BatchSource> source;
    if (name.kind == "images") {
        source = open_folder(name, request, network).test;
    } else {
        source = memory_source(read_test_images(name), Augmentation{}, request.seed);
    }
    check_fit(*source, network, request.dataset);
    return source;
}

}  // namespace npusim::cli
