// Reading attributes of one entry (DIE) of debug information, with integrated abstract origins.
#pragma once

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "binary/dwarf/source_place.hpp"

namespace stent::dwarf {

/// An entry, held by value as libdw does.
class Die {
 public:
  explicit Die(const Dwarf_Die& raw) : raw_(raw) {}

  [[nodiscard]] Dwarf_Die* raw() const { return &raw_; }
  [[nodiscard]] int tag() const { return dwarf_tag(&raw_); }
  /// Offset, unique in the file; entries of an alternate file are told apart by their Dwarf's address.
  [[nodiscard]] const void* identity() const { return raw_.addr; }

  /// An attribute of this entry, or of the one it is an instance of.
  [[nodiscard]] std::optional<Dwarf_Attribute> attribute(unsigned name) const;
  [[nodiscard]] bool has(unsigned name) const { return attribute(name).has_value(); }
  [[nodiscard]] bool flag(unsigned name) const;
  [[nodiscard]] std::string text(unsigned name) const;
  [[nodiscard]] std::optional<std::uint64_t> number(unsigned name) const;
  [[nodiscard]] std::optional<std::int64_t> signed_number(unsigned name) const;
  [[nodiscard]] std::optional<Die> reference(unsigned name) const;
  /// The first operation of a location expression; empty for lists and constants.
  [[nodiscard]] std::optional<Dwarf_Op> first_operation(unsigned name) const;
  [[nodiscard]] SourcePlace place() const;
  /// What it is an instance or the definition of, to the end of the chain; itself when nothing.
  [[nodiscard]] Die origin() const;

  void each_child(const std::function<void(const Die&)>& visit) const;

 private:
  mutable Dwarf_Die raw_;
};

/// The operation makes an address of a thread's own storage.
[[nodiscard]] bool is_of_thread(const Dwarf_Op& operation);

}  // namespace stent::dwarf
