#include "create/emit/passed_registers.hpp"

#include <dwarf.h>

#include "binary/arch/x86_64/kept_registers.hpp"
#include "create/emit/unit_debug_info.hpp"

namespace stent::emit {
namespace {

using x86_64::RegisterSet;

bool same_signature(const dwarf::Function& a, const dwarf::Function& b) {
  if (a.result != b.result || a.is_variadic != b.is_variadic || a.parameters.size() != b.parameters.size())
    return false;
  for (std::size_t i = 0; i < a.parameters.size(); ++i)
    if (a.parameters[i].type != b.parameters[i].type) return false;
  return true;
}

}  // namespace

PassedRegisters::PassedRegisters(const std::filesystem::path& object) : info_(unit_debug_info(object)) {
  for (const dwarf::Function& function : info_.functions) {
    const std::string& symbol = function.linkage_name.empty() ? function.name : function.linkage_name;
    const auto [known, is_new] = functions_.try_emplace(symbol, &function);
    if (!is_new && known->second != nullptr && !same_signature(*known->second, function))
      known->second = nullptr;
  }
}

const dwarf::Function* PassedRegisters::find(const std::string& symbol) const {
  const auto found = functions_.find(symbol);  // a clone has another name
  return found == functions_.end() ? nullptr : found->second;
}

PassedRegisters::Class PassedRegisters::class_of(dwarf::TypeId id) const {
  const dwarf::Type& type = info_[id];
  switch (type.kind) {
    case dwarf::TypeKind::void_: return Class::nothing;
    case dwarf::TypeKind::pointer:
    case dwarf::TypeKind::reference:
    case dwarf::TypeKind::enumeration: return type.size <= 8 ? Class::integer : Class::unknown;
    case dwarf::TypeKind::base:
      if (type.size > 8 || type.encoding == DW_ATE_complex_float) return Class::unknown;
      return type.encoding == DW_ATE_float || type.encoding == DW_ATE_decimal_float ? Class::vector
                                                                                    : Class::integer;
    default: return Class::unknown;
  }
}

RegisterSet PassedRegisters::arguments(const std::string& symbol) const {
  const dwarf::Function* function = find(symbol);
  if (function == nullptr || function->is_variadic) return x86_64::every_argument();
  std::size_t integers = 0, vectors = 0;
  if (class_of(function->result) == Class::unknown) ++integers;  // where to put the result, perhaps
  for (const dwarf::Parameter& parameter : function->parameters) {
    const Class its = class_of(parameter.type);
    if (its == Class::unknown) return x86_64::every_argument();
    ++(its == Class::vector ? vectors : integers);
  }
  return x86_64::first_arguments(integers, vectors);
}

RegisterSet PassedRegisters::results(const std::string& symbol) const {
  const dwarf::Function* function = find(symbol);
  if (function == nullptr) return x86_64::every_result();
  switch (class_of(function->result)) {
    case Class::nothing: return {};
    case Class::integer: return x86_64::integer_result();
    case Class::vector: return x86_64::vector_result();
    default: return x86_64::every_result();
  }
}

}  // namespace stent::emit
