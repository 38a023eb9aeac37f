#include "create/report/columns.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace stent::report {

void Column::add(Line line, std::string key) {
  lines.push_back(std::move(line));
  keys.push_back(std::move(key));
}

Column source_column(std::vector<SourceLine> source) {
  Column column;
  for (SourceLine& line : source) {
    while (!line.text.empty() && (line.text.back() == '\n' || line.text.back() == '\r')) line.text.pop_back();
    column.add({std::to_string(line.number), line.text, ""}, line.text);
  }
  return column;
}

SideBySide beside(Column before, Column after) {
  SideBySide both;
  if (before.lines.empty())
    for (std::size_t i = 0; i < after.lines.size(); ++i)
      both.rows.push_back({RowKind::same, std::nullopt, i});
  else if (after.lines.empty())
    for (std::size_t i = 0; i < before.lines.size(); ++i)
      both.rows.push_back({RowKind::same, i, std::nullopt});
  else
    both.rows = align(before.keys, after.keys);
  both.old_lines = std::move(before.lines);
  both.new_lines = std::move(after.lines);
  return both;
}

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && text ? std::string(text.get()) : symbol;
}

}  // namespace stent::report
