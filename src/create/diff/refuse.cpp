#include "create/diff/refuse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "create/diff/describe_difference.hpp"
#include "create/diff/scoped_name.hpp"
#include "create/diff/start_code.hpp"

namespace stent::diff {
namespace {

using model::AtomId;

constexpr const char* live_value_hint =
    "the live value persists; keep the old definition, or set the value from a hook";

bool is_variable(AtomClass kind) { return kind == AtomClass::variable || kind == AtomClass::tls; }

class DataRefusals {
 public:
  DataRefusals(const ObjectIndex& old_index, const ObjectIndex& new_index,
               const Correspondence& correspondence, Sameness& sameness)
      : old_(&old_index), new_(&new_index), correspondence_(&correspondence), sameness_(&sameness) {
    for (std::uint32_t i = 0; i < old_index.size(); ++i)
      if (!correspondence.new_of_old[i]) lost_.emplace(whole_of(old_index[AtomId{i}]), AtomId{i});
  }

  std::vector<Refusal> run() {
    for (std::uint32_t i = 0; i < new_->size(); ++i) {
      const auto counterpart = correspondence_->old_of_new[i];
      if (counterpart)
        check_pair(*counterpart, {i});
      else
        check_new({i});
    }
    check_unnamed_others();
    check_names();
    return std::move(refusals_);
  }

 private:
  void refuse(std::string subject, std::string reason, std::string hint) {
    refusals_.push_back({std::move(subject), std::move(reason), std::move(hint)});
  }

  void check_pair(AtomId before, AtomId after) {
    const AtomClass old_class = (*old_)[before].kind;
    const AtomClass new_class = (*new_)[after].kind;
    if (new_class == AtomClass::function || new_class == AtomClass::anonymous) return;
    if (sameness_->same(before, after)) return;
    const std::string subject = new_->describe(after);
    if (is_variable(old_class) || is_variable(new_class))
      refuse(subject, variable_reason(before, after), live_value_hint);
    else if (new_->object()[after].name.starts_with("_ZTV"))
      refuse(subject,
             "the table of virtual functions changed (" + difference(before, after) +
                 "), and objects with the "
                 "old one are alive",
             "keep the virtual functions of the class as they were; add plain functions instead");
    else if (new_class == AtomClass::constant && ((*new_)[after].is_global || (*old_)[before].is_global))
      refuse(subject, seen_by_others(before, after) + ", and it changed (" + difference(before, after) + ")",
             "make the new value a static constant of this unit under a new name, and use that");
    else if (new_class == AtomClass::other || old_class == AtomClass::other)
      refuse(subject,
             "its section " + new_->object()[after].section + " has a meaning to the program's start",
             "leave it unchanged; what it would do at start can be done by a hook");
    else if (new_class == AtomClass::code)
      refuse(subject, "it is code that belongs to no function, and it changed", "give it a function symbol");
  }

  [[nodiscard]] std::string seen_by_others(AtomId before, AtomId after) const {
    if (!(*new_)[after].is_global)
      return "it was a constant that other units can see, which goes on under this name in those that stay, "
             "and is static now";
    if (!(*old_)[before].is_global) return "it was static, and is a constant that other units can see now";
    return "it is a constant that other units can see";
  }

  std::string difference(AtomId before, AtomId after) const {
    return describe_difference(*old_, *new_, *correspondence_, sameness_->difference(before, after));
  }

  std::string variable_reason(AtomId before, AtomId after) const {
    const model::Atom& a = old_->object()[before];
    const model::Atom& b = new_->object()[after];
    if (a.size != b.size)
      return fmt::format("it exists in the target with {} bytes, and now has {}", a.size, b.size);
    if ((*old_)[before].kind != (*new_)[after].kind)
      return fmt::format("it exists in the target in {}, and now is in {}", a.section, b.section);
    const std::string what = difference(before, after);
    if (a.bytes == b.bytes && a.kind == b.kind && b.alignment > a.alignment)
      return "it exists in the target, and now needs more alignment (" + what + ")";
    return "it exists in the target, and its initial value changed (" + what + ")";
  }

  static const std::string& whole_of(const AtomFacts& facts) {
    return facts.whole.empty() ? facts.key : facts.whole;
  }

  /// What the old build kept as a whole and the new one in parts, or the other way round.
  [[nodiscard]] bool is_held_otherwise(const AtomFacts& facts) const {
    const auto before = lost_.find(whole_of(facts));
    return is_variable(facts.kind) && before != lost_.end() &&
           (*old_)[before->second].whole.empty() != facts.whole.empty();
  }

  void check_new(AtomId id) {
    const AtomFacts& facts = (*new_)[id];
    const model::Atom& atom = new_->object()[id];
    if (is_held_otherwise(facts))
      return refuse(
          new_->describe(id),
          "one build keeps this variable as a whole, the other in parts (the compiler splits it where no "
          "address of it is taken), so that its live value has no place in the new code",
          "leave the way in which the variable is used as it was: take its address in both or in none");
    if (facts.kind == AtomClass::tls)
      refuse(new_->describe(id), "it is a new thread-local variable, and running threads have no room for it",
             "keep the value elsewhere, for instance in a table by thread id");
    else if (facts.kind == AtomClass::other && !facts.key.empty())
      refuse(new_->describe(id),
             "it is new, and its section " + atom.section + " is read at the program's start",
             "leave it out; what it would do at start can be done by a hook");
  }

