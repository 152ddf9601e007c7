#include "cli/training_log.h"

#include <ostream>
#include <sstream>

#include "cli/format.h"
#include "cli/plot.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim::cli {
namespace {

constexpr std::size_t kColumn = 14;

std::string optional_text(const std::optional<double>& value) {
    if (!value) return "";
    std::ostringstream text;
    text.precision(10);
    text << *value;
    return text.str();
}

}  // namespace

void write_training_log(const std::vector<EpochRecord>& epochs, const std::filesystem::path& file) {
    std::ostringstream text;
    text.precision(10);
    text << "epoch,learning_rate,train_loss,train_top1,held_out_loss,held_out_top1\n";
    for (const auto& record : epochs) {
        text << record.epoch + 1 << ',' << record.learning_rate << ',' << record.train_loss << ',' << record.train_top1
             << ',' << optional_text(record.held_out_loss) << ',' << optional_text(record.held_out_top1) << '\n';
    }
    write_whole_file(file, text.str());
}

bool draw_training_curves(const std::vector<EpochRecord>& epochs, const std::string& title,
                          const std::filesystem::path& svg) {
    Plot loss{title, "epoch", "loss", false, true, {{"training images, as seen", {}}, {"held-out images", {}}}};
    Plot top1{"", "epoch", "top-1, %", false, false, loss.series};
    for (const auto& record : epochs) {
        const auto epoch = static_cast<double>(record.epoch + 1);
        loss.series[0].points.emplace_back(epoch, record.train_loss);
        top1.series[0].points.emplace_back(epoch, 100 * record.train_top1);
        if (!record.held_out_top1) continue;
        loss.series[1].points.emplace_back(epoch, *record.held_out_loss);
        top1.series[1].points.emplace_back(epoch, 100 * *record.held_out_top1);
    }
    try {
        write_plots({loss, top1}, svg);
    } catch (const InputError&) {
        return false;
    }
    return true;
}

void print_epoch_header(bool held_out, std::ostream& out) {
    out << pad_left("epoch", 6) << pad_left("learning rate", 15) << pad_left("loss", kColumn)
        << pad_left("top-1, %", kColumn);
    if (held_out) out << pad_left("held-out loss", kColumn + 1) << pad_left("held-out top-1, %", kColumn + 5);
    out << std::endl;  // NOLINT(performance-avoid-endl): a person watches the run
}

void print_epoch(const EpochRecord& record, std::ostream& out) {
    std::ostringstream rate;
    rate.precision(3);
    rate << record.learning_rate;
    out << pad_left(std::to_string(record.epoch + 1), 6) << pad_left(rate.str(), 15)
        << pad_left(with_digits(record.train_loss), kColumn) << pad_left(with_digits(100 * record.train_top1), kColumn);
    if (record.held_out_top1) {
        out << pad_left(with_digits(*record.held_out_loss), kColumn + 1)
            << pad_left(with_digits(100 * *record.held_out_top1), kColumn + 5);
    }
    out << std::endl;  // NOLINT(performance-avoid-endl): a person watches the run
}

}  // namespace npusim::cli
