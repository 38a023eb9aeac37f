#include <algorithm>
#include <cctype>

#include "binary/model/object_builder.hpp"

namespace stent::model {

namespace {

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

/// A section whose name is a C identifier can be a linker set (`__start_NAME`).
bool is_linker_set(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

AtomKind kind_of(const elf::Section& section) {
  const bool writable = (section.flags & SHF_WRITE) != 0;
  const bool zero = section.type == SHT_NOBITS;
  if ((section.flags & SHF_EXECINSTR) != 0) return AtomKind::code;
  if ((section.flags & SHF_TLS) != 0) return zero ? AtomKind::tls_zero : AtomKind::tls_data;
  if (zero) return AtomKind::zero;
  if (section.type != SHT_PROGBITS || is_linker_set(section.name) || starts_with(section.name, ".ctors") ||
      starts_with(section.name, ".dtors"))
    return AtomKind::other;
  // The slot through which an exception table names a type or the personality is never written.
  if (section.name.find(".DW.ref.") != std::string::npos) return AtomKind::relocated_read_only;
  if (writable)
    return starts_with(section.name, ".data.rel.ro") ? AtomKind::relocated_read_only : AtomKind::writable;
  if ((section.flags & SHF_MERGE) != 0)
    return (section.flags & SHF_STRINGS) != 0 ? AtomKind::string_literal : AtomKind::merged_constant;
  return AtomKind::read_only;
}

/// Where the pieces of a section begin.
std::vector<std::uint64_t> starts_of_strings(const elf::Section& section) {
  const std::uint64_t width = std::max<std::uint64_t>(section.entry_size, 1);
  std::vector<std::uint64_t> starts;
  bool at_start = true;
  for (std::uint64_t at = 0; at < section.size; at += width) {
    if (at_start) starts.push_back(at);
    const std::uint64_t take = std::min(width, section.size - at);
    const ByteView unit = section.data.subspan(at, take);
    at_start = std::all_of(unit.begin(), unit.end(), [](std::byte b) { return b == std::byte{0}; });
  }
  return starts;
}

std::vector<std::uint64_t> starts_of_entries(const elf::Section& section) {
  std::vector<std::uint64_t> starts;
  for (std::uint64_t at = 0; at < section.size; at += section.entry_size) starts.push_back(at);
  return starts;
}

/// Begin and end of sized symbols in one section.
using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

std::vector<Ranges> ranges_by_section(const ObjectBuilder& builder) {
  std::vector<Ranges> ranges(builder.file.sections().size());
  for (const elf::RawSymbol& symbol : builder.raw_symbols)
    if (symbol.section < ranges.size() && symbol.size != 0 && symbol.type != STT_SECTION)
      ranges[symbol.section].emplace_back(symbol.value, symbol.value + symbol.size);
  return ranges;
}

/// Splits at sized symbols when they tile the section: no overlap, and gaps no larger than alignment leaves.
std::vector<std::uint64_t> starts_of_symbols(const elf::Section& section, Ranges ranges) {
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  const bool is_code = (section.flags & SHF_EXECINSTR) != 0;
  // Patchable nops stand before a function's entry.
  if (ranges.size() == 1 && is_code && ranges.front().first > 0 && ranges.front().second <= section.size)
    return {0, ranges.front().first};
  if (ranges.size() < 2) return {0};
  constexpr std::uint64_t largest_gap = 63;
  std::vector<std::uint64_t> starts;
  std::uint64_t end = 0;
  for (const auto& [first, last] : ranges) {
    if (first < end || first - end > largest_gap || last > section.size) return {0};
    starts.push_back(starts.empty() ? 0 : first);
    end = last;
  }
  if (section.size - end > largest_gap) return {0};
  return starts;
}

/// clang names types to exception tables through unnamed eight-byte slots in .data.
std::vector<std::uint64_t> starts_of_slots(const elf::Section& section) {
  std::vector<std::uint64_t> starts;
  for (std::uint64_t at = 0; at < section.size; at += 8) starts.push_back(at);
  return starts;
}

std::vector<std::uint64_t> starts_of(const elf::Section& section, AtomKind kind, Ranges ranges) {
  if (section.size == 0) return {};
  if (kind == AtomKind::string_literal) return starts_of_strings(section);
  if (kind == AtomKind::merged_constant && section.entry_size > 0) return starts_of_entries(section);
  const bool has_bytes = section.data.size() == section.size;  // a damaged size would be anything
  if (section.name == ".data" && has_bytes && ranges.empty() && section.size % 8 == 0)
    return starts_of_slots(section);
  return starts_of_symbols(section, std::move(ranges));
}

std::uint64_t alignment_at(const elf::Section& section, std::uint64_t offset) {
  if (offset == 0) return section.alignment;
  return std::min(section.alignment, offset & (~offset + 1));
}

void add_section(ObjectBuilder& builder, const elf::Section& section, Ranges ranges) {
  const AtomKind kind = kind_of(section);
  const auto starts = starts_of(section, kind, std::move(ranges));
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::uint64_t end = i + 1 < starts.size() ? starts[i + 1] : section.size;
    Atom atom;
    atom.kind = kind;
    atom.section = section.name;
    atom.size = end - starts[i];
    atom.alignment = alignment_at(section, starts[i]);
    atom.in_group = (section.flags & SHF_GROUP) != 0;
    if (section.type != SHT_NOBITS) {
      const ByteView bytes = section.data.subspan(starts[i], atom.size);
      atom.bytes.assign(bytes.begin(), bytes.end());
    }
    builder.pieces[section.index].push_back(
        {starts[i], end, AtomId{static_cast<std::uint32_t>(builder.object.atoms.size())}});
    builder.object.atoms.push_back(std::move(atom));
  }
}

bool becomes_atoms(const elf::Section& section) {
  // The list of patchable entries is for tracers that start with the program; it means nothing to the code.
  return (section.flags & SHF_ALLOC) != 0 && section.type != SHT_NOTE && section.name != ".eh_frame" &&
         section.name != "__patchable_function_entries";
}

}  // namespace

void read_atoms(ObjectBuilder& builder) {
  builder.pieces.resize(builder.file.sections().size());
  auto ranges = ranges_by_section(builder);
  for (const elf::Section& section : builder.file.sections())
    if (becomes_atoms(section)) add_section(builder, section, std::move(ranges[section.index]));
}

}  // namespace stent::model
