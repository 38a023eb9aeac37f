#include "binary/dwarf/type_reader.hpp"

namespace stent::dwarf {
namespace {

bool is_wrapper(int tag) {
  switch (tag) {
    case DW_TAG_typedef:
    case DW_TAG_const_type:
    case DW_TAG_volatile_type:
    case DW_TAG_restrict_type:
    case DW_TAG_atomic_type:
    case DW_TAG_immutable_type: return true;
    default: return false;
  }
}

TypeKind kind_of(int tag) {
  switch (tag) {
    case DW_TAG_base_type: return TypeKind::base;
    case DW_TAG_pointer_type: return TypeKind::pointer;
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type: return TypeKind::reference;
    case DW_TAG_structure_type:
    case DW_TAG_class_type: return TypeKind::structure;
    case DW_TAG_union_type: return TypeKind::union_;
    case DW_TAG_enumeration_type: return TypeKind::enumeration;
    case DW_TAG_array_type: return TypeKind::array;
    case DW_TAG_subroutine_type: return TypeKind::function;
    default: return TypeKind::other;  // pointers to members, nullptr_t and what other languages have
  }
}

}  // namespace

TypeReader::TypeReader(DebugInfo& into) : into_(&into) { into_->types.emplace_back(); }

void TypeReader::declare(const Die& die, const Scope& scope) {
  Scope& known = scopes_[die.identity()];
  known = scope;
  const std::string name = die.text(DW_AT_name);
  const bool is_closure = name.starts_with("<lambda") || (name.empty() && die.tag() == DW_TAG_class_type);
  if (is_closure) known.own_name = "<lambda " + std::to_string(closures_[scope.prefix]++) + ">";
}

TypeId TypeReader::read(const std::optional<Die>& named) {
  if (!named) return {};
  Die die = *named;
  std::string alias;
  for (int depth = 0; is_wrapper(die.tag()); ++depth) {
    if (die.tag() == DW_TAG_typedef && alias.empty()) alias = die.text(DW_AT_name);
    const auto next = die.reference(DW_AT_type);
    constexpr int deepest = 64;
    if (!next || depth > deepest) return {};
    die = *next;
  }
  if (die.tag() == DW_TAG_unspecified_type) return {};
  const auto [at, is_new] =
      known_.try_emplace(die.identity(), TypeId{static_cast<std::uint32_t>(into_->types.size())});
  const TypeId id = at->second;
  if (is_new) {
    into_->types.emplace_back();
    fill(id, die);
  }
  Type& type = into_->types[id.value];
  if (type.name.empty() && (type.kind == TypeKind::structure || type.kind == TypeKind::union_ ||
                            type.kind == TypeKind::enumeration))
    type.name = alias;
  return id;
}

void TypeReader::fill(TypeId id, const Die& die) {
  Type type;
  type.kind = kind_of(die.tag());
  const std::string name = die.text(DW_AT_name);
  if (const auto scope = scopes_.find(die.identity()); scope != scopes_.end()) {
    const std::string& own = scope->second.own_name;
    if (!name.empty() || !own.empty()) type.name = scope->second.prefix + (own.empty() ? name : own);
    type.function = scope->second.function;
  } else {
    type.name = name;
  }
  type.size = die.number(DW_AT_byte_size).value_or(type.kind == TypeKind::pointer ? sizeof(void*) : 0);
  type.alignment = die.number(DW_AT_alignment).value_or(0);
  type.encoding = static_cast<unsigned>(die.number(DW_AT_encoding).value_or(0));
  type.is_declaration = die.flag(DW_AT_declaration);
  type.place = die.place();
  into_->types[id.value] = std::move(type);
  const TypeKind kind = into_->types[id.value].kind;
  if (kind != TypeKind::structure && kind != TypeKind::union_ && kind != TypeKind::base) {
    const TypeId target = type_of(die);
    into_->types[id.value].target = target;
  }
  if (kind == TypeKind::structure || kind == TypeKind::union_) fill_members(id, die);
  if (kind == TypeKind::enumeration) fill_enumerators(id, die);
  if (kind == TypeKind::array) fill_bounds(id, die);
  if (kind == TypeKind::function) fill_parameters(id, die);
}

Member TypeReader::member(const Die& die) {
  Member member;
  member.is_base = die.tag() == DW_TAG_inheritance;
  member.name = die.text(DW_AT_name);
  member.is_virtual_base = member.is_base && die.number(DW_AT_virtuality).value_or(0) != 0;
  const std::uint64_t byte = die.number(DW_AT_data_member_location).value_or(0);
  member.bit_offset = die.number(DW_AT_data_bit_offset).value_or(byte * 8);
  member.bit_size = die.number(DW_AT_bit_size).value_or(0);
  member.type = type_of(die);
  if (member.is_base) member.name = (*into_)[member.type].name;
  return member;
}

void TypeReader::fill_members(TypeId id, const Die& die) {
  std::vector<Member> members;
  std::vector<VirtualFunction> virtuals;
  die.each_child([&](const Die& child) {
    if (child.tag() == DW_TAG_member || child.tag() == DW_TAG_inheritance) {
      const bool is_static = child.flag(DW_AT_external) || child.flag(DW_AT_declaration);
      if (!is_static) members.push_back(member(child));
    } else if (child.tag() == DW_TAG_subprogram && child.number(DW_AT_virtuality).value_or(0) != 0) {
      const auto slot = child.first_operation(DW_AT_vtable_elem_location);
      virtuals.push_back({child.text(DW_AT_name), slot ? slot->number : UINT64_MAX});
    }
  });
  into_->types[id.value].members = std::move(members);
  into_->types[id.value].virtual_functions = std::move(virtuals);
}

void TypeReader::fill_enumerators(TypeId id, const Die& die) {
  die.each_child([&](const Die& child) {
    if (child.tag() == DW_TAG_enumerator)
      into_->types[id.value].enumerators.push_back(
          {child.text(DW_AT_name), child.signed_number(DW_AT_const_value).value_or(0)});
  });
}

void TypeReader::fill_bounds(TypeId id, const Die& die) {
  std::vector<std::uint64_t> bounds;
  die.each_child([&](const Die& child) {
    if (child.tag() != DW_TAG_subrange_type) return;
    std::uint64_t count = child.number(DW_AT_count).value_or(0);
    if (const auto upper = child.signed_number(DW_AT_upper_bound); upper && count == 0)
      count = static_cast<std::uint64_t>(*upper + 1);
    bounds.push_back(count);
  });
  Type& type = into_->types[id.value];
  std::uint64_t size = (*into_)[type.target].size;
  for (const std::uint64_t bound : bounds) size *= bound;
  if (type.size == 0) type.size = size;
  type.bounds = std::move(bounds);
}

void TypeReader::fill_parameters(TypeId id, const Die& die) {
  std::vector<TypeId> parameters;
  die.each_child([&](const Die& child) {
    if (child.tag() == DW_TAG_formal_parameter) parameters.push_back(type_of(child));
    if (child.tag() == DW_TAG_unspecified_parameters) into_->types[id.value].is_variadic = true;
  });
  into_->types[id.value].parameters = std::move(parameters);
}

bool is_const(const Die& die) {
  auto at = die.reference(DW_AT_type);
  constexpr int deepest = 64;
  for (int depth = 0; at && depth < deepest; ++depth) {
    if (at->tag() == DW_TAG_const_type) return true;
    if (!is_wrapper(at->tag()) && at->tag() != DW_TAG_array_type) return false;
    at = at->reference(DW_AT_type);
  }
  return false;
}

bool points_to_const(const Die& die) {
  const auto type = die.reference(DW_AT_type);
  const bool points = type && (type->tag() == DW_TAG_pointer_type || type->tag() == DW_TAG_reference_type);
  return points && is_const(*type);
}

}  // namespace stent::dwarf
