#include "binary/dwarf/unit_reader.hpp"

#include "binary/dwarf/variable_location.hpp"

namespace stent::dwarf {
namespace {

bool is_type(int tag) {
  switch (tag) {
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type: return true;
    default: return false;
  }
}

Scope inside(const Die& die, const Scope& scope) {
  std::string name = die.text(DW_AT_name);
  if (name.empty()) name = "(anonymous)";
  Scope within{scope.prefix + name + "::", scope.function, {}};
  within.is_class = die.tag() == DW_TAG_class_type;
  return within;
}

std::string linkage_name(const Die& die) {
  const std::string mangled = die.text(DW_AT_linkage_name);
  return mangled.empty() ? die.text(DW_AT_name) : mangled;
}

bool is_thread_local(const Die& die) {
  const auto operation = die.first_operation(DW_AT_location);
  return operation && is_of_thread(*operation);
}

bool has_static_storage(const Die& die) { return is_thread_local(die) || !variable_parts(die).empty(); }

}  // namespace

void UnitReader::declare_below(const Die& die, const Scope& scope) {
  die.each_child([&](const Die& child) {
    const int tag = child.tag();
    if (is_type(tag)) {
      types_->declare(child, scope);
      declare_below(child, inside(child, scope));
    } else if (tag == DW_TAG_namespace) {
      declare_below(child, inside(child, scope));
    } else if (tag == DW_TAG_subprogram) {
      scopes_[child.identity()] = scope;
      declare_below(child, {scope.prefix + child.text(DW_AT_name) + "::", child.text(DW_AT_name), {}});
    } else if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) {
      declare_below(child, scope);
    }
  });
}

void UnitReader::read_below(const Die& die, const Scope& scope) {
  die.each_child([&](const Die& child) {
    const int tag = child.tag();
    if (tag == DW_TAG_variable) {
      read_variable(child, scope);
    } else if (tag == DW_TAG_subprogram) {
      read_function(child, scope);
    } else if (is_type(tag) || tag == DW_TAG_namespace) {
      if (is_type(tag)) static_cast<void>(types_->read(child));
      read_below(child, inside(child, scope));
    }
  });
}

void UnitReader::read_variable(const Die& die, const Scope& scope) {
  Variable variable;
  const Die root = die.origin();
  variable.name = scope.prefix + die.text(DW_AT_name);
  variable.linkage_name = linkage_name(die);
  variable.function = scope.function;
  variable.type = types_->type_of(die);
  variable.is_const = is_const(die) || die.has(DW_AT_const_expr);
  variable.is_external = die.flag(DW_AT_external);
  Dwarf_Attribute own;
  variable.is_declaration = dwarf_attr(die.raw(), DW_AT_declaration, &own) != nullptr;
  const std::vector<VariablePart> parts = variable_parts(die);
  for (const VariablePart& part : parts) {
    if (part.size != 0) variable.parts.push_back(part.offset);
    variable.code.insert(variable.code.end(), part.code.begin(), part.code.end());
  }
  variable.is_thread_local = is_thread_local(die);
  variable.has_address = variable.is_thread_local || !parts.empty();
  variable.place = root.place();
  into_->variables.push_back(std::move(variable));
}

std::size_t UnitReader::function_of(const Die& root, const Scope& scope) {
  const auto [at, is_new] = functions_.try_emplace(root.identity(), into_->functions.size());
  if (is_new) {
    into_->functions.emplace_back();
    const auto known = scopes_.find(root.identity());
    const Scope& names = known == scopes_.end() ? scope : known->second;
    Function& function = into_->functions.back();
    function.name = names.prefix + root.text(DW_AT_name);
    function.linkage_name = linkage_name(root);
    function.place = root.place();
    // What a class says nothing about is private; what a structure says nothing about is public.
    const auto access = root.number(DW_AT_accessibility);
    function.is_private = access ? *access == DW_ACCESS_private : names.is_class;
    read_signature(function, root);
  }
  return at->second;
}

void UnitReader::read_signature(Function& function, const Die& root) {
  const TypeId result = types_->type_of(root);
  function.result = result;
  function.is_noreturn = root.flag(DW_AT_noreturn);
  function.is_external = root.flag(DW_AT_external);
  root.each_child([&](const Die& child) {
    if (child.tag() == DW_TAG_formal_parameter) {
      const TypeId type = types_->type_of(child);
      function.parameters.push_back({child.text(DW_AT_name), type, points_to_const(child)});
    }
    if (child.tag() == DW_TAG_unspecified_parameters) function.is_variadic = true;
  });
}

/// A function with a cold part has ranges, the first of which begins at its entry.
std::uint64_t UnitReader::entry_of(const Die& die) {
  Dwarf_Addr entry = 0, base = 0, end = 0;
  if (dwarf_entrypc(die.raw(), &entry) == 0) return entry;
  return dwarf_ranges(die.raw(), 0, &base, &entry, &end) > 0 ? entry : 0;
}

void UnitReader::read_function(const Die& die, const Scope& scope) {
  const std::size_t id = function_of(die.origin(), scope);
  Dwarf_Attribute own;
  const bool is_declaration = dwarf_attr(die.raw(), DW_AT_declaration, &own) != nullptr;
  if (is_declaration) return;
  // A definition names parameters that its declaration leaves unnamed, and can be mangled where the class is
  // not.
  Function& function = into_->functions[id];
  function.is_declaration = false;
  function.is_noreturn = function.is_noreturn || die.flag(DW_AT_noreturn);
  if (const std::string mangled = linkage_name(die); !mangled.empty()) function.linkage_name = mangled;
  if (const SourcePlace place = die.place(); !place.file.empty()) function.place = place;
  const std::uint64_t entry = entry_of(die);
  const std::string name = die.text(DW_AT_name);
  read_body(id, die, entry, {scope.prefix + name + "::", linkage_name(die), {}});
}

void UnitReader::read_body(std::size_t function, const Die& body, std::uint64_t entry, const Scope& scope) {
  body.each_child([&](const Die& child) {
    const int tag = child.tag();
    if (tag == DW_TAG_variable) {
      if (has_static_storage(child) || child.flag(DW_AT_external))
        read_variable(child, scope);
      else
        read_automatic(function, child);
    } else if (tag == DW_TAG_lexical_block) {
      read_body(function, child, entry, scope);
    } else if (tag == DW_TAG_inlined_subroutine) {
      read_inlined(function, child, entry);
      read_body(function, child, entry, scope);
    } else if (is_type(tag)) {
      static_cast<void>(types_->read(child));
    }
  });
}

void UnitReader::read_automatic(std::size_t function, const Die& die) {
  const TypeId type = types_->type_of(die);
  into_->functions[function].locals.push_back({die.text(DW_AT_name), type});
}

void UnitReader::read_inlined(std::size_t function, const Die& die, std::uint64_t entry) {
  const Die root = die.origin();
  InlinedCall call;
  call.name = linkage_name(root);
  call.place = root.place();
  Dwarf_Addr base = 0, begin = 0, end = 0;
  for (std::ptrdiff_t at = 0; (at = dwarf_ranges(die.raw(), at, &base, &begin, &end)) > 0;)
    if (begin >= entry) call.ranges.emplace_back(begin - entry, end - entry);
  into_->functions[function].inlined.push_back(std::move(call));
}

}  // namespace stent::dwarf
