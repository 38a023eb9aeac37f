// DynamicLookup: finding a symbol by name and version in the target's own search order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::resolve {

class DynamicLookup {
 public:
  /// Follows the target's link map (r_debug of the executable's DT_DEBUG), else takes `modules` with the
  /// executable first.
  DynamicLookup(const process::RemoteMemory& memory, const std::vector<process::Module>& modules);

  /// Address of the first definition; `version` empty: the default one. Empty when nobody defines it.
  /// Throws `refused` for an indirect (IFUNC) or thread-local symbol.
  [[nodiscard]] std::optional<RemoteAddress> find(const std::string& name, const std::string& version) const;

 private:
  struct Tables;  ///< of one module, by its PT_DYNAMIC

  [[nodiscard]] std::optional<Tables> read_tables(const process::Module& module) const;
  [[nodiscard]] std::optional<RemoteAddress> find_in(const Tables& tables, const std::string& name,
                                                     const std::string& version) const;
  [[nodiscard]] bool matches(const Tables& tables, std::uint32_t index, const std::string& name,
                             const std::string& version) const;
  [[nodiscard]] bool version_matches(const Tables& tables, std::uint32_t index,
                                     const std::string& version) const;
  [[nodiscard]] std::string version_name(const Tables& tables, std::uint16_t number) const;
  [[nodiscard]] std::string read_string(RemoteAddress at) const;

  const process::RemoteMemory* memory_;
  std::vector<process::Module> order_;
};

}  // namespace stent::resolve
