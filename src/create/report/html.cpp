#include "create/report/html.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "base/error.hpp"
#include "create/report/html_parts.hpp"

namespace stent::report {
namespace {

using review::Finding;
using review::Level;

std::string badge(Level level) {
  return fmt::format("<span class=\"badge {0}\">{0}</span>", review::to_string(level));
}

std::string number(std::size_t value, std::string_view what) {
  return fmt::format("<li><b>{}</b>{}</li>\n", value, what);
}

std::string term(std::string_view name, const std::string& text) {
  return text.empty() ? std::string() : fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, text);
}

std::string fact_list(const Report& report) {
  if (report.facts.empty()) return {};
  std::string text = "<dl class=\"facts\">\n";
  for (const auto& [what, which] : report.facts) text += term(escaped(what), escaped(which));
  return text + "</dl>\n";
}

std::string head(const Report& report) {
  std::size_t old_bytes = 0, new_bytes = 0;
  for (const FunctionView& view : report.functions) {
    old_bytes += view.old_size;
    new_bytes += view.new_size;
  }
  const auto count = [&](diff::ChangeKind kind) {
    return static_cast<std::size_t>(std::ranges::count(report.functions, kind, &FunctionView::kind));
  };
  return fmt::format("<header>\n<h1>{}</h1>\n<p>What this change means for a process that lives on: {}</p>\n",
                     escaped(report.title), badge(review::highest(report.findings))) +
         fact_list(report) + "<ul class=\"numbers\">\n" +
         number(count(diff::ChangeKind::changed), "functions changed") +
         number(count(diff::ChangeKind::added), "added") +
         number(count(diff::ChangeKind::removed), "removed") + number(report.findings.size(), "findings") +
         number(old_bytes, "bytes of code before") + number(new_bytes, "bytes of code after") +
         "</ul>\n</header>\n";
}

std::string code_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "<code>" : ", <code>") + escaped(name) + "</code>";
  return text;
}

std::string place(const std::optional<dwarf::SourcePlace>& at) {
  return at ? "<code>" + escaped(dwarf::to_string(*at)) + "</code>" : std::string();
}

std::string finding_text(const Finding& finding) {
  return fmt::format("<article class=\"finding {}\">\n<p>{} <code>{}</code></p>\n<p>{}</p>\n<dl>\n",
                     review::to_string(finding.level), badge(finding.level), escaped(finding.id),
                     escaped(finding.message)) +
         term("why it matters", escaped(finding.why)) + term("what to do", escaped(finding.remedy)) +
         term("before", place(finding.old_place)) + term("after", place(finding.new_place)) +
         term("functions", code_list(finding.functions)) + term("types", code_list(finding.types)) +
         "</dl>\n</article>\n";
}

std::string findings(const Report& report) {
  std::string text = "<section id=\"findings\">\n<h2>Findings</h2>\n";
  if (report.findings.empty()) text += "<p class=\"quiet\">Nothing was noticed.</p>\n";
  for (const Finding& finding : report.findings) text += finding_text(finding);
  return text + "</section>\n";
}

std::string function_text(const FunctionView& view, std::size_t index) {
  std::string text = fmt::format(
      "<details class=\"function\" id=\"function-{}\"{}>\n<summary>{} <span class=\"quiet\">{} in {}, {} → "
      "{} "
      "bytes</span></summary>\n",
      index, index < 8 ? " open" : "", escaped(view.name), to_string(view.kind), escaped(view.unit),
      view.old_size, view.new_size);
  if (view.name != view.symbol) text += "<p><code>" + escaped(view.symbol) + "</code></p>\n";
  if (!view.first_difference.empty())
    text += "<p class=\"quiet\">First difference: " + escaped(view.first_difference) + "</p>\n";
  text += "<h3>Source</h3>\n" + html_table(view.source, "source");
  text += "<h3>Assembly</h3>\n" + html_table(view.code, "assembly");
  return text + "</details>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += c;
    }
  }
  return safe;
}

std::string to_html(const Report& report) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      escaped(report.title) + "</title>\n<style>" + html_style + "</style>\n</head>\n<body>\n";
  page += head(report) + findings(report);
  page += "<section id=\"map\">\n<h2>Change map</h2>\n<div class=\"map\">\n" +
          html_map(draw_change_map(report)) + "</div>\n</section>\n";
  page += "<section id=\"functions\">\n<h2>Functions</h2>\n";
  for (std::size_t i = 0; i < report.functions.size(); ++i) page += function_text(report.functions[i], i);
  return page + "</section>\n<script>" + html_script + "</script>\n</body>\n</html>\n";
}

void write_page(const Report& report, const std::filesystem::path& page) {
  std::ofstream file(page);
  file << to_html(report);
  if (!file.flush())
    throw Error(ErrorCode::internal, fmt::format("{} cannot be written", page.string()),
                "choose a place that can be written to");
}

}  // namespace stent::report
