#include "create/diff/select.hpp"

#include <algorithm>

namespace stent::diff {
namespace {

using model::AtomId;
using model::FunctionId;

class Closure {
 public:
  Closure(const ObjectIndex& index, const Correspondence& correspondence, const Sameness& sameness)
      : index_(&index), correspondence_(&correspondence), sameness_(&sameness) {
    result_.atoms.resize(index.size());
    seen_.resize(index.size());
  }

  void add_function(FunctionId id) {
    const model::Function& function = index_->object()[id];
    add(function.entry);
    for (const AtomId fragment : function.fragments) add(fragment);
  }

  /// Other units of the patch may use them.
  void add_new_globals() {
    for (std::uint32_t i = 0; i < index_->size(); ++i) {
      const AtomFacts& facts = (*index_)[AtomId{i}];
      const bool exported =
          std::any_of(facts.symbols.begin(), facts.symbols.end(), [&](model::SymbolId symbol) {
            return index_->object()[symbol].binding == model::SymbolBinding::global;
          });
      const bool is_data = facts.kind == AtomClass::constant || facts.kind == AtomClass::variable;
      if ((facts.is_entry || is_data) && exported && !correspondence_->old_of_new[i]) reach({i});
    }
  }

  Selection run() {
    while (!open_.empty()) {
      const AtomId from = open_.back();
      open_.pop_back();
      for (const model::Reference& reference : index_->references(from))
        if (reference.place) reach(reference.place->atom);
    }
    std::sort(result_.added.begin(), result_.added.end());
    return std::move(result_);
  }

 private:
  void add(AtomId id) {
    seen_[id.value] = true;
    if (result_.atoms[id.value]) return;
    result_.atoms[id.value] = true;
    open_.push_back(id);
  }

  void refuse(AtomId id, const char* reason, const char* hint) {
    result_.refusals.push_back({index_->describe(id), reason, hint});
  }

  void reach(AtomId id) {
    if (seen_[id.value]) return;
    seen_[id.value] = true;
    const AtomFacts& facts = (*index_)[id];
    if (facts.kind == AtomClass::function) return reach_function(*facts.function);
    if (const auto old_atom = correspondence_->old_of_new[id.value]) {
      if (facts.kind == AtomClass::constant && !facts.is_global && !sameness_->same(*old_atom, id)) add(id);
      return;  // bound; what else may have changed about it was refused with the data
    }
    if (correspondence_->ambiguous[id.value])
      return refuse(id, "several things of this name exist, and which of them this was before is not certain",
                    "give it a name of its own in the old and the new source, or leave its users unchanged");
    reach_new(id, facts);
  }

  void reach_function(FunctionId id) {
    const AtomId entry = index_->object()[id].entry;
    if (correspondence_->old_of_new[entry.value]) return;  // bound, or a root of its own when it changed
    if (result_.atoms[entry.value]) return;
    result_.added.push_back(id);
    add_function(id);
  }

  void reach_new(AtomId id, const AtomFacts& facts) {
    const model::AtomKind kind = index_->object()[id].kind;
    switch (facts.kind) {
      case AtomClass::anonymous:
        if (kind == model::AtomKind::writable || kind == model::AtomKind::zero ||
            kind == model::AtomKind::tls_data || kind == model::AtomKind::tls_zero)
          return refuse(id, "it is writable and has no name to find it by in the target",
                        "compile with -fdata-sections and keep the symbol table");
        return add(id);
      case AtomClass::constant:
      case AtomClass::variable: return add(id);
      case AtomClass::code:
        return refuse(id, "it is code that belongs to no function", "give it a function symbol");
      case AtomClass::tls:
      case AtomClass::other:
        if (facts.key.empty())
          refuse(id, "its section has a meaning to the program's start",
                 "do not refer to it from changed code");
        return;  // named ones were refused with the data
      case AtomClass::function: return;
    }
  }

  const ObjectIndex* index_;
  const Correspondence* correspondence_;
  const Sameness* sameness_;
  Selection result_;
  std::vector<bool> seen_;
  std::vector<AtomId> open_;
};

}  // namespace

Selection select(const ObjectIndex& new_index, const Correspondence& correspondence, const Sameness& sameness,
                 const std::vector<FunctionId>& changed) {
  Closure closure(new_index, correspondence, sameness);
  for (const FunctionId id : changed) closure.add_function(id);
  closure.add_new_globals();
  return closure.run();
}

}  // namespace stent::diff
