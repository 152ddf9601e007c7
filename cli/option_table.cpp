#include "cli/options.h"
#include "cli/set_option.h"
#include "cli/sight_options.h"

namespace npusim::cli {

const std::vector<OptionGroup>& option_groups() {
    static const std::vector<OptionGroup> groups{
        {"What runs",
         {{"arch", "CHIP", "a preset or a JSON file (default: int8_array.json)"},
          set_option(),
          {"model", "NAME", "the network; --list names them"},
          {"topology", "FILE", "SCALE-Sim's layer list (CSV) instead of a network: timing, energy and area only"},
          {"image-size", "PX", "height and width of the input (default: the published size)"},
          {"batch", "N", "images that go through the network together, layer by layer (default: 1)"}}},
        {"Accuracy (needs both of the first two)",
         {{"weights", "FILE", "trained weights, safetensors with torchvision's names"},
          {"dataset", "KIND:FOLDER", "labelled images; KIND is cifar10, mnist or images (any size), or just shapes"},
          {"data-root", "FOLDER", "where relative data set folders lie (default: $NPUSIM_DATA)"},
          {"calibration-images", "N", "training images that set the activation ranges (default: 500)"},
          {"test-images", "N", "test images to measure on (default: all)"},
          {"no-train", nullptr, "without weights and images: do not train small networks on drawn images"},
          {"prove-images", "N", "images that the simulated machine computes too, compared bit by bit"}}},
        precision_options("Precision (overrides the chip's file; the array stays as it is)"),
        {"Output",
         {{"layers", nullptr, "also print a row for each layer"},
          {"no-ladder", nullptr, "leave out the runs at 16, 8, 4 and 2 bits"},
          {"json", "FILE", "write everything that was found"},
          {"csv", "FILE", "write a row for each layer"},
          {"dump", "FOLDER", "write all integers of one image as .npy files"},
          {"quiet", nullptr, "print nothing but errors"}}},
        sight_options(),
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
