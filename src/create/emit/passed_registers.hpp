// Which registers functions are passed and return, as the debug information of their unit declares them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "binary/arch/x86_64/register_use.hpp"
#include "binary/dwarf/debug_info.hpp"

namespace stent::emit {

class PassedRegisters {
 public:
  /// Reads the debug information of `object`, if it has any that can be read.
  explicit PassedRegisters(const std::filesystem::path& object);
  PassedRegisters(const PassedRegisters&) = delete;
  PassedRegisters(PassedRegisters&&) = default;
  PassedRegisters& operator=(const PassedRegisters&) = delete;

  /// Of the function whose symbol is `symbol`. All there are where it is not known: no declaration, a clone
  /// (whose parameters may be others), a variable number of arguments, objects passed by value.
  [[nodiscard]] x86_64::RegisterSet arguments(const std::string& symbol) const;
  [[nodiscard]] x86_64::RegisterSet results(const std::string& symbol) const;

 private:
  enum class Class { integer, vector, nothing, unknown };
  [[nodiscard]] Class class_of(dwarf::TypeId type) const;
  [[nodiscard]] const dwarf::Function* find(const std::string& symbol) const;

  dwarf::DebugInfo info_;
  std::map<std::string, const dwarf::Function*> functions_;  ///< null: declared in several ways
};

}  // namespace stent::emit
