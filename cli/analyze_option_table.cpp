#include "cli/analyze_options.h"

namespace npusim::cli {

const std::vector<OptionGroup>& analyze_option_groups() {
    static const std::vector<OptionGroup> groups{
        {"What is analyzed (parts that need what is not given are left out)",
         {{"model", "NAME", "the network; npusim --list names them"},
          {"image-size", "PX", "height and width of the input (default: the published size)"},
          {"weights", "FILE", "the network before: safetensors"},
          {"tuned", "FILE", "the network after fine-tuning, with its steps where it has any"},
          {"dataset", "KIND:FOLDER",
           "labelled images; KIND is cifar10, mnist or images, or just shapes. Only training "
           "images are read"},
          {"data-root", "FOLDER", "where relative data set folders lie (default: $NPUSIM_DATA)"}}},
        {"Precision",
         {{"bits", "B[,B...]", "bits of weights and activations to compare: 1 to 8, or 16 (default: 8,4,2)"},
          {"residual-bits", "B", "bits of stored tensors that are added later (default: 8, or more if needed)"},
          {"first-last-bits", "B", "bits of the first and the last layer (default: 8)"},
          {"scales", "KIND", "free or power_of_two"},
          {"granularity", "KIND", "per_channel or per_tensor"},
          {"rounding", "RULE", "half_up, half_even, half_away or double_rounding"},
          {"calibration-images", "N", "training images that set the activation ranges (default: 640)"}}},
        {"Gradient noise",
         {{"batch-sizes", "N[,N...]", "images of a batch (default: 32,128,512)"},
          {"batches", "N", "batches of each size, at least 4 (default: 20)"},
          {"piece-images", "N",
           "a batch is computed in pieces of so many images, each with batch statistics of its "
           "own (default: 128); fewer take less memory"},
          {"freeze-batch-norm", nullptr, "batch norm keeps its running statistics"},
          {"no-augment", nullptr, "neither move nor mirror images"},
          {"seed", "N", "of the order and the moves of images (default: 0)"}}},
        {"Quantization noise", {{"images", "N", "images that tensors are compared on (default: 64)"}}},
        {"Output",
         {{"layers", nullptr, "also print a row for each layer"},
          {"json", "FILE", "write everything that was found"},
          {"csv", "FILE", "write it as one figure a row"},
          {"plot", "FILE", "draw the gradient noise by bits and batch size, .svg or .png (needs gnuplot)"},
          {"threads", "N", "threads (default: all processors); the result does not depend on them"},
          {"quiet", nullptr, "print nothing but errors"},
          {"help", nullptr, "this text"}}},
    };
    return groups;
}

}  // namespace npusim::cli
