#include "create/emit/debug_sections.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "binary/elf/elf_file.hpp"
#include "patch/layout.hpp"

namespace stent::emit {
namespace {

constexpr std::array<std::string_view, 13> carried{
    ".debug_info",   ".debug_abbrev", ".debug_line",     ".debug_str",  ".debug_line_str",
    ".debug_ranges", ".debug_loc",    ".debug_rnglists", ".debug_addr", ".debug_str_offsets",
    ".debug_types",  ".debug_macro",  ".debug_loclists"};

bool is_carried(const elf::Section& section) {
  return (section.flags & SHF_ALLOC) == 0 && section.type == SHT_PROGBITS &&
         std::ranges::find(carried, section.name) != carried.end();
}

/// Functions by name; nothing for a name that stands for several.
class Functions {
 public:
  Functions(const patch::Image& image, LinkAddress window) {
    for (const patch::PatchSymbol& symbol : image.symbols) {
      if (!symbol.is_function) continue;
      const auto [place, is_new] = addresses_.emplace(symbol.name, window.value + symbol.address.value);
      if (!is_new) place->second = std::nullopt;
    }
  }
  [[nodiscard]] std::optional<std::uint64_t> find(const std::string& name) const {
    const auto found = addresses_.find(name);
    return found == addresses_.end() ? std::nullopt : found->second;
  }

 private:
  std::map<std::string, std::optional<std::uint64_t>> addresses_;
};

class Joiner {
 public:
  void add(const elf::File& object, const Functions& functions) {
    if (std::ranges::any_of(object.sections(), [](const elf::Section& section) {
          return is_carried(section) && (section.flags & SHF_COMPRESSED) != 0;
        }))
      return;
    std::map<std::uint32_t, std::uint64_t> begins;  // of the object's sections in the joined ones
    for (const elf::Section& section : object.sections()) {
      if (!is_carried(section)) continue;
      Bytes& joined = sections_[section.name];
      joined.resize((joined.size() + section.alignment - 1) / std::max<std::uint64_t>(section.alignment, 1) *
                    std::max<std::uint64_t>(section.alignment, 1));
      begins[section.index] = joined.size();
      joined.insert(joined.end(), section.data.begin(), section.data.end());
    }
    for (const elf::Section& section : object.sections())
      if (section.type == SHT_RELA && begins.contains(section.info))
        relocate(object, section, begins, functions);
  }

  [[nodiscard]] std::vector<patch::DebugSection> finish() && {
    std::vector<patch::DebugSection> all;
    for (auto& [name, bytes] : sections_) all.push_back({name, std::move(bytes)});
    return all;
  }

 private:
  void relocate(const elf::File& object, const elf::Section& table,
                const std::map<std::uint32_t, std::uint64_t>& begins, const Functions& functions) {
    const auto symbols = object.symbols(object.sections().at(table.link));
    const auto code = code_sections(symbols);
    Bytes& joined = sections_[object.sections().at(table.info).name];
    for (const elf::RawRelocation& relocation : object.relocations(table)) {
      const std::uint64_t place = begins.at(table.info) + relocation.offset;
      const std::size_t size = relocation.type == R_X86_64_64 || relocation.type == R_X86_64_DTPOFF64 ? 8 : 4;
      if (relocation.symbol >= symbols.size() || place + size > joined.size())
        throw object.damaged("a relocation of its debugging information lies outside");
      const elf::RawSymbol& symbol = symbols[relocation.symbol];
      const std::uint64_t value = value_of(symbol, relocation, begins, code, functions);
      if (size == 8)
        store(joined, place, value);
      else
        store(joined, place, static_cast<std::uint32_t>(value));
    }
  }

  /// The function that stands at the start of each section of code.
  static std::map<std::uint32_t, std::string> code_sections(const std::vector<elf::RawSymbol>& symbols) {
    std::map<std::uint32_t, std::string> names;
    for (const elf::RawSymbol& symbol : symbols)
      if (symbol.type == STT_FUNC && symbol.value == 0 && symbol.section != SHN_UNDEF)
        names.emplace(symbol.section, symbol.name);
    return names;
  }

  static std::uint64_t value_of(const elf::RawSymbol& symbol, const elf::RawRelocation& relocation,
                                const std::map<std::uint32_t, std::uint64_t>& begins,
                                const std::map<std::uint32_t, std::string>& code,
                                const Functions& functions) {
    const std::uint64_t offset = symbol.value + static_cast<std::uint64_t>(relocation.addend);
    if (relocation.type == R_X86_64_DTPOFF64 || relocation.type == R_X86_64_DTPOFF32) return 0;
    if (const auto debug = begins.find(symbol.section); debug != begins.end()) return debug->second + offset;
    const auto function = code.find(symbol.section);
    if (function == code.end()) return 0;
    const auto address = functions.find(function->second);
    return address ? *address + offset : 0;
  }

  std::map<std::string, Bytes> sections_;
};

}  // namespace

std::vector<patch::DebugSection> debug_sections(
    const std::vector<std::vector<std::filesystem::path>>& objects, const patch::Patch& patch) {
  const auto layout = patch::lay_out(patch);
  Joiner joiner;
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    const Functions functions(patch.images[i], layout.images[i].window);
    for (const auto& path : objects.at(i)) {
      std::error_code ignored;
      if (std::filesystem::is_regular_file(path, ignored)) joiner.add(elf::File(path), functions);
    }
  }
  return std::move(joiner).finish();
}

}  // namespace stent::emit
