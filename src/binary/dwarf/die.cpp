#include "binary/dwarf/die.hpp"

#include "binary/dwarf/entry.hpp"

namespace stent::dwarf {

std::optional<Dwarf_Attribute> Die::attribute(unsigned name) const {
  Dwarf_Attribute found;
  if (dwarf_attr_integrate(&raw_, name, &found) == nullptr) return std::nullopt;
  return found;
}

bool Die::flag(unsigned name) const {
  auto found = attribute(name);
  bool value = false;
  return found && dwarf_formflag(&*found, &value) == 0 && value;
}

std::string Die::text(unsigned name) const {
  auto found = attribute(name);
  const char* value = found ? dwarf_formstring(&*found) : nullptr;
  return value == nullptr ? std::string() : value;
}

std::optional<std::uint64_t> Die::number(unsigned name) const {
  auto found = attribute(name);
  Dwarf_Word value = 0;
  if (!found || dwarf_formudata(&*found, &value) != 0) return std::nullopt;
  return value;
}

std::optional<std::int64_t> Die::signed_number(unsigned name) const {
  auto found = attribute(name);
  Dwarf_Sword value = 0;
  if (!found || dwarf_formsdata(&*found, &value) != 0) return std::nullopt;
  return value;
}

std::optional<Die> Die::reference(unsigned name) const {
  auto found = attribute(name);
  Dwarf_Die value;
  if (!found || dwarf_formref_die(&*found, &value) == nullptr) return std::nullopt;
  return Die(value);
}

std::optional<Dwarf_Op> Die::first_operation(unsigned name) const {
  auto found = attribute(name);
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (!found || dwarf_getlocation(&*found, &operations, &count) != 0 || count == 0) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i)
    if (is_of_thread(operations[i])) return operations[i];
  return operations[0];
}

SourcePlace Die::place() const {
  SourcePlace place;
  place.file = declaring_file(raw_);
  int line = 0;
  if (dwarf_decl_line(&raw_, &line) == 0) place.line = static_cast<unsigned>(line);
  return place;
}

Die Die::origin() const {
  Dwarf_Die at = raw_;
  for (int depth = 0; depth < 8; ++depth) {
    Dwarf_Attribute found;
    Dwarf_Die next;
    if (dwarf_attr(&at, DW_AT_abstract_origin, &found) == nullptr &&
        dwarf_attr(&at, DW_AT_specification, &found) == nullptr)
      break;
    if (dwarf_formref_die(&found, &next) == nullptr) break;
    at = next;
  }
  return Die(at);
}

bool is_of_thread(const Dwarf_Op& operation) {
  return operation.atom == DW_OP_form_tls_address || operation.atom == DW_OP_GNU_push_tls_address;
}

void Die::each_child(const std::function<void(const Die&)>& visit) const {
  Dwarf_Die child;
  if (dwarf_child(&raw_, &child) != 0) return;
  do visit(Die(child));
  while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace stent::dwarf
