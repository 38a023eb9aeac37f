#include "binary/dwarf/source_span.hpp"

#include <dwarf.h>

#include <algorithm>
#include <cstring>

#include "binary/dwarf/die.hpp"
#include "binary/dwarf/dwarf_file.hpp"

namespace stent::dwarf {
namespace {

/// Reads one compilation unit.
class UnitSpans {
 public:
  UnitSpans(const Die& unit, SourceSpans& into) : into_(&into) {
    dwarf_getsrclines(unit.raw(), &lines_, &line_count_);
    const std::string directory = unit.text(DW_AT_comp_dir);
    if (!directory.empty()) directory_ = directory;
    visit(unit);
  }

 private:
  void visit(const Die& parent) {
    parent.each_child([this](const Die& child) {
      if (child.tag() == DW_TAG_subprogram && dwarf_haspc_any(child)) add(child);
      const int tag = child.tag();
      if (tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type) visit(child);
    });
  }

  static bool dwarf_haspc_any(const Die& die) { return die.has(DW_AT_low_pc) || die.has(DW_AT_ranges); }

  void add(const Die& function) {
    const SourcePlace declared = function.place();
    if (declared.file.empty()) return;
    std::string symbol = function.text(DW_AT_linkage_name);
    if (symbol.empty()) symbol = function.text(DW_AT_name);
    SourceSpan span{absolute(declared.file), declared.line, declared.line};
    Dwarf_Addr base = 0, begin = 0, end = 0;
    for (std::ptrdiff_t at = 0; (at = dwarf_ranges(function.raw(), at, &base, &begin, &end)) > 0;)
      extend(span, declared.file, begin, end);
    into_->insert_or_assign(symbol, std::move(span));
  }

  /// To the last line of `file` that gave code to [begin, end).
  void extend(SourceSpan& span, const std::string& file, Dwarf_Addr begin, Dwarf_Addr end) const {
    for (std::size_t i = first_line(begin); i < line_count_; ++i) {
      Dwarf_Line* line = dwarf_onesrcline(lines_, i);
      Dwarf_Addr address = 0;
      int number = 0;
      if (dwarf_lineaddr(line, &address) != 0 || address >= end) return;
      const char* source = dwarf_linesrc(line, nullptr, nullptr);
      if (address < begin || source == nullptr || dwarf_lineno(line, &number) != 0) continue;
      if (absolute(source) == span.file || file == source)
        span.last = std::max(span.last, static_cast<unsigned>(std::max(number, 0)));
    }
  }

  /// Lines are sorted by address.
  std::size_t first_line(Dwarf_Addr begin) const {
    std::size_t low = 0, high = line_count_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      Dwarf_Addr address = 0;
      dwarf_lineaddr(dwarf_onesrcline(lines_, middle), &address);
      if (address < begin)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

  std::string absolute(const std::string& file) const {
    return (directory_ / file).lexically_normal().string();
  }

  SourceSpans* into_;
  Dwarf_Lines* lines_ = nullptr;
  std::size_t line_count_ = 0;
  std::filesystem::path directory_;
};

}  // namespace

SourceSpans load_source_spans(const std::filesystem::path& path) {
  SourceSpans spans;
  const DwarfFile file(path, {});
  if (file.dwarf() == nullptr) return spans;
  Dwarf_CU* unit = nullptr;
  Dwarf_Half version = 0;
  std::uint8_t type = 0;
  Dwarf_Die die{}, skeleton{};
  while (dwarf_get_units(file.dwarf(), unit, &unit, &version, &type, &die, &skeleton) == 0)
    UnitSpans(Die(die), spans);
  return spans;
}

}  // namespace stent::dwarf
