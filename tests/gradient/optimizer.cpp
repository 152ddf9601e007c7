#include "npusim/models/layers/optimizer.h"

#include "gradient_check.h"
#include "npusim/base/error.h"

namespace npusim {

using test::Values;

TEST_CASE("Four steps of SGD are PyTorch's, with momentum, weight decay and Nesterov") {
    // torch.optim.SGD (1.13, double): lr 0.1/(step + 1), momentum 0.9, weight_decay 0.01, the gradients below.
    const std::vector<std::vector<Values>> traces{{{0.4695, -1.22875, 2.038},
                                                   {0.42554024999999995, -1.213573125, 2.0715809999999997},
                                                   {0.36902255324999994, -1.204062475625, 2.0977057396666665},
                                                   {0.30078085230543744, -1.1998417716779688, 2.11356551250675}},
                                                  {{0.44205, -1.209625, 2.0722},
                                                   {0.3722775525, -1.19036960625, 2.11887141},
                                                   {0.29131092321675, -1.181425356749375, 2.1483206307736666},
                                                   {0.19985383821134078, -1.1798446444534034, 2.160780148563524}}};
    for (const bool nesterov : {false, true}) {
        Values weights{0.5, -1.25, 2.0}, velocity(3, 0.0);
        for (int step = 0; step < 4; ++step) {
            const Values gradient{0.3 * (step + 1), -0.2 + 0.1 * step, 0.05 * step * step - 0.4};
            sgd_step(3, {0.1 / (step + 1), 0.9, 0.01, nesterov}, gradient.data(), velocity.data(), weights.data());
            CHECK(test::difference(weights, traces[nesterov ? 1 : 0][static_cast<std::size_t>(step)]) < 1e-14);
        }
    }
}

TEST_CASE("Learning rates start at the base, warm up linearly and end where they should") {
    Schedule s{ScheduleKind::exponential, 0.4, 0.004, 0.1, {}, 0};
    CHECK(learning_rate(s, 0, 100) == Approx(0.4));
    CHECK(learning_rate(s, 50, 100) == Approx(0.04));
    for (std::int64_t step = 1; step < 100; ++step) {
        CHECK(learning_rate(s, step, 100) / learning_rate(s, step - 1, 100) == Approx(std::pow(0.01, 0.01)));
    }
    s = {ScheduleKind::cosine, 0.4, 0.0, 0.1, {}, 10};
    CHECK(learning_rate(s, 0, 110) == Approx(0.04));
    CHECK(learning_rate(s, 9, 110) == Approx(0.4));
    CHECK(learning_rate(s, 10, 110) == Approx(0.4));
    CHECK(learning_rate(s, 60, 110) == Approx(0.2));
    CHECK(learning_rate(s, 109, 110) < 0.001);
    s = {ScheduleKind::step, 0.4, 0.0, 0.1, {0.5, 0.75}, 0};
    CHECK(learning_rate(s, 49, 100) == Approx(0.4));
    CHECK(learning_rate(s, 50, 100) == Approx(0.04));
    CHECK(learning_rate(s, 75, 100) == Approx(0.004));
    s = {ScheduleKind::constant, 0.4, 0.0, 0.1, {}, 4};
    CHECK(learning_rate(s, 1, 100) == Approx(0.2));
    CHECK(learning_rate(s, 99, 100) == Approx(0.4));
}

TEST_CASE("A step beyond the end and an exponential to zero are refused") {
    CHECK_THROWS_AS(learning_rate({}, 10, 10), InputError);
    CHECK_THROWS_AS(learning_rate({}, -1, 10), InputError);
    CHECK_THROWS_AS(learning_rate({ScheduleKind::exponential, 0.1, 0.0, 0.1, {}, 0}, 1, 10), InputError);
}

}  // namespace npusim
