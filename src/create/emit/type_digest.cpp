#include "create/emit/type_digest.hpp"

#include <algorithm>
#include <set>

#include "base/fnv.hpp"
#include "binary/model/object.hpp"
#include "create/emit/unit_debug_info.hpp"

namespace stent::emit {
namespace {

using dwarf::TypeKind;

/// A text for the layout of a type. What is pointed to counts by its name: it is not part of the bytes.
class TypeText {
 public:
  explicit TypeText(const dwarf::DebugInfo& info) : info_(info) {}

  std::string of(dwarf::TypeId id) {
    const dwarf::Type& type = info_[id];
    std::string text = std::to_string(static_cast<int>(type.kind)) + ":" + std::to_string(type.size);
    switch (type.kind) {
      case TypeKind::base: return text + "," + std::to_string(type.encoding);
      case TypeKind::pointer:
      case TypeKind::reference: return text + "*" + pointee(type.target);
      case TypeKind::array:
        for (const std::uint64_t bound : type.bounds) text += "[" + std::to_string(bound) + "]";
        return text + of(type.target);
      case TypeKind::enumeration:
        for (const dwarf::Enumerator& one : type.enumerators)
          text += "," + one.name + "=" + std::to_string(one.value);
        return text;
      case TypeKind::structure:
      case TypeKind::union_:
        for (const dwarf::Member& member : type.members)
          text += "{" + member.name + "@" + std::to_string(member.bit_offset) + "/" +
                  std::to_string(member.bit_size) + " " + of(member.type) + "}";
        return text;
      default: return text + type.name;
    }
  }

 private:
  std::string pointee(dwarf::TypeId id) {
    const dwarf::Type& type = info_[id];
    if (type.kind == TypeKind::pointer || type.kind == TypeKind::reference) return "*" + pointee(type.target);
    if (type.kind == TypeKind::base) return std::to_string(type.size) + "," + std::to_string(type.encoding);
    return std::to_string(static_cast<int>(type.kind)) + type.name;
  }

  const dwarf::DebugInfo& info_;
};

std::uint64_t digest(const std::string& text) { return std::max<std::uint64_t>(fnv1a(text), 1); }

}  // namespace

TypeDigests::TypeDigests(const std::filesystem::path& object) : info_(unit_debug_info(object)) {}

std::uint64_t TypeDigests::of(const std::string& symbol, std::optional<std::uint64_t> size) const {
  const std::string base = model::parse_name(symbol).base;
  std::set<std::uint64_t> found;
  for (const dwarf::Variable& variable : info_.variables) {
    const bool is_named =
        variable.linkage_name == symbol || variable.linkage_name == base || variable.name == base;
    if (!is_named || variable.is_declaration || (size && info_[variable.type].size != *size)) continue;
    found.insert(digest(TypeText(info_).of(variable.type)));
  }
  return found.size() == 1 ? *found.begin() : 0;
}

}  // namespace stent::emit
