#include "create/review/type_text.hpp"

#include <dwarf.h>
#include <fmt/core.h>

#include <set>

namespace stent::review {
namespace {

using dwarf::DebugInfo;
using dwarf::Type;
using dwarf::TypeId;
using dwarf::TypeKind;

std::string base_text(const Type& type) {
  switch (type.encoding) {
    case DW_ATE_boolean: return fmt::format("bool {}", type.size);
    case DW_ATE_float:
    case DW_ATE_complex_float: return fmt::format("float {}", type.size);
    case DW_ATE_unsigned:
    case DW_ATE_unsigned_char:
    case DW_ATE_UTF: return fmt::format("unsigned {}", type.size);
    case DW_ATE_signed:
    case DW_ATE_signed_char: return fmt::format("signed {}", type.size);
    default: return fmt::format("{} {}", type.name, type.size);
  }
}

std::string members_text(const DebugInfo& info, const Type& type, int depth) {
  std::string text = "{";
  for (const dwarf::Member& member : type.members)
    text += fmt::format("{}@{}:{}={};", member.name, member.bit_offset, member.bit_size,
                        spell(info, member.type, depth + 1));
  return text + "}";
}

class LayoutComparison {
 public:
  LayoutComparison(const DebugInfo& olds, const DebugInfo& news) : olds_(&olds), news_(&news) {}

  bool same(TypeId a, TypeId b) {
    if (!assumed_.insert({a, b}).second) return true;
    const Type& before = (*olds_)[a];
    const Type& after = (*news_)[b];
    if (before.is_declaration || after.is_declaration) return before.name == after.name;
    if (before.kind != after.kind || before.size != after.size || before.bounds != after.bounds) return false;
    if (before.kind == TypeKind::base) return base_text(before) == base_text(after);
    if (before.kind == TypeKind::enumeration) return before.enumerators == after.enumerators;
    if (before.kind == TypeKind::function) return same_function(before, after);
    return same_members(before, after) && before.virtual_functions == after.virtual_functions &&
           same(before.target, after.target);
  }

 private:
  bool same_function(const Type& before, const Type& after) {
    if (before.parameters.size() != after.parameters.size() || before.is_variadic != after.is_variadic)
      return false;
    for (std::size_t i = 0; i < before.parameters.size(); ++i)
      if (!same(before.parameters[i], after.parameters[i])) return false;
    return same(before.target, after.target);
  }

  bool same_members(const Type& before, const Type& after) {
    if (before.members.size() != after.members.size()) return false;
    for (std::size_t i = 0; i < before.members.size(); ++i) {
      const dwarf::Member& x = before.members[i];
      const dwarf::Member& y = after.members[i];
      if (x.bit_offset != y.bit_offset || x.bit_size != y.bit_size || !same(x.type, y.type)) return false;
    }
    return true;
  }

  const DebugInfo* olds_;
  const DebugInfo* news_;
  std::set<std::pair<TypeId, TypeId>> assumed_;
};

}  // namespace

std::string title(const Type& type) {
  const char* kind = "type";
  switch (type.kind) {
    case TypeKind::structure: kind = "struct"; break;
    case TypeKind::union_: kind = "union"; break;
    case TypeKind::enumeration: kind = "enum"; break;
    default: break;
  }
  return fmt::format("{} {}", kind, type.name.empty() ? "(unnamed)" : type.name);
}

std::string spell(const DebugInfo& info, TypeId id, int depth) {
  const Type& type = info[id];
  constexpr int deepest = 6;
  if (depth > deepest) return "...";
  switch (type.kind) {
    case TypeKind::void_: return "void";
    case TypeKind::base: return base_text(type);
    case TypeKind::pointer: return "pointer to " + spell(info, type.target, depth + 1);
    case TypeKind::reference: return "reference to " + spell(info, type.target, depth + 1);
    case TypeKind::enumeration:
    case TypeKind::structure:
    case TypeKind::union_:
      return type.name.empty() ? title(type) + members_text(info, type, depth) : title(type);
    case TypeKind::array: {
      std::string text = "array ";
      for (const std::uint64_t bound : type.bounds) text += fmt::format("[{}]", bound);
      return text + " of " + spell(info, type.target, depth + 1);
    }
    case TypeKind::function: {
      std::string text = "function (";
      for (const TypeId parameter : type.parameters) text += spell(info, parameter, depth + 1) + ", ";
      return text + (type.is_variadic ? "...)" : ")") + " returning " + spell(info, type.target, depth + 1);
    }
    case TypeKind::other: break;
  }
  return fmt::format("{} of {} bytes", type.name, type.size);
}

bool same_layout(const DebugInfo& old_info, TypeId old_id, const DebugInfo& new_info, TypeId new_id) {
  return LayoutComparison(old_info, new_info).same(old_id, new_id);
}

}  // namespace stent::review
