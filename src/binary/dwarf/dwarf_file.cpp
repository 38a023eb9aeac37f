#include "binary/dwarf/dwarf_file.hpp"

#include <fcntl.h>

#include <cstring>

#include "base/bytes.hpp"
#include "binary/elf/debug_file.hpp"

namespace stent::dwarf {
namespace {

namespace fs = std::filesystem;

/// The separate debug file is found by the caller; libdwfl must not look elsewhere.
int find_no_debug_info(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                       char**) {
  return -1;
}

int find_no_elf(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) { return -1; }

Error unreadable(const fs::path& path, const char* why) {
  return Error(ErrorCode::bad_input, path.string() + ": its debug information cannot be read: " + why,
               "build the file again with -g");
}

/// The file that holds the debug information of `path`.
fs::path debug_file_of(const fs::path& path, const std::vector<fs::path>& roots) {
  const elf::File file(path);
  if (file.section(".debug_info") != nullptr || file.type() == ET_REL) return path;
  return elf::find_debug_file(file, roots).value_or(path);
}

/// "NAME" and build-id that .gnu_debugaltlink stores.
std::vector<fs::path> alternate_candidates(const fs::path& path, const char* name, ByteView build_id,
                                           const std::vector<fs::path>& roots) {
  std::vector<fs::path> candidates;
  const std::string id = to_hex(build_id);
  std::vector<fs::path> all = roots;
  all.emplace_back("/usr/lib/debug");
  for (const fs::path& root : all)
    for (const fs::path& base : {root, root / "usr/lib/debug"}) {
      if (id.size() > 2)
        candidates.push_back(base / ".build-id" / id.substr(0, 2) / (id.substr(2) + ".debug"));
      candidates.push_back(base / ".dwz" / fs::path(name).filename());
      candidates.push_back(base / ".dwz/x86_64-linux-gnu" / fs::path(name).filename());
      if (fs::path(name).is_absolute()) candidates.push_back(root / fs::path(name).relative_path());
    }
  candidates.push_back(path.parent_path() / name);
  return candidates;
}

}  // namespace

DwarfFile::DwarfFile(const fs::path& path, const std::vector<fs::path>& debug_roots)
    : callbacks_(std::make_unique<Dwfl_Callbacks>()) {
  callbacks_->find_elf = find_no_elf;
  callbacks_->find_debuginfo = find_no_debug_info;
  callbacks_->section_address = dwfl_offline_section_address;
  const fs::path holder = debug_file_of(path, debug_roots);
  dwfl_.reset(dwfl_begin(callbacks_.get()));
  if (!dwfl_) throw unreadable(path, dwfl_errmsg(-1));
  module_ = dwfl_report_offline(dwfl_.get(), holder.c_str(), holder.c_str(), -1);
  if (module_ == nullptr) throw unreadable(path, dwfl_errmsg(-1));
  dwfl_report_end(dwfl_.get(), nullptr, nullptr);
  Dwarf_Addr bias = 0;
  dwarf_ = dwfl_module_getdwarf(module_, &bias);
  if (dwarf_ != nullptr) set_alternate(holder, debug_roots);
}

std::optional<SectionPlace> DwarfFile::section_place(std::uint64_t address) const {
  const int index = dwfl_module_relocate_address(module_, &address);
  GElf_Word section = SHN_UNDEF;
  if (index < 0 || dwfl_module_relocation_info(module_, static_cast<unsigned>(index), &section) == nullptr ||
      section == SHN_UNDEF || section >= SHN_LORESERVE)
    return std::nullopt;
  return SectionPlace{section, address};
}

void DwarfFile::set_alternate(const fs::path& path, const std::vector<fs::path>& roots) {
  const char* name = nullptr;
  const void* build_id = nullptr;
  const ssize_t size = dwelf_dwarf_gnu_debugaltlink(dwarf_, &name, &build_id);
  if (size <= 0 || dwarf_getalt(dwarf_) != nullptr) return;
  const ByteView wanted(static_cast<const std::byte*>(build_id), static_cast<std::size_t>(size));
  for (const fs::path& candidate : alternate_candidates(path, name, wanted, roots)) {
    std::error_code ignored;
    if (!fs::is_regular_file(candidate, ignored)) continue;
    const BuildId found = elf::File(candidate).build_id();
    if (found.bytes.size() != wanted.size() ||
        std::memcmp(found.bytes.data(), wanted.data(), wanted.size()) != 0)
      continue;
    alternate_file_ = UniqueFd(::open(candidate.c_str(), O_RDONLY | O_CLOEXEC));
    alternate_.reset(dwarf_begin(alternate_file_.get(), DWARF_C_READ));
    if (!alternate_) throw unreadable(candidate, dwarf_errmsg(-1));
    dwarf_setalt(dwarf_, alternate_.get());
    return;
  }
  throw Error(ErrorCode::bad_input,
              path.string() + ": its debug information refers to " + name + ", which is not found",
              "give the folder that holds .dwz/ with --debug-root");
}

}  // namespace stent::dwarf
