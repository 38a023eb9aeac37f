// DynamicLookup: finding a symbol by name and version as the target's dynamic loader would for one module.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "live/resolve/dynamic_symbols.hpp"
#include "live/resolve/loader_view.hpp"

namespace stent::resolve {

/// What the resolver (IFUNC) at an address chooses. Throws where it cannot be asked.
using AskResolver = std::function<RemoteAddress(RemoteAddress resolver)>;

class DynamicLookup {
 public:
  /// `ask` outlives it.
  DynamicLookup(const process::RemoteMemory& memory, const LoaderView& loader, const AskResolver& ask)
      : memory_(&memory), loader_(&loader), ask_(&ask) {}

  /// Address of the definition that a reference of `module` means; `version` empty: the default one. An
  /// indirect function (IFUNC) is what its resolver chose when the loader ran it, or chooses when asked now.
  /// Empty when nobody defines it. Throws `refused` for a thread-local, and where the loader's scopes are not
  /// known and several modules define the name; and as the resolver's being asked.
  [[nodiscard]] std::optional<RemoteAddress> find(const std::string& name, const std::string& version,
                                                  const process::Module& module) const;

 private:
  [[nodiscard]] RemoteAddress chosen(const std::string& name, const DynamicDefinition& indirect,
                                     const DynamicSymbols& owner, const Scope& scope) const;

  const process::RemoteMemory* memory_;
  const LoaderView* loader_;
  const AskResolver* ask_;
};

}  // namespace stent::resolve
