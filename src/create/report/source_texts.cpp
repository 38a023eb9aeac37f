#include "create/report/source_texts.hpp"

#include <fstream>

namespace stent::report {
namespace {

std::vector<SourceLine> read_lines(const dwarf::SourceSpan& span) {
  std::vector<SourceLine> lines;
  std::ifstream file(span.file);
  std::string text;
  for (unsigned number = 1; number <= span.last && std::getline(file, text); ++number)
    if (number >= span.first) lines.push_back({number, text});
  return lines;
}

std::vector<SourceLine> old_lines(const ChangedText& text, const dwarf::SourceSpan& span) {
  std::vector<SourceLine> lines;
  for (unsigned n = span.first; n <= span.last && n <= text.old_lines.size(); ++n)
    if (n > 0) lines.push_back({n, text.old_lines[n - 1]});
  return lines;
}

/// From the first kept line of `span` to the last, with what was added between, and right behind.
std::vector<SourceLine> new_lines(const ChangedText& text, const dwarf::SourceSpan& span) {
  std::vector<SourceLine> lines;
  bool inside = false;
  for (std::size_t i = 0; i < text.new_lines.size(); ++i) {
    const unsigned old_number = text.new_lines[i].old_number;
    if (old_number > span.last) break;
    if (old_number >= span.first) inside = true;
    if (inside) lines.push_back({static_cast<unsigned>(i + 1), text.new_lines[i].text});
  }
  return lines;
}

/// How far the braces that open in `line` are from being closed.
int depth_change(const std::string& line) {
  int depth = 0;
  for (const char c : line) depth += c == '{' ? 1 : c == '}' ? -1 : 0;
  return depth;
}

}  // namespace

const ChangedText* SourceTexts::changed(const dwarf::SourceSpan& span) const {
  std::error_code ignored;
  const auto at = changed_.find(std::filesystem::weakly_canonical(span.file, ignored));
  return at == changed_.end() ? nullptr : &at->second;
}

std::pair<std::vector<SourceLine>, std::vector<SourceLine>> SourceTexts::both(
    const dwarf::SourceSpan& old_span, const dwarf::SourceSpan& new_span) const {
  if (const ChangedText* text = changed(old_span))
    return {old_lines(*text, old_span), new_lines(*text, old_span)};
  if (!changed_.empty()) return {read_lines(old_span), read_lines(old_span)};
  if (old_span.file == new_span.file) return {{}, read_lines(new_span)};
  return {read_lines(old_span), read_lines(new_span)};
}

std::vector<SourceLine> SourceTexts::added(const dwarf::SourceSpan& span, const std::string& name) const {
  const ChangedText* text = changed(span);
  if (text == nullptr) return read_lines(span);
  std::vector<SourceLine> lines;
  int depth = 0;
  bool opened = false;
  for (std::size_t i = 0; i < text->new_lines.size(); ++i) {
    const auto& [line, old_number] = text->new_lines[i];
    if (lines.empty() && (old_number != 0 || line.find(name) == std::string::npos)) continue;
    lines.push_back({static_cast<unsigned>(i + 1), line});
    depth += depth_change(line);
    opened = opened || line.find('{') != std::string::npos;
    if (opened && depth <= 0) return lines;
    if (!opened && line.find(';') != std::string::npos) lines.clear();  // a declaration or a call
  }
  return {};
}

std::vector<SourceLine> SourceTexts::removed(const dwarf::SourceSpan& span) const {
  if (const ChangedText* text = changed(span)) return old_lines(*text, span);
  return read_lines(span);
}

}  // namespace stent::report
