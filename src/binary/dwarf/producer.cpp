#include "binary/dwarf/producer.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <algorithm>
#include <memory>

#include "binary/elf/elf_file.hpp"

namespace stent::dwarf {
namespace {

const Dwfl_Callbacks kOffline{dwfl_build_id_find_elf, dwfl_standard_find_debuginfo,
                              dwfl_offline_section_address, nullptr};

struct DwflEnd {
  void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
};

std::string text_of(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  const char* text = dwarf_formstring(dwarf_attr(die, name, &attribute));
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

std::vector<std::string> compilers_of(const std::filesystem::path& elf_file) {
  const elf::File file(elf_file);
  std::vector<std::string> compilers;
  const elf::Section* section = file.section(".comment");
  if (section == nullptr) return compilers;
  std::string text;
  for (const std::byte byte : section->data) {
    if (byte != std::byte{}) {
      text += std::to_integer<char>(byte);
      continue;
    }
    if (!text.empty() && std::ranges::find(compilers, text) == compilers.end()) compilers.push_back(text);
    text.clear();
  }
  return compilers;
}

std::string producer_of(const std::filesystem::path& debug_file, const std::string& source) {
  const std::unique_ptr<Dwfl, DwflEnd> dwfl(dwfl_begin(&kOffline));
  if (!dwfl) return {};
  dwfl_report_begin(dwfl.get());
  Dwfl_Module* module = dwfl_report_offline(dwfl.get(), "", debug_file.c_str(), -1);
  dwfl_report_end(dwfl.get(), nullptr, nullptr);
  if (module == nullptr) return {};
  Dwarf_Addr bias = 0;
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;)
    if (source.empty() || std::filesystem::path(text_of(unit, DW_AT_name)).filename() == source)
      return text_of(unit, DW_AT_producer);
  return {};
}

}  // namespace stent::dwarf