  /// Constructor lists and the like have no names: the k-th of a section is compared with the k-th.
  void check_unnamed_others() {
    std::map<std::string, std::pair<std::vector<AtomId>, std::vector<AtomId>>> sections;
    const auto collect = [](const ObjectIndex& index, auto&& list_of) {
      for (std::uint32_t i = 0; i < index.size(); ++i)
        if (index[AtomId{i}].kind == AtomClass::other && index[AtomId{i}].key.empty())
          list_of(index.object().atoms[i].section).push_back({i});
    };
    collect(*old_, [&](const std::string& name) -> auto& { return sections[name].first; });
    collect(*new_, [&](const std::string& name) -> auto& { return sections[name].second; });
    for (const auto& [name, lists] : sections) {
      const auto& [olds, news] = lists;
      bool same = olds.size() == news.size();
      for (std::size_t i = 0; same && i < olds.size(); ++i) {
        sameness_->also_compare(olds[i], news[i]);
        same = sameness_->same(olds[i], news[i]);
      }
      if (!same)
        refuse(name, "the section changed, and only the program's start or end reads it",
               "leave it unchanged; what it would do at start can be done by a hook");
    }
  }

  /// A global name must still mean what corresponds to what it meant.
  void check_names() {
    std::map<std::string, model::Place> olds;
    for (const model::Symbol& symbol : old_->object().symbols)
      if (is_global(symbol) && symbol.definition) olds.emplace(symbol.name, *symbol.definition);
    for (const model::Symbol& symbol : new_->object().symbols) {
      if (!is_global(symbol) || !symbol.definition) continue;
      const auto before = olds.find(symbol.name);
      if (before == olds.end()) continue;
      const AtomClass kind = (*new_)[symbol.definition->atom].kind;
      const bool literals = kind == AtomClass::anonymous;
      if (literals || (correspondence_->same(before->second.atom, symbol.definition->atom) &&
                       before->second.offset == symbol.definition->offset))
        continue;
      if (lambda_name(symbol.name))
        refuse(
            symbol.name,
            "lambdas of its function are counted otherwise than before, and other units know them by number",
            "put new lambdas behind the old ones of their function, or make functions of them");
      else
        refuse(symbol.name, "the name means another function or object than before",
               "keep what the name (an alias?) stands for, and use a new name");
    }
  }

  const ObjectIndex* old_;
  const ObjectIndex* new_;
  const Correspondence* correspondence_;
  Sameness* sameness_;
  std::map<std::string, AtomId>
      lost_;  ///< old atoms that are nothing of the new build, by the key as a whole
  std::vector<Refusal> refusals_;
};

const std::string* trouble(const model::Object& object, std::optional<model::FunctionId> id) {
  if (!id) return nullptr;
  for (const auto& [function, reason] : object.unpatchable)
    if (function == *id) return &reason;
  return nullptr;
}

bool is_ifunc(const ObjectIndex& index, std::optional<model::FunctionId> id) {
  if (!id) return false;
  const auto& symbols = index[index.object()[*id].entry].symbols;
  return std::any_of(symbols.begin(), symbols.end(), [&](model::SymbolId symbol) {
    return index.object()[symbol].type == model::SymbolType::ifunc;
  });
}

}  // namespace

std::vector<Refusal> refuse_data(const ObjectIndex& old_index, const ObjectIndex& new_index,
                                 const Correspondence& correspondence, Sameness& sameness) {
  return DataRefusals(old_index, new_index, correspondence, sameness).run();
}

std::vector<Refusal> refuse_functions(const ObjectIndex& old_index, const ObjectIndex& new_index,
                                      const std::vector<FunctionChange>& functions) {
  std::vector<Refusal> refusals;
  const std::set<AtomId> at_start = start_code(old_index);
  for (const FunctionChange& change : functions) {
    if (change.kind == ChangeKind::removed) continue;
    if (change.old_function && at_start.contains(old_index.object()[*change.old_function].entry)) {
      refusals.push_back({change.name,
                          "it changed, and it runs only at the program's start, which is over (" +
                              change.first_difference + ")",
                          "do in a hook, or in code that still runs, what the start would have done"});
      continue;
    }
    const std::string* reason = trouble(new_index.object(), change.new_function);
    if (reason == nullptr) reason = trouble(old_index.object(), change.old_function);
    if (reason != nullptr)
      refusals.push_back({change.name, *reason, "leave this function unchanged"});
    else if (is_ifunc(new_index, change.new_function) || is_ifunc(old_index, change.old_function))
      refusals.push_back({change.name, "it is (the resolver of) an IFUNC, which the loader has run already",
                          "change the implementations instead of the resolver"});
  }
  return refusals;
}

}  // namespace stent::diff
