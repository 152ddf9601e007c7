// Integers looked up by byte and channel against those of each pixel's real number.
#include "cli/pixel_integers.h"

#include <catch2/catch.hpp>
#include <random>

#include "npusim/models/engine/integer_engine.h"

namespace npusim::cli {

namespace {

void check_images(const TensorShape& shape, const Normalization& normalization, int bits, Rounding rounding) {
    QuantizedNetwork network;
    network.name = "pixels";
    network.precision.rounding = rounding;
    network.tensors.push_back({"image", shape, bits, true, 0.021});
    Dataset images;
    images.image_shape = shape;
    images.normalization = normalization;
    images.labels = {0, 0, 0};
    std::mt19937_64 generator(1);
    for (std::int64_t i = 0; i < images.size() * shape.elements(); ++i) {
        images.pixels.push_back(static_cast<std::uint8_t>(generator()));
    }
    const PixelIntegers integers(network, images);
    for (std::int64_t i = 0; i < images.size(); ++i) {
        CHECK(integers.image(i) == quantize_image(network, normalize_image(images.image(i), shape, normalization)));
    }
}

}  // namespace

TEST_CASE("Looked-up integers of an image are those of its normalized pixels") {
    for (const Rounding rounding : {Rounding::half_up, Rounding::half_even}) {
        check_images({3, 9, 17}, {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}}, 8, rounding);
        check_images({3, 9, 17}, {{103.939, 116.779, 123.68}, {57.0, 58.0, 59.0}, 1, true}, 8, rounding);
        check_images({1, 28, 28}, {{0.1307}, {0.3081}}, 4, rounding);
        check_images({3, 5, 5}, {{0.5, 0.4, 0.3}, {0.5, 0.5, 0.5}}, 16, rounding);
    }
}

}  // namespace npusim::cli
