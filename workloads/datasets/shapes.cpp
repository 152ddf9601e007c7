#include "npusim/workloads/datasets/shapes.h"

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "random_purpose.h"
#include "shape_canvas.h"
#include "shape_glyphs.h"

namespace npusim {
namespace {

using shapes::Canvas;
using shapes::Colour;
using shapes::kExtent;
using shapes::kPixel;
using shapes::Placement;

constexpr int classes = static_cast<int>(shapes::kGlyphNames.size());

void add_strokes(CounterRandom& random, Canvas& canvas, int count) {
    for (int stroke = 0; stroke < count; ++stroke) {
        Placement place;
        place.centre_x = random.between(0, kExtent * kPixel);
        place.centre_y = random.between(0, kExtent * kPixel);
        place.radius_x = random.between(4 * kPixel, 12 * kPixel);
        place.radius_y = random.between(kPixel / 2, kPixel);
        place.angle = random.between(0, shapes::kTurn - 1);
        shapes::blend(canvas, shapes::draw_stroke(place), shapes::random_colour(random, 0, 255));
    }
}

void add_glyph(CounterRandom& random, Canvas& canvas, int label, const Colour& ink) {
    constexpr int middle = kExtent * kPixel / 2;
    Placement place;
    const int radius = random.between(8 * kPixel, 12 * kPixel);
    // A circle of the radius stays inside; corners reach out a little.
    const int room = middle - radius;
    place.centre_x = middle + random.between(-room, room);
    place.centre_y = middle + random.between(-room, room);
    place.radius_x = radius;
    place.radius_y = radius * random.between(80, 100) / 100;
    place.angle = random.between(0, shapes::kTurn - 1);
    const shapes::Coverage coverage = shapes::draw_glyph(label, place, random.between(0, 255));
    shapes::blend(canvas, coverage, shapes::textured_canvas(random, ink, 20, 10));
}

/// The ink is always lighter than the paper: where either may be lighter, a ResNet-20 trained on 20,000 images does not
/// leave chance. The paper's range is wide against the shapes' differences of area, so brightness tells no class.
void append_image(CounterRandom random, int label, std::vector<std::uint8_t>& pixels) {
    const Colour paper = shapes::random_colour(random, 10, 110);
    const Colour ink = shapes::lighter_colour(random, paper, 70, 150);
    Canvas canvas = shapes::textured_canvas(random, paper, 40, 20);
    add_strokes(random, canvas, random.between(0, 2));
    add_glyph(random, canvas, label, ink);
    add_strokes(random, canvas, random.between(0, 1));
    shapes::store_with_noise(random, canvas, random.between(8, 24), pixels);
}

Dataset make_shapes(RandomPurpose part, std::int64_t count, std::uint64_t seed) {
    if (count < 1 || count > kShapesMostImages) {
        throw InputError("data set shapes", "images",
                         std::to_string(count) + " is outside 1.." + std::to_string(kShapesMostImages));
    }
    Dataset dataset;
    dataset.name = part == RandomPurpose::shapes_train ? "shapes train" : "shapes test";
    dataset.image_shape = {std::int64_t{shapes::kChannels}, kExtent, kExtent};
    dataset.class_names.assign(shapes::kGlyphNames.begin(), shapes::kGlyphNames.end());
    dataset.normalization = {{0.30, 0.30, 0.30}, {0.19, 0.19, 0.19}};  // measured, rounded
    dataset.pixels.reserve(static_cast<std::size_t>(count) * shapes::kChannels * shapes::kPixels);
    for (std::int64_t i = 0; i < count; ++i) {
        const int label = static_cast<int>(i % classes);
        append_image({key_of(part), seed, static_cast<std::uint64_t>(i)}, label, dataset.pixels);
        dataset.labels.push_back(label);
    }
    dataset.content_hash = content_hash(std::as_bytes(std::span(dataset.pixels)));
    return dataset;
}

}  // namespace

Dataset make_shapes_train(std::int64_t count, std::uint64_t seed) {
    return make_shapes(RandomPurpose::shapes_train, count, seed);
}

Dataset make_shapes_test(std::int64_t count, std::uint64_t seed) {
    return make_shapes(RandomPurpose::shapes_test, count, seed);
}

}  // namespace npusim
