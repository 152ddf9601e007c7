#include "npusim/base/csv.h"

#include <boost/algorithm/string.hpp>
#include <boost/tokenizer.hpp>

#include "npusim/base/error.h"

namespace npusim {

std::vector<std::string> csv_cells(const std::string& line) {
    std::vector<std::string> cells;
    try {
        const boost::tokenizer<boost::escaped_list_separator<char>> tokens(line);
        for (const std::string& token : tokens) cells.push_back(boost::algorithm::trim_copy(token));
    } catch (const boost::escaped_list_error& error) {
        throw InputError(std::string("is no CSV: ") + error.what());
    }
    return cells;
}

}  // namespace npusim
