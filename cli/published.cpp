#include "cli/published.h"

#include <array>

namespace npusim::cli {
namespace {

struct PublishedRow {
    const char* model;
    const char* fp32;
    const char* at_8_bits;
    const char* at_4_bits;
};

// Top-1 on ImageNet in percent. ResNet-50 at 4 bits as Liu et al. 2022 (N2UQ, table 1) quote it. The paper's rows for
// ResNet-152, Inception-v3, DenseNet-161 and VGG-16bn were not at hand.
constexpr std::array kRows{
    PublishedRow{"resnet18", "69.76", "70.02", "69.82"},
    PublishedRow{"resnet34", "73.30", "73.71", "73.31"},
    PublishedRow{"resnet50", "76.15", "76.52", "76.3"},
};

}  // namespace

std::string published_text(const std::string& model) {
    for (const PublishedRow& row : kRows) {
        if (model != row.model) continue;
        return std::string("not measured here: McKinstry et al. 2018 report top-1 on ImageNet of ") + row.fp32 +
               " % in fp32, " + row.at_8_bits + " % at 8 bits, " + row.at_4_bits + " % at 4 bits";
    }
    return "";
}

}  // namespace npusim::cli
