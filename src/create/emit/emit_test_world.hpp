// Objects, units and a target for the tests of emit.
#pragma once

#include <cctype>
#include <filesystem>
#include <list>
#include <string>
#include <tuple>
#include <vector>

#include "create/bind/bound_unit.hpp"
#include "patch/link/link.hpp"

namespace stent::emit {

/// One unit whose atoms are all selected, with everything undefined to be bound by the test.
struct TestUnit {
  model::Object object;
  diff::ChangeSet changes;

  void select_all() {
    for (std::uint32_t i = 0; i < object.atoms.size(); ++i)
      if (object.atoms[i].kind != model::AtomKind::other) changes.selected.push_back({i});
  }
  [[nodiscard]] bind::BoundUnit bound() const {
    bind::BoundUnit unit;
    unit.new_object = &object;
    unit.changes = &changes;
    unit.selected = changes.selected;
    return unit;
  }
  [[nodiscard]] model::SymbolId symbol(const std::string& name) const {
    for (std::uint32_t i = 0; i < object.symbols.size(); ++i)
      if (object.symbols[i].name == name) return {i};
    throw Error(ErrorCode::internal, "no symbol " + name);
  }
  [[nodiscard]] model::FunctionId function(const std::string& name) const {
    for (std::uint32_t i = 0; i < object.functions.size(); ++i)
      if (object[object.functions[i].symbol].name == name) return {i};
    throw Error(ErrorCode::internal, "no function " + name);
  }
};

inline bind::BoundTarget in_module(const std::string& name, std::uint64_t address,
                                   bind::Access access = bind::Access::direct) {
  return {{name, patch::ModuleAddress{{address}}}, access, true, "test"};
}

inline bind::BoundTarget dynamic(const std::string& name) {
  return {{name, patch::DynamicSymbol{"", false}}, bind::Access::own_slot, true, "test"};
}

inline bind::BoundTarget thread_local_at(const std::string& name, std::uint64_t offset) {
  return {{name, patch::ThreadOffset{offset}}, bind::Access::thread, false, "test"};
}

inline bind::BoundFunction replaced(const TestUnit& unit, const std::string& name, std::uint64_t address) {
  return {unit.function(name), name, {{{{address}, 8}, Bytes(8, std::byte{0x90})}}};
}

inline const patch::PatchSymbol& symbol_of(const patch::Image& image, const std::string& name) {
  for (const patch::PatchSymbol& symbol : image.symbols)
    if (symbol.name == name) return symbol;
  throw Error(ErrorCode::internal, "no symbol " + name + " in the image");
}

/// The letters and digits of a test's words: ("gcc", "-O2 -fPIE") -> "gccO2fPIE".
struct NameOfWords {
  template <typename Info>
  std::string operator()(const Info& one) const {
    std::string name = std::apply([](auto... word) { return (std::string() + ... + word); }, one.param);
    std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
    return name;
  }
};

}  // namespace stent::emit
