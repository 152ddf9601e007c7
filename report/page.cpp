#include "npusim/report/page.h"

#include <map>
#include <stdexcept>

#include "page_parts.h"
#include "summary.h"

namespace npusim {
namespace {

using Places = std::map<std::string_view, std::string_view>;

/// What is put into a place is not looked at again, so that no data can name a place.
std::string filled(std::string_view page, const Places& places) {
    std::string text;
    while (true) {
        const std::size_t begin = page.find("{{");
        if (begin == std::string_view::npos) return text.append(page);
        const std::size_t end = page.find("}}", begin);
        if (end == std::string_view::npos) throw std::logic_error("the page has a place without its end");
        text.append(page.substr(0, begin)).append(places.at(page.substr(begin + 2, end - begin - 2)));
        page.remove_prefix(end + 2);
    }
}

}  // namespace

std::string report_page(const ReportData& data, const std::string& version) {
    const std::string title = report::escaped(data.spec.name);
    const std::string summary = report::summary_html(data);
    const std::string json = report_json(data, version);
    const std::string version_text = report::escaped(version);
    return filled(report::page_part(), {{"title", title},
                                        {"summary", summary},
                                        {"data", json},
                                        {"version", version_text},
                                        {"style", report::style_part()},
                                        {"licence", report::licence_part()},
                                        {"charts", report::charts_part()},
                                        {"script", report::script_part()}});
}

}  // namespace npusim
