#include "create/report/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace stent::report {
namespace {

constexpr std::size_t context = 2, label_width = 7, narrowest_column = 24;
constexpr const char *bold = "\033[1m", *dim = "\033[2m", *red = "\033[31m", *green = "\033[32m",
                     *plain = "\033[0m";

/// Characters of UTF-8 text that take a column each (combining ones are not looked for).
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Tabs become spaces; cut or filled to `width` columns.
std::string fitted(const std::string& text, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  for (const char c : text) {
    if (c == '\t') {
      const std::size_t fill = std::min(4 - column % 4, width - std::min(column, width));
      out.append(fill, ' ');
      column += fill;
      continue;
    }
    const bool starts = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (starts && column == width) break;
    out += c;
    column += starts ? 1 : 0;
  }
  if (columns_of(text) > width && width > 0 && column == width) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
    out.pop_back();
    return out + "…";
  }
  return out + std::string(width - std::min(column, width), ' ');
}

class Writer {
 public:
  explicit Writer(const TextStyle& style)
      : style_(style),
        column_(
            std::max(narrowest_column, (std::max<std::size_t>(style.width, 3) - 3) / 2 - label_width - 1)) {}

  std::string write(const FunctionView& view) {
    text_ = styled(bold, fmt::format("{} {} ({}, {} -> {} bytes)", to_string(view.kind), view.name, view.unit,
                                     view.old_size, view.new_size)) +
            "\n";
    if (!view.first_difference.empty())
      text_ += styled(dim, "  first difference: " + view.first_difference) + "\n";
    table("source", view.source);
    table("assembly", view.code);
    return std::move(text_);
  }

 private:
  std::string styled(const char* code, const std::string& text) const {
    return style_.coloured ? code + text + plain : text;
  }

  void table(const char* what, const SideBySide& both) {
    if (both.rows.empty()) {
      text_ += styled(dim, fmt::format("  the {} is not at hand", what)) + "\n";
      return;
    }
    text_ += styled(dim, fmt::format("  {}", what)) + "\n";
    if (both.old_lines.empty() || both.new_lines.empty()) return whole(both);
    std::size_t at = 0;
    for (const auto& [first, last] : runs_of_change(both.rows, context)) {
      if (first > at) text_ += styled(dim, fmt::format("  ... {} equal", first - at)) + "\n";
      for (std::size_t i = first; i < last; ++i) row(both, both.rows[i]);
      at = last;
    }
    if (at < both.rows.size())
      text_ += styled(dim, fmt::format("  ... {} equal", both.rows.size() - at)) + "\n";
  }

  /// One side alone takes the whole width.
  void whole(const SideBySide& both) {
    const bool is_old = both.new_lines.empty();
    for (const Line& line : is_old ? both.old_lines : both.new_lines)
      text_ +=
          styled(is_old ? red : green, fmt::format("{:>{}} {}", line.label, label_width, line.text)) + "\n";
  }

  std::string cell(const std::vector<Line>& lines, const std::optional<std::size_t>& index) const {
    if (!index) return std::string(label_width + 1 + column_, ' ');
    const Line& line = lines[*index];
    return fmt::format("{:>{}} {}", line.label, label_width, fitted(line.text, column_));
  }

  void row(const SideBySide& both, const Row& row) {
    const std::string before = cell(both.old_lines, row.old_line), after = cell(both.new_lines, row.new_line);
    if (row.kind == RowKind::same) {
      text_ += before + "   " + after;
    } else {
      const char* mark = row.kind == RowKind::changed ? " | " : row.kind == RowKind::removed ? " < " : " > ";
      text_ += styled(red, before) + mark + styled(green, after);
    }
    while (!style_.coloured && text_.back() == ' ') text_.pop_back();
    text_ += "\n";
  }

  TextStyle style_;
  std::size_t column_;
  std::string text_;
};

}  // namespace

std::string to_text(const Report& report, const TextStyle& style) {
  std::string text;
  for (const FunctionView& view : report.functions) text += Writer(style).write(view) + "\n";
  return text;
}

}  // namespace stent::report
