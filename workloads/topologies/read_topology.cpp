#include <charconv>
#include <optional>
#include <sstream>

#include "npusim/base/csv.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/topology.h"

namespace npusim {
namespace {

using Cells = std::vector<std::string>;

struct Column {
    const char* name;
    std::int64_t TopologyLayer::*field;
};

const std::vector<Column>& convolution_columns() {
    static const std::vector<Column> columns{{"ifmap height", &TopologyLayer::input_height},
                                             {"ifmap width", &TopologyLayer::input_width},
                                             {"filter height", &TopologyLayer::filter_height},
                                             {"filter width", &TopologyLayer::filter_width},
                                             {"channels", &TopologyLayer::channels},
                                             {"filters", &TopologyLayer::filters},
                                             {"stride", &TopologyLayer::stride}};
    return columns;
}

const std::vector<Column>& product_columns() {
    static const std::vector<Column> columns{
        {"M", &TopologyLayer::input_height}, {"N", &TopologyLayer::filters}, {"K", &TopologyLayer::channels}};
    return columns;
}

/// The line's cells without empty ones at its end.
Cells cells_of(const std::string& line) {
    Cells cells = csv_cells(line);
    while (!cells.empty() && cells.back().empty()) cells.pop_back();
    return cells;
}

class TopologyReader {
public:
    explicit TopologyReader(const std::filesystem::path& path) : file_(path.string()), lines_(read_text_file(path)) {}

    std::vector<TopologyLayer> read() {
        Cells heading;
        if (!next(heading)) throw InputError(file_, "", "is empty; a heading and a line for each layer are needed");
        const std::vector<Column>& columns = columns_of(heading);
        std::vector<TopologyLayer> layers;
        for (Cells cells; next(cells);) {
            if (!cells.empty()) layers.push_back(layer_of(cells, columns));
        }
        if (layers.empty() && problems_.empty()) problems_.push_back(file_ + ": has no layer, only a heading");
        if (!problems_.empty()) throw InputError(problems_);
        return layers;
    }

private:
    bool next(Cells& cells) {
        std::string line;
        if (!std::getline(lines_, line)) return false;
        ++line_;
        try {
            cells = cells_of(line);
        } catch (const InputError& error) {
            problem(error.what());
            cells.clear();
        }
        return true;
    }

    const std::vector<Column>& columns_of(const Cells& heading) {
        if (!problems_.empty()) throw InputError(problems_);
        const auto names = [](const std::vector<Column>& columns) { return columns.size() + 1; };
        // A list without a heading would lose its first layer.
        if (heading.size() > 1 && number_in(heading[1])) {
            throw InputError(file_, "line 1", "is a layer; a heading with the columns' names is needed above it");
        }
        if (heading.size() == names(product_columns()) && heading[1] == "M" && heading[2] == "N" && heading[3] == "K") {
            return product_columns();
        }
        if (heading.size() == names(convolution_columns())) return convolution_columns();
        throw InputError(file_, "line 1",
                         "has " + std::to_string(heading.size()) +
                             " columns; allowed are 8 (name, ifmap height, ifmap width, filter height, filter width, "
                             "channels, filters, stride) or 4 (name, M, N, K)");
    }

    TopologyLayer layer_of(const Cells& cells, const std::vector<Column>& columns) {
        const std::size_t before = problems_.size();
        TopologyLayer layer;
        layer.name = cells[0];
        if (layer.name.empty()) problem("column name: is empty");
        if (cells.size() != columns.size() + 1) {
            problem("has " + std::to_string(cells.size()) + " columns, " + std::to_string(columns.size() + 1) +
                    " are needed");
            return layer;
        }
        for (std::size_t c = 0; c < columns.size(); ++c)
            layer.*columns[c].field = number(cells[c + 1], columns[c].name);
        if (problems_.size() == before) check_sizes(layer);
        return layer;
    }

    /// Products of sizes must stay far inside 64 bits.
    void check_sizes(const TopologyLayer& layer) {
        constexpr double kMost = 1e14;
        const auto product = [](const std::vector<std::int64_t>& sizes) {
            double value = 1;
            for (const std::int64_t size : sizes) value *= static_cast<double>(size);
            return value;
        };
        if (layer.filter_height > layer.input_height || layer.filter_width > layer.input_width) {
            problem("the filter is larger than the ifmap, which is not padded");
        } else if (product({layer.output_height(), layer.output_width(), layer.filters, layer.filter_height,
                            layer.filter_width, layer.channels}) > kMost) {
            problem("has more than 10^14 multiplications, the most allowed");
        } else if (product({layer.input_height, layer.input_width, layer.channels}) > kMost) {
            problem("has an ifmap of more than 10^14 values, the most allowed");
        }
    }

    static std::optional<std::int64_t> number_in(const std::string& cell) {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
        if (error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
        return value;
    }

    std::int64_t number(const std::string& cell, const char* column) {
        constexpr std::int64_t kMost = 1'000'000;
        const std::optional<std::int64_t> value = number_in(cell);
        if (value && *value >= 1 && *value <= kMost) return *value;
        problem(std::string("column ") + column + ": \"" + cell + "\" is not a whole number from 1 to 1000000");
        return 1;
    }

    void problem(const std::string& what) {
        problems_.push_back(file_ + ": line " + std::to_string(line_) + ": " + what);
    }

    std::string file_;
    std::istringstream lines_;
    std::int64_t line_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace

std::vector<TopologyLayer> read_topology(const std::filesystem::path& path) {
    return TopologyReader(path).read();
}

}  // namespace npusim
