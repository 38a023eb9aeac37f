// The report as one self-contained HTML page.
#pragma once

#include <filesystem>
#include <string>

#include "create/report/report.hpp"

namespace stent::report {

/// Needs no file or network beside itself. Deterministic.
[[nodiscard]] std::string to_html(const Report& report);

/// Writes `to_html` to `page`. Throws `internal` when that cannot be written.
void write_page(const Report& report, const std::filesystem::path& page);

}  // namespace stent::report
