#include "create/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "binary/dwarf/source_lines.hpp"

namespace stent::create {
namespace {

using model::AtomId;

bool has_name(const model::Atom& atom) { return !atom.name.empty() && !atom.name.starts_with(".L"); }

std::string name_of(const model::Object& object, AtomId id) {
  const model::Atom& atom = object[id];
  if (has_name(atom)) return atom.name;
  if (atom.kind != model::AtomKind::string_literal) return "unnamed data in " + atom.section;
  std::string text;
  for (const std::byte byte : atom.bytes) {
    const auto c = std::to_integer<char>(byte);
    if (c == '\0' || text.size() > 40) break;
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return '"' + text + '"';
}

std::vector<model::Reference> references_of(const model::Object& object, AtomId id) {
  auto all = object[id].references;
  if (id.value < object.frames.size() && object.frames[id.value]) {
    const model::FrameDescription& frame = *object.frames[id.value];
    all.insert(all.end(), frame.cie_references.begin(), frame.cie_references.end());
    all.insert(all.end(), frame.fde_references.begin(), frame.fde_references.end());
  }
  return all;
}

struct WhereInWords {
  std::string operator()(const patch::ModuleAddress& at) const {
    return fmt::format("address {:#x} of the module", at.address.value);
  }
  std::string operator()(const patch::DynamicSymbol& symbol) const {
    return fmt::format("dynamic symbol{}{}", symbol.version.empty() ? "" : " of version " + symbol.version,
                       symbol.weak ? ", may be absent" : "");
  }
  std::string operator()(const patch::ThreadOffset& thread) const {
    return fmt::format("byte {:#x} of the module's thread-local block", thread.offset);
  }
  std::string operator()(const auto&) const { return "inside the patch"; }
};

std::string where_of(const bind::BoundTarget& bound) {
  const std::string where = std::visit(WhereInWords{}, bound.binding.where);
  return bound.access == bind::Access::slot ? "through the slot at " + where : where;
}

/// What one bound unit carries and why.
class UnitExplainer {
 public:
  UnitExplainer(const bind::BoundUnit& unit, std::string shown, Explanation& out)
      : unit_(unit), object_(*unit.new_object), shown_(std::move(shown)), out_(out) {
    for (const AtomId id : unit.selected) selected_.insert(id);
  }

  void carried() {
    for (const diff::FunctionChange& change : unit_.changes->functions)
      if (change.kind == diff::ChangeKind::changed) start(*change.new_function);
    spread();
    for (const model::Symbol& symbol : object_.symbols)
      if (symbol.definition && symbol.binding != model::SymbolBinding::local)
        start_without(symbol.definition->atom);
    spread();
    for (const AtomId id : selected_)
      if (!roots_.contains(id))
        out_.companions.push_back({shown_, name_of(object_, id), chain_to(id), !has_name(object_[id])});
  }

  void bound(const std::string& module) {
    std::map<AtomId, std::string> users;
    std::map<model::SymbolId, std::string> symbol_users;
    for (const AtomId id : selected_)
      for (const model::Reference& reference : references_of(object_, id)) {
        if (reference.place) users.try_emplace(reference.place->atom, name_of(object_, id));
        if (reference.symbol) symbol_users.try_emplace(*reference.symbol, name_of(object_, id));
      }
    for (const auto& [atom, target] : unit_.atoms) add(module, users[atom], target);
    for (const auto& [symbol, target] : unit_.symbols) add(module, symbol_users[symbol], target);
  }

 private:
  void start(model::FunctionId id) {
    const model::Function& function = object_[id];
    for (const AtomId fragment : function.fragments) root(fragment);
    root(function.entry);
  }
  void root(AtomId id) {
    roots_.insert(id);
    open_.push_back(id);
  }

  /// Needed by no other part of this unit.
  void start_without(AtomId id) {
    if (!selected_.contains(id) || roots_.contains(id) || parent_.contains(id)) return;
    if (tops_.insert(id).second) open_.push_back(id);
  }

  void spread() {
    while (!open_.empty()) {
      const AtomId from = open_.front();
      open_.pop_front();
      for (const model::Reference& reference : references_of(object_, from)) {
        if (!reference.place) continue;
        const AtomId to = reference.place->atom;
        if (selected_.contains(to) && !roots_.contains(to) && !tops_.contains(to) &&
            parent_.try_emplace(to, from).second)
          open_.push_back(to);
      }
    }
  }

  [[nodiscard]] std::vector<std::string> chain_to(AtomId id) const {
    std::vector<std::string> chain;
    for (auto at = parent_.find(id); at != parent_.end(); at = parent_.find(at->second))
      chain.push_back(name_of(object_, at->second));
    std::reverse(chain.begin(), chain.end());
    return chain;
  }

  void add(const std::string& module, const std::string& user, const bind::BoundTarget& target) {
    out_.references.push_back({module, target.binding.name, user, where_of(target), target.evidence});
  }

  const bind::BoundUnit& unit_;
  const model::Object& object_;
  std::string shown_;
  Explanation& out_;
  std::set<AtomId> selected_, roots_, tops_;
  std::deque<AtomId> open_;
  std::map<AtomId, AtomId> parent_;
};

std::string line_of(const dwarf::SourceLines& lines, const model::Object& object,
                    const std::optional<model::Place>& place) {
  if (!place || place->offset < 0) return {};
  const model::Atom& atom = object[place->atom];
  return atom.kind == model::AtomKind::code
             ? lines.at(atom.section, static_cast<std::uint64_t>(place->offset))
             : std::string();
}

void explain_functions(const ComparedUnit& unit, Explanation& out) {
  static constexpr const char* kinds[] = {"changed", "added", "removed"};
  const dwarf::SourceLines old_lines(unit.pair.old_object), new_lines(unit.pair.new_object);
  for (const diff::FunctionChange& change : unit.changes->functions)
    out.functions.push_back({unit.pair.source, change.name, kinds[static_cast<std::size_t>(change.kind)],
                             change.first_difference, line_of(old_lines, *unit.old_object, change.old_place),
                             line_of(new_lines, *unit.new_object, change.new_place)});
}

}  // namespace

void explain(const std::vector<ChosenUnit>& chosen, const std::vector<bind::BoundUnit>& units,
             const std::string& module, Explanation& explanation) {
  std::set<std::string> known;
  for (const Explanation::Function& function : explanation.functions) known.insert(function.unit);
  for (const bind::BoundUnit& bound : units) {
    const auto of = std::ranges::find(chosen, bound.new_object,
                                      [](const ChosenUnit& one) { return one.unit->new_object.get(); });
    if (of == chosen.end()) continue;
    const ComparedUnit& unit = *of->unit;
    UnitExplainer explainer(bound, unit.pair.source, explanation);
    explainer.bound(module);
    if (known.contains(unit.pair.source)) continue;
    explain_functions(unit, explanation);
    explainer.carried();
  }
}

}  // namespace stent::create
