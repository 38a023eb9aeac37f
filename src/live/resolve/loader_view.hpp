// LoaderView: what the target's dynamic loader knows of its modules, read from the loader's own lists.
#pragma once

#include <optional>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::resolve {

/// Where symbols are looked up, in order.
struct Scope {
  std::vector<process::Module> modules;
  bool is_loaders_own = true;  ///< false: the link map's order, because the loader's scopes were not found
};

/// A module's thread-local storage (ELF TLS ABI).
struct ThreadStorage {
  std::uint64_t number = 0;            ///< what __tls_get_addr calls the module
  std::optional<std::int64_t> offset;  ///< of its block from the thread pointer; empty: allocated on demand
};

/// Nothing about the layout of the loader's private structures is assumed: what is looked for in a link map
/// is recognised by what it must hold (lists of link maps that begin with the program; the program header of
/// PT_TLS), and is not used unless it holds for every module.
class LoaderView {
 public:
  /// Throws `busy` while the loader changes its list of modules.
  LoaderView(const process::RemoteMemory& memory, const std::vector<process::Module>& modules);

  /// The modules that a symbol which `module` refers to is looked up in: global scope, then the group it was
  /// loaded with (dlopen), in its own namespace (dlmopen).
  [[nodiscard]] Scope scope_of(const process::Module& module) const;
  /// Empty: the module has none, or its place is not known.
  [[nodiscard]] std::optional<ThreadStorage> thread_storage(const process::Module& module) const;

 private:
  struct Entry {
    RemoteAddress at;
    RemoteAddress dynamic;
    std::size_t space = 0;  ///< number of its namespace
  };
  using Lists = std::vector<std::vector<RemoteAddress>>;

  void read_spaces(RemoteAddress debug);
  void read_chain(RemoteAddress first, std::size_t space);
  [[nodiscard]] std::optional<Lists> lists_at(RemoteAddress field) const;
  [[nodiscard]] std::optional<std::int64_t> find_scope_field() const;
  [[nodiscard]] bool is_scope_field(std::int64_t offset) const;
  [[nodiscard]] const Entry* entry_of(const process::Module& module) const;
  [[nodiscard]] const process::Module* module_of(RemoteAddress entry) const;
  [[nodiscard]] Scope in_map_order(const Entry* entry) const;

  const process::RemoteMemory* memory_;
  std::vector<process::Module> modules_;
  std::vector<Entry> entries_;
  /// Offset in a link map; looked for when it is first needed.
  mutable std::optional<std::optional<std::int64_t>> scope_field_;
};

}  // namespace stent::resolve
