#include "binary/dwarf/inlined_copies.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <set>

#include "binary/dwarf/dwarf_file.hpp"
#include "binary/dwarf/entry.hpp"

namespace stent::dwarf {

namespace {

class Reader {
 public:
  explicit Reader(const std::map<LinkAddress, std::string>& functions) : functions_(functions) {
    for (const auto& [entry, name] : functions) names_.insert(name);
  }

  void unit(Dwarf_Die& die) {
    const char* name = dwarf_diename(&die);
    source_ = name == nullptr ? "" : name;
    children(die, {});
  }

  std::vector<InlinedCopy> take() {
    std::vector<InlinedCopy> copies;
    for (auto& [copy, file] : copies_) {
      const auto known = files_.find(copy.function);
      if (known == files_.end() || known->second.contains(file)) copies.push_back(std::move(copy));
    }
    return copies;
  }

 private:
  void children(Dwarf_Die& parent, const std::string& host) {
    Dwarf_Die die;
    if (dwarf_child(&parent, &die) != 0) return;
    do one(die, host);
    while (dwarf_siblingof(&die, &die) == 0);
  }

  void one(Dwarf_Die& die, const std::string& host) {
    switch (dwarf_tag(&die)) {
      case DW_TAG_subprogram:
        // Without code of its own it is a declaration, or the description its copies refer to.
        if (dwarf_hasattr(&die, DW_AT_low_pc) || dwarf_hasattr(&die, DW_AT_ranges)) define(die);
        return;
      case DW_TAG_inlined_subroutine: note(die, host); [[fallthrough]];
      case DW_TAG_lexical_block: return children(die, host);
      case DW_TAG_namespace:
      case DW_TAG_class_type:
      case DW_TAG_structure_type: return children(die, host);
      default: return;
    }
  }

  void define(Dwarf_Die& die) {
    const std::string name = linkage_name(die);
    Dwarf_Addr entry = 0;
    if (dwarf_entrypc(&die, &entry) == 0)
      if (const auto known = functions_.find({entry}); known != functions_.end())
        files_[known->second].insert(declaring_file(die));
    children(die, name);
  }

  void note(Dwarf_Die& die, const std::string& host) {
    std::string name = linkage_name(die);
    if (!names_.contains(name)) return;
    Dwarf_Addr base = 0, begin = 0, end = 0;
    if (dwarf_ranges(&die, 0, &base, &begin, &end) <= 0) return;  // optimised away
    copies_.push_back({{std::move(name), host, source_, {begin}}, declaring_file(die)});
  }

  const std::map<LinkAddress, std::string>& functions_;
  std::set<std::string> names_;
  std::map<std::string, std::set<std::string>> files_;  ///< where each function is declared
  std::string source_;
  std::vector<std::pair<InlinedCopy, std::string>> copies_;  ///< and where the copied function is declared
};

}  // namespace

InlinedCopies inlined_copies(const std::filesystem::path& debug_file,
                             const std::vector<std::filesystem::path>& debug_roots,
                             const std::map<LinkAddress, std::string>& functions) {
  if (functions.empty()) return {};
  const DwarfFile debug(debug_file, debug_roots);
  if (debug.dwarf() == nullptr) return {{}, debug_file.string() + " holds no debug information"};
  InlinedCopies copies;
  Reader reader(functions);
  Dwarf_CU* unit = nullptr;
  std::uint8_t type = 0;
  Dwarf_Die die, split;
  while (dwarf_get_units(debug.dwarf(), unit, &unit, nullptr, &type, &die, &split) == 0) {
    if (type != DW_UT_skeleton) {
      reader.unit(die);
    } else if (dwarf_tag(&split) != DW_TAG_invalid) {
      reader.unit(split);
    } else {
      copies.unseen = "the debug information that " + debug_file.string() +
                      " was split from (.dwo files) is not where it was written";
    }
  }
  copies.found = reader.take();
  return copies;
}

}  // namespace stent::dwarf
