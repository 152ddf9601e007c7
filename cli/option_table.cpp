#include "cli/options.h"

namespace npusim::cli {

const std::vector<OptionGroup>& option_groups() {
    static const std::vector<OptionGroup> groups{
        {"What runs",
         {{"arch", "CHIP", "a preset or a JSON file (default: int8_array.json)"},
          {"model", "NAME", "the network; --list names them"},
          {"image-size", "PX", "height and width of the input (default: the published size)"}}},
        {"Accuracy (needs both of the first two)",
         {{"weights", "FILE", "trained weights, safetensors with torchvision's names"},
          {"dataset", "KIND:FOLDER", "labelled images; KIND is cifar10, mnist or images (any size), or just shapes"},
          {"data-root", "FOLDER", "where relative data set folders lie (default: $NPUSIM_DATA)"},
          {"calibration-images", "N", "training images that set the activation ranges (default: 500)"},
          {"test-images", "N", "test images to measure on (default: all)"},
          {"no-train", nullptr, "without weights and images: do not train small networks on drawn images"},
          {"prove-images", "N", "images that the simulated machine computes too, compared bit by bit"}}},
        {"Precision (overrides the chip's file; the array stays as it is)",
         {{"bits", "W[,A]", "weight and activation bits: 1 to 8, or 16"},
          {"residual-bits", "B", "bits of stored tensors that are added later"},
          {"first-last-bits", "B", "bits of the first and the last layer"},
          {"layer-bits", "LIST", "layers with bits of their own: NAME=W or NAME=W/A, with commas between"},
          {"scales", "KIND", "free or power_of_two"},
          {"granularity", "KIND", "per_channel or per_tensor"},
          {"batch-norm", "PLACE", "multiplier or weights: where batch norm goes"},
          {"rounding", "RULE", "half_up, half_even, half_away or double_rounding"}}},
        {"Output",
         {{"layers", nullptr, "also print a row for each layer"},
          {"no-ladder", nullptr, "leave out the runs at 16, 8, 4 and 2 bits"},
          {"json", "FILE", "write everything that was found"},
          {"csv", "FILE", "write a row for each layer"},
          {"dump", "FOLDER", "write all integers of one image as .npy files"},
          {"quiet", nullptr, "print nothing but errors"}}},
        {"Other",
         {{"seed", "N", "of random weights and images, where none are given (default: 1)"},
          {"threads", "N", "threads and worker processes (default: all processors)"},
          {"list", nullptr, "the networks and chips that npusim knows"},
          {"version", nullptr, "the version"},
          {"help", nullptr, "this text"}}},
    };
    return groups;
}

}  // namespace npusim::cli
