#include "create/review/type_change.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "create/review/type_text.hpp"

namespace stent::review {
namespace {

using dwarf::DebugInfo;
using dwarf::Member;
using dwarf::Type;
using dwarf::TypeId;
using dwarf::TypeKind;

bool is_comparable(const Type& type) {
  const bool composite =
      type.kind == TypeKind::structure || type.kind == TypeKind::union_ || type.kind == TypeKind::enumeration;
  return composite && !type.is_declaration;
}

/// By title and name; unnamed types by the function or place they stand in, counted.
std::map<std::string, TypeId> definitions(const DebugInfo& info) {
  std::map<std::string, TypeId> all;
  for (std::uint32_t i = 1; i < info.types.size(); ++i) {
    const Type& type = info.types[i];
    if (!is_comparable(type)) continue;
    if (!type.name.empty())
      all.try_emplace(type.name, TypeId{i});
    else if (type.kind == TypeKind::enumeration)
      for (const auto& enumerator : type.enumerators)
        all.try_emplace("(enumeration of " + enumerator.name + ")", TypeId{i});
  }
  return all;
}

/// Enumerators that count the others move whenever one is added.
bool counts_others(const std::string& name) {
  std::string lower;
  for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"count", "max", "last", "end", "num", "total", "limit", "size", "sentinel"})
    if (lower.find(word) != std::string::npos) return true;
  return lower.starts_with("n_") || lower.starts_with("nb_") || lower.starts_with("nr_");
}

class TypeComparison {
 public:
  TypeComparison(const DebugInfo& olds, const DebugInfo& news, TypeChange& change)
      : olds_(&olds),
        news_(&news),
        change_(&change),
        before_(&olds[change.old_type]),
        after_(&news[change.new_type]) {
    change.difference = TypeDifference::addition;
  }

  void run() {
    if (before_->kind != after_->kind) note(TypeDifference::layout, "it is another kind of type");
    if (before_->size != after_->size)
      note(TypeDifference::layout, fmt::format("{} bytes before, {} now", before_->size, after_->size));
    if (before_->alignment != after_->alignment)
      note(TypeDifference::layout,
           fmt::format("alignment {} before, {} now", before_->alignment, after_->alignment));
    compare_members();
    compare_enumerators();
    compare_virtual_functions();
  }

 private:
  void note(TypeDifference difference, std::string detail) {
    change_->difference = std::min(change_->difference, difference);
    change_->details.push_back(std::move(detail));
  }

  static std::string key(const Member& member, std::size_t index) {
    return member.name.empty() ? fmt::format("(unnamed {})", index) : member.name;
  }

  void compare_members() {
    std::map<std::string, const Member*> news;
    for (std::size_t i = 0; i < after_->members.size(); ++i)
      news.emplace(key(after_->members[i], i), &after_->members[i]);
    std::vector<const Member*> gone;
    for (std::size_t i = 0; i < before_->members.size(); ++i) {
      const Member& old_member = before_->members[i];
      const auto found = news.find(key(old_member, i));
      if (found == news.end()) {
        gone.push_back(&old_member);
        continue;
      }
      compare_member(old_member, *found->second);
      news.erase(found);
    }
    for (const Member* member : gone) compare_renamed(*member, news);
    for (const auto& [name, member] : news)
      note(TypeDifference::meaning,
           fmt::format("member {} is new, at byte {}", name, member->bit_offset / 8));
  }

  void compare_member(const Member& x, const Member& y) {
    const std::string name = x.name.empty() ? "an unnamed member" : "member " + x.name;
    if (x.bit_offset != y.bit_offset)
      note(TypeDifference::layout,
           fmt::format("{} at byte {} before, {} now", name, x.bit_offset / 8, y.bit_offset / 8));
    if (x.bit_size != y.bit_size)
      note(TypeDifference::layout,
           fmt::format("{} has {} bits before, {} now", name, x.bit_size, y.bit_size));
    compare_member_types(name, x.type, y.type);
  }

  void compare_member_types(const std::string& name, TypeId x, TypeId y) {
    const std::string old_text = spell(*olds_, x);
    const std::string new_text = spell(*news_, y);
    if (old_text == new_text) return;
    const Type& a = (*olds_)[x];
    const Type& b = (*news_)[y];
    if (same_layout(*olds_, x, *news_, y) && !are_two_classes(a, b)) return;
    note(a.size == b.size && a.kind == b.kind && a.bounds == b.bounds ? TypeDifference::representation
                                                                      : TypeDifference::layout,
         fmt::format("{} is {} before, {} now", name, old_text, new_text));
  }

  /// Classes of the library that only look alike: a mutex and a recursive one, sets of two orders.
  static bool are_two_classes(const Type& a, const Type& b) {
    return a.kind == TypeKind::structure && b.kind == TypeKind::structure && a.name != b.name &&
           a.name.starts_with("std::") && b.name.starts_with("std::");
  }

  /// A member that went and one that came at the same place: renamed, perhaps with another meaning.
  void compare_renamed(const Member& gone, std::map<std::string, const Member*>& news) {
    const auto heir = std::ranges::find_if(news, [&](const auto& entry) {
      return entry.second->bit_offset == gone.bit_offset && entry.second->bit_size == gone.bit_size;
    });
    if (heir == news.end()) return note(TypeDifference::meaning, fmt::format("member {} is gone", gone.name));
    note(TypeDifference::meaning, fmt::format("member {} is {} now", gone.name, heir->first));
    compare_member_types("member " + gone.name, gone.type, heir->second->type);
    news.erase(heir);
  }

  void compare_enumerators() {
    std::map<std::string, std::int64_t> news;
    for (const auto& enumerator : after_->enumerators) news[enumerator.name] = enumerator.value;
    for (const auto& enumerator : before_->enumerators) {
      const auto found = news.find(enumerator.name);
      if (found == news.end())
        note(TypeDifference::meaning, fmt::format("enumerator {} is gone", enumerator.name));
      else if (found->second != enumerator.value)
        note(counts_others(enumerator.name) ? TypeDifference::addition : TypeDifference::meaning,
             fmt::format("{} is {} before, {} now", enumerator.name, enumerator.value, found->second));
      if (found != news.end()) news.erase(found);
    }
    for (const auto& [name, value] : news)
      note(TypeDifference::addition, fmt::format("enumerator {} = {} is new", name, value));
  }

  void compare_virtual_functions() {
    if (before_->virtual_functions == after_->virtual_functions) return;
    note(TypeDifference::virtual_table,
         fmt::format("{} virtual functions before, {} now, or in another order",
                     before_->virtual_functions.size(), after_->virtual_functions.size()));
  }

  const DebugInfo* olds_;
  const DebugInfo* news_;
  TypeChange* change_;
  const Type* before_;
  const Type* after_;
};

}  // namespace

std::vector<TypeChange> compare_types(const DebugInfo& old_info, const DebugInfo& new_info) {
  std::vector<TypeChange> changes;
  const auto olds = definitions(old_info);
  const auto news = definitions(new_info);
  std::set<std::pair<TypeId, TypeId>> compared;  // unnamed enumerations are found by each of their names
  for (const auto& [name, old_type] : olds) {
    const auto found = news.find(name);
    if (found == news.end() || !compared.insert({old_type, found->second}).second) continue;
    TypeChange change{name, old_type, found->second, TypeDifference::addition, {}};
    TypeComparison(old_info, new_info, change).run();
    if (!change.details.empty()) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace stent::review
