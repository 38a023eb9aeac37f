#include <fmt/core.h>

#include "create/report/changed_part.hpp"
#include "create/report/html_parts.hpp"

namespace stent::report {
namespace {

constexpr std::size_t context = 3;

const char* class_of(RowKind kind) {
  switch (kind) {
    case RowKind::same: return "same";
    case RowKind::changed: return "changed";
    case RowKind::removed: return "removed";
    case RowKind::added: return "added";
  }
  return "";
}

/// The two cells of one side: label and text, the part that differs from `other` marked.
std::string cells(const Line* line, const Line* other, const char* side) {
  if (line == nullptr) return fmt::format("<td class=\"n\"></td><td class=\"t {} none\"></td>", side);
  std::string text;
  if (other == nullptr || other->text == line->text) {
    text = escaped(line->text);
  } else {
    const ChangedPart part = changed_part(line->text, other->text);
    text = escaped(part.head);
    if (!part.own.empty()) text += "<mark>" + escaped(part.own) + "</mark>";
    text += escaped(part.tail);
  }
  const std::string title = line->note.empty() ? "" : fmt::format(" title=\"{}\"", escaped(line->note));
  return fmt::format("<td class=\"n\">{}</td><td class=\"t {}\"{}>{}</td>", escaped(line->label), side, title,
                     text);
}

std::string row_text(const SideBySide& both, const Row& row) {
  const Line* before = row.old_line ? &both.old_lines[*row.old_line] : nullptr;
  const Line* after = row.new_line ? &both.new_lines[*row.new_line] : nullptr;
  return fmt::format("<tr class=\"{}\">{}{}</tr>\n", class_of(row.kind), cells(before, after, "old"),
                     cells(after, before, "new"));
}

std::string folded(const SideBySide& both, std::size_t first, std::size_t last) {
  if (first == last) return {};
  std::string text = fmt::format(
      "<tbody class=\"fold\"><tr><td colspan=\"4\"><button type=\"button\">{} equal {}</button></td></tr>"
      "</tbody>\n<tbody class=\"hidden\">",
      last - first, last - first == 1 ? "line" : "lines");
  for (std::size_t i = first; i < last; ++i) text += row_text(both, both.rows[i]);
  return text + "</tbody>\n";
}

}  // namespace

std::string html_table(const SideBySide& both, const std::string& what) {
  if (both.rows.empty()) return fmt::format("<p class=\"quiet\">The {} is not at hand.</p>\n", what);
  std::string text = fmt::format(
      "<table class=\"side\" data-what=\"{}\">\n<colgroup><col class=\"n\"><col>"
      "<col class=\"n\"><col></colgroup>\n",
      what);
  auto runs = runs_of_change(both.rows, context);
  const bool one_sided = both.old_lines.empty() || both.new_lines.empty();
  if (one_sided) runs = {{0, both.rows.size()}};
  std::size_t at = 0;
  for (const auto& [first, last] : runs) {
    text += folded(both, at, first) + "<tbody>";
    for (std::size_t i = first; i < last; ++i) text += row_text(both, both.rows[i]);
    text += "</tbody>\n";
    at = last;
  }
  return text + folded(both, at, both.rows.size()) + "</table>\n";
}

}  // namespace stent::report
