// An open file of debug information (over libdw and libdwfl).
#pragma once

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/unique_fd.hpp"

namespace stent::dwarf {

/// A position in a section of an object.
struct SectionPlace {
  std::uint64_t section = 0;   ///< its index
  std::uint64_t position = 0;  ///< from its start
};

/// Owns a Dwarf; for an object its sections are relocated to an address range each.
class DwarfFile {
 public:
  /// Throws `bad_input` when the file cannot be read. `dwarf()` is null when it has no debug information.
  DwarfFile(const std::filesystem::path& path, const std::vector<std::filesystem::path>& debug_roots);

  [[nodiscard]] Dwarf* dwarf() const { return dwarf_; }
  /// What an address of an object's debug information means; empty when in none of its sections, and for
  /// everything but objects.
  [[nodiscard]] std::optional<SectionPlace> section_place(std::uint64_t address) const;

 private:
  struct DwflEnd {
    void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
  };
  struct DwarfEnd {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
  };

  void set_alternate(const std::filesystem::path& path, const std::vector<std::filesystem::path>& roots);

  std::unique_ptr<Dwfl_Callbacks> callbacks_;
  UniqueFd alternate_file_;
  std::unique_ptr<Dwarf, DwarfEnd> alternate_;
  std::unique_ptr<Dwfl, DwflEnd> dwfl_;
  Dwfl_Module* module_ = nullptr;
  Dwarf* dwarf_ = nullptr;
};

}  // namespace stent::dwarf
