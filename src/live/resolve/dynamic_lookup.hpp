// DynamicLookup: finding a symbol by name and version as the target's dynamic loader would for one module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "live/resolve/dynamic_symbols.hpp"
#include "live/resolve/loader_view.hpp"

namespace stent::resolve {

class DynamicLookup {
 public:
  DynamicLookup(const process::RemoteMemory& memory, const LoaderView& loader)
      : memory_(&memory), loader_(&loader) {}

  /// Address of the definition that a reference of `module` means; `version` empty: the default one. An
  /// indirect function (IFUNC) is what its resolver chose when the loader ran it. Empty when nobody defines
  /// it. Throws `refused` for a thread-local, for an indirect function nobody has resolved, and where the
  /// loader's scopes are not known and several modules define the name.
  [[nodiscard]] std::optional<RemoteAddress> find(const std::string& name, const std::string& version,
                                                  const process::Module& module) const;

 private:
  [[nodiscard]] RemoteAddress chosen(const std::string& name, const DynamicDefinition& indirect,
                                     const DynamicSymbols& owner, const Scope& scope) const;

  const process::RemoteMemory* memory_;
  const LoaderView* loader_;
};

}  // namespace stent::resolve
