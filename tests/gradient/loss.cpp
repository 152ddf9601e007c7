#include "npusim/models/layers/loss.h"

#include "gradient_check.h"
#include "npusim/base/error.h"

namespace npusim {

namespace {

using test::Random;
using test::Values;

const Values logits{1.65, -1.48, -1.19, -0.8,  -2.81, 1.41,  0.1,  1.67, -0.72, -1.43,
                    1.21, 1.0,   -0.8,  -1.44, -0.54, -0.79, 3.83, 0.5,  -0.26, 0.35};
const Values teacher{-1.85, -3.04, 1.61, 2.48,  0.26, 3.54,  -2.17, -0.31, 1.28,  -3.46,
                     -0.23, -0.54, 1.09, -1.74, 1.07, -1.78, -0.49, -0.01, -3.86, 0.44};
const std::vector<std::int32_t> labels{3, 0, 4, 1};

/// Computed by PyTorch 1.13 in double from the tensors above: cross_entropy with label_smoothing, and kl_div of the
/// log_softmax and softmax of the logits by the temperature; the gradient is that of the sum divided by 8.
struct Reference {
    LossOptions options;
    double sum;
    Values gradient;
};

const std::vector<Reference> references{
    {{0.0, 0.0, 1.0},
     6.264288848983837,
     {0.10416671762119759,   0.004553939441448074,  0.006086009848354572,  -0.11601108034259969,
      0.0012044134315994366, -0.07944628166338541,  0.012291306850117496,  0.059079987870253724,
      0.005413480612038172,  0.0026615063309760015, 0.05710375048056383,   0.04628740052535754,
      0.0076512558455088826, 0.004034449241751923,  -0.11507685609318218,  0.0011266080366812722,
      -0.010656007727666658, 0.0040927265292587936, 0.0019140307926671272, 0.003522642369059487}},
    {{0.1, 0.0, 1.0},
     6.665088848983837,
     {0.10166671762119758,    0.002053939441448074,   0.003586009848354572,   -0.10601108034259969,
      -0.0012955865684005634, -0.0694462816633854,    0.009791306850117495,   0.05657998787025372,
      0.002913480612038172,   0.00016150633097600144, 0.054603750480563824,   0.04378740052535754,
      0.005151255845508882,   0.001534449241751923,   -0.10507685609318218,   -0.0013733919633187278,
      -0.0006560077276666632, 0.0015927265292587935,  -0.0005859692073328729, 0.0010226423690594868}},
    {{0.1, 0.7, 4.0},
     7.932388770615912,
     {0.11473147124553222,   0.027734313991801714, -0.03272282411890044,  -0.082394012279901,   -0.02734894883853242,
      -0.078371997472407,    0.03265567534943074,  0.05702256973056406,   -0.03012884937911206, 0.018822601771524228,
      0.045608448403637855,  0.04239107522076372,  -0.031845368238941074, 0.004480831567486363, -0.060634986952946855,
      -0.012593028597891324, 0.06119520943277184,  -0.02615891367094863,  0.016442866819994063, -0.03888613398392593}},
    {{0.0, 1.0, 2.0},
     7.521840877268545,
     {0.12166988597688662,   0.02088038890750538,   -0.042466172338256336, -0.07636430111967962,
      -0.023719801426456074, -0.08355159759645495,  0.03077873037982604,   0.06431729149756572,
      -0.02531840984117953,  0.013773985560242716,  0.04429921772451831,   0.041660872090819485,
      -0.04727847531418833,  0.0035097010743922854, -0.04219131557554174,  -0.013106023832824101,
      0.1022375972418738,    -0.039807551209515485, 0.010162808275453636,  -0.059486830474987776}},
};

}  // namespace

TEST_CASE("The loss and its gradient are PyTorch's, with label smoothing and distillation") {
    for (const Reference& reference : references) {
        Values gradient(logits.size());
        const Loss loss = softmax_cross_entropy(4, 5, logits.data(), labels.data(), teacher.data(), reference.options,
                                                8, gradient.data());
        CHECK(loss.sum == Approx(reference.sum).epsilon(1e-13));
        CHECK(loss.correct_top1 == 1);
        CHECK(test::difference(gradient, reference.gradient) < 1e-13);
    }
    CHECK(evaluate_cross_entropy(4, 5, logits.data(), labels.data()).sum == Approx(references[0].sum).epsilon(1e-13));
}

TEST_CASE("The loss of a batch's parts adds up to the whole, and so do the gradients") {
    const LossOptions options{0.1, 0.5, 3.0};
    Values whole(20), parts(20);
    const Loss all =
        softmax_cross_entropy(4, 5, logits.data(), labels.data(), teacher.data(), options, 4, whole.data());
    Loss sum;
    for (const std::int64_t begin : {0, 1}) {
        const std::int64_t images = begin == 0 ? 1 : 3;
        const Loss part = softmax_cross_entropy(images, 5, logits.data() + begin * 5, labels.data() + begin,
                                                teacher.data() + begin * 5, options, 4, parts.data() + begin * 5);
        sum.sum += part.sum;
        sum.correct_top1 += part.correct_top1;
    }
    CHECK(sum.sum == Approx(all.sum).epsilon(1e-12));
    CHECK(sum.correct_top1 == all.correct_top1);
    CHECK(whole == parts);
}

TEST_CASE("The loss's gradient is that of central differences for random options") {
    Random random(1);
    for (int round = 0; round < 20; ++round) {
        const LossOptions options{random.real(0, 0.5), random.real(0, 1), random.real(0.5, 5)};
        Values x = random.values(3 * 7, -3, 3);
        const Values wise = random.values(3 * 7, -3, 3);
        const std::vector<std::int32_t> classes{0, 6, 2};
        Values gradient(x.size()), unused(x.size());
        softmax_cross_entropy(3, 7, x.data(), classes.data(), wise.data(), options, 3, gradient.data());
        const auto loss = [&] {
            return softmax_cross_entropy(3, 7, x.data(), classes.data(), wise.data(), options, 3, unused.data()).sum /
                   3;
        };
        CHECK(test::difference(gradient, test::central_differences(x, loss)) < 1e-7);
    }
}

TEST_CASE("Huge logits give a finite loss, and of equal logits the first counts as the answer") {
    const std::vector<float> huge{10000.0F, -10000.0F, 0.0F, 2.0F, 2.0F, -1.0F};
    const std::vector<std::int32_t> classes{1, 0};
    std::vector<float> gradient(6);
    const Loss loss = softmax_cross_entropy<float>(2, 3, huge.data(), classes.data(), nullptr, {}, 2, gradient.data());
    CHECK(std::isfinite(loss.sum));
    CHECK(loss.sum > 20000.0);
    CHECK(loss.correct_top1 == 1);
    CHECK(gradient[1] == -0.5F);
}

TEST_CASE("A label, a temperature or a weight out of range is refused, and so is distillation without a teacher") {
    Values gradient(20);
    const auto run = [&](const LossOptions& options, const std::vector<std::int32_t>& classes, const double* wise) {
        return softmax_cross_entropy(4, 5, logits.data(), classes.data(), wise, options, 4, gradient.data());
    };
    CHECK_THROWS_AS(run({}, {0, 1, 5, 0}, nullptr), InputError);
    CHECK_THROWS_AS(run({}, {0, 1, -1, 0}, nullptr), InputError);
    CHECK_THROWS_AS(run({0.1, 0.5, 0.0}, labels, teacher.data()), InputError);
    CHECK_THROWS_AS(run({-0.1, 0.5, 1.0}, labels, teacher.data()), InputError);
    CHECK_THROWS_AS(run({0.1, 0.5, 1.0}, labels, nullptr), InputError);
}

}  // namespace npusim
