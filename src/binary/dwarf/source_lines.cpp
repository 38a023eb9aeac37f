#include "binary/dwarf/source_lines.hpp"

#include <gelf.h>

namespace stent::dwarf {
namespace {

/// libdwfl lays the sections of an object out one behind the other and relocates their contents.
const Dwfl_Callbacks kOffline{dwfl_build_id_find_elf, dwfl_standard_find_debuginfo,
                              dwfl_offline_section_address, nullptr};

}  // namespace

SourceLines::SourceLines(const std::filesystem::path& object) : dwfl_(dwfl_begin(&kOffline)) {
  if (!dwfl_) return;
  dwfl_report_begin(dwfl_.get());
  module_ = dwfl_report_offline(dwfl_.get(), "", object.c_str(), -1);
  dwfl_report_end(dwfl_.get(), nullptr, nullptr);
}

std::string SourceLines::at(const std::string& section, std::uint64_t offset) const {
  if (module_ == nullptr) return {};
  Dwarf_Addr bias = 0;
  Elf* elf = dwfl_module_getelf(module_, &bias);
  std::size_t names = 0;
  if (elf == nullptr || elf_getshdrstrndx(elf, &names) != 0) return {};
  for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf, scn)) != nullptr;) {
    GElf_Shdr header{};
    if (gelf_getshdr(scn, &header) == nullptr) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr || section != name) continue;
    Dwfl_Line* line = dwfl_module_getsrc(module_, header.sh_addr + bias + offset);
    int number = 0;
    const char* file = dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
    return file == nullptr ? std::string() : std::string(file) + ":" + std::to_string(number);
  }
  return {};
}

}  // namespace stent::dwarf
