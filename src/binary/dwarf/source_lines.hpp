// The source lines of an object's code.
#pragma once

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace stent::dwarf {

class SourceLines {
 public:
  /// An object without line information answers nothing.
  explicit SourceLines(const std::filesystem::path& object);

  /// "file:line" of the instruction `offset` bytes into the section `section`; empty when not known.
  [[nodiscard]] std::string at(const std::string& section, std::uint64_t offset) const;

 private:
  struct End {
    void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
  };
  std::unique_ptr<Dwfl, End> dwfl_;
  Dwfl_Module* module_ = nullptr;
};

}  // namespace stent::dwarf
