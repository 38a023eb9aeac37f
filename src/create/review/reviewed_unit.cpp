#include "create/review/reviewed_unit.hpp"

#include <algorithm>

#include "binary/dwarf/load_debug_info.hpp"
#include "create/diff/object_index.hpp"
#include "create/review/follow.hpp"
#include "create/review/split_stores.hpp"

namespace stent::review {
namespace {

std::set<std::string> noreturn_names(const dwarf::DebugInfo& debug) {
  std::set<std::string> names;
  for (const dwarf::Function& function : debug.functions)
    if (function.is_noreturn) names.insert(function.linkage_name);
  return names;
}

void read_debug(Side& side) {
  if (side.object->path.empty()) return;
  side.debug = dwarf::load_debug_info(side.object->path);
  for (const dwarf::Function& function : side.debug.functions) {
    const dwarf::Function*& known = side.declared[function.linkage_name];
    if (known == nullptr || known->is_declaration) known = &function;
  }
}

void read_code(Side& side) {
  const model::Object& object = *side.object;
  const CodeTargets targets = code_targets(object);
  const std::set<std::string> noreturn = noreturn_names(side.debug);
  for (std::uint32_t i = 0; i < object.functions.size(); ++i) {
    FunctionFacts facts = follow(object, {i}, targets, noreturn);
    for (const std::string& name : facts.names) side.callers[name].push_back(facts.name);
    side.facts.insert_or_assign(facts.name, std::move(facts));
  }
  for (const model::Atom& atom : object.atoms) {
    if (atom.kind == model::AtomKind::code) continue;
    for (const model::Reference& reference : atom.references)
      // A place inside a function is a switch table's.
      if (const std::string name = name_of(object, reference);
          !name.empty() && reference.place.value_or(model::Place{}).offset == 0)
        side.data_users[name].push_back(atom.name.empty() ? atom.section : atom.name);
  }
}

/// A call of the body is a call of the function, whose beginning was inlined before it.
void call_whole(FunctionFacts& user, const std::string& part, const std::string& whole) {
  for (Call& call : user.calls)
    if (call.name == part) call.name = whole;
  user.names.erase(part);
  user.names.insert(whole);
}

/// The compiler moved the body of a function into a part of its own in one build only: both are one function.
void absorb_parts(Side& side, const Side& other, std::set<std::string>& absorbed) {
  for (auto& [name, part] : side.facts) {
    const std::size_t at = name.find(".part.");
    if (at == std::string::npos || other.facts.contains(name)) continue;
    const auto whole = side.facts.find(name.substr(0, at));
    const std::string called = diff::without_ordinals(name);  // as references name it
    const auto users = side.callers.find(called);
    if (whole == side.facts.end() || users == side.callers.end() || side.data_users.contains(called))
      continue;
    whole->second.absorb(part, called);
    for (const std::string& user : users->second)
      if (user != whole->first && user != name) call_whole(side.facts.at(user), called, whole->first);
    absorbed.insert(name);
  }
}

/// The process has them not, so they are as added.
void add_what_comes_along(ReviewedUnit& unit) {
  for (const std::string& name : unit.pair.brought) {
    unit.before.facts.erase(name);
    const auto now = unit.after.facts.find(name);
    if (now != unit.after.facts.end()) unit.added.push_back(&now->second);
  }
}

}  // namespace

const FunctionFacts* Side::find(const std::string& symbol) const {
  if (const auto at = facts.find(symbol); at != facts.end()) return &at->second;
  // References name a clone without its number.
  const auto numbered = facts.lower_bound(symbol + ".");
  const bool is_clone = numbered != facts.end() && diff::without_ordinals(numbered->first) == symbol;
  return is_clone ? &numbered->second : nullptr;
}

const dwarf::Function* Side::declaration(const std::string& symbol) const {
  auto at = declared.find(symbol);
  if (at == declared.end()) at = declared.find(model::parse_name(symbol).base);
  return at == declared.end() ? nullptr : at->second;
}

void prepare(ReviewedUnit& unit, const UnitPair& pair) {
  unit.pair = pair;
  unit.before.object = pair.old_object;
  unit.after.object = pair.new_object;
  for (Side* side : {&unit.before, &unit.after}) {
    read_debug(*side);
    read_code(*side);
  }
  split_stores(unit.before.facts, unit.after.facts);
  std::set<std::string> absorbed;
  absorb_parts(unit.before, unit.after, absorbed);
  absorb_parts(unit.after, unit.before, absorbed);
  const auto symbol = [](const model::Object& object, model::FunctionId id) {
    return object[object[id].symbol].name;
  };
  for (const diff::FunctionChange& change : pair.changes->functions) {
    if (change.kind == diff::ChangeKind::removed) {
      const std::string gone = symbol(*pair.old_object, *change.old_function);
      if (!absorbed.contains(gone)) unit.removed.push_back(gone);
      continue;
    }
    const FunctionFacts* now = unit.after.find(symbol(*pair.new_object, *change.new_function));
    if (change.kind == diff::ChangeKind::added) {
      if (!absorbed.contains(now->name)) unit.added.push_back(now);
      continue;
    }
    const std::string before = symbol(*pair.old_object, *change.old_function);
    unit.changed.push_back(
        {unit.before.find(before), now, unit.before.declaration(before), unit.after.declaration(now->name)});
  }
  add_what_comes_along(unit);
}

bool ReviewedUnit::comes_along(const std::string& symbol) const {
  return comes_along() || std::ranges::any_of(pair.brought, [&](const std::string& one) {
           return one == symbol || diff::without_ordinals(one) == symbol;
         });
}

bool is_in_source(const dwarf::DebugInfo& info, const dwarf::SourcePlace& place) {
  std::string source = info.main_file;  // as the compiler was given it, while places have whole paths
  while (source.starts_with("./") || source.starts_with("../")) source.erase(0, source.find('/') + 1);
  return !source.empty() &&
         (place.file == source || place.file.ends_with("/" + source) || place.file == info.main_file);
}

bool ReviewedUnit::is_private_here(const std::string& symbol) const {
  const dwarf::Function* declared = before.declaration(symbol);
  const std::size_t end = declared == nullptr ? std::string::npos : declared->name.rfind("::");
  if (end == std::string::npos || !declared->is_private) return false;
  const std::string name = declared->name.substr(0, end);
  return std::ranges::any_of(before.debug.types, [&](const dwarf::Type& type) {
    return type.name == name && type.kind == dwarf::TypeKind::structure && !type.is_declaration &&
           is_in_source(before.debug, type.place);
  });
}

bool ReviewedUnit::is_callable_from_outside(const std::string& symbol) const {
  for (const model::Symbol& known : before.object->symbols)
    if (known.name == symbol && known.definition && diff::is_global(known) && !is_private_here(symbol))
      return true;
  if (before.data_users.contains(symbol)) return true;
  const auto users = before.callers.find(symbol);
  if (users == before.callers.end()) return false;
  return std::ranges::any_of(users->second, [&](const std::string& user) {
    const FunctionFacts* facts = before.find(user);
    return facts != nullptr && facts->addressed.contains(symbol);
  });
}

bool ReviewedUnit::is_private(const std::string& variable) const {
  return std::ranges::any_of(before.object->symbols,
                             [&](const model::Symbol& symbol) {
                               return symbol.name == variable && symbol.definition &&
                                      symbol.binding == model::SymbolBinding::local;
                             }) &&
         !before.data_users.contains(variable) && std::ranges::none_of(before.facts, [&](const auto& entry) {
           return entry.second.escaping.contains(variable);
         });
}

bool ReviewedUnit::is_replaced(const std::string& symbol) const {
  return std::ranges::any_of(changed, [&](const FunctionPair& one) { return one.before->name == symbol; });
}

/// A shared pointer, or a container of things that have one.
static bool leads_to_owner(const dwarf::DebugInfo& info, dwarf::TypeId id) {
  std::vector<dwarf::TypeId> open = {id};
  std::set<dwarf::TypeId> seen;
  const bool is_container = info[id].name.starts_with("std::");
  while (!open.empty()) {
    const dwarf::TypeId at = open.back();
    open.pop_back();
    const dwarf::Type& type = info[at];
    if (type.name.starts_with("std::shared_ptr<")) return true;
    if (!is_container || !seen.insert(at).second || type.kind == dwarf::TypeKind::function) continue;
    open.push_back(type.target);
    for (const dwarf::Member& member : type.members) open.push_back(member.type);
  }
  return false;
}

bool keeps_owner_for_call(const ReviewedUnit& unit, const FunctionPair& function) {
  const auto owners = [](const dwarf::DebugInfo& info, const dwarf::Function* declared) {
    return declared == nullptr ? 0
                               : std::ranges::count_if(declared->locals, [&](const dwarf::Parameter& local) {
                                   return leads_to_owner(info, local.type);
                                 });
  };
  return owners(unit.after.debug, function.new_declaration) >
         owners(unit.before.debug, function.old_declaration);
}

bool counts_owners(const dwarf::Function* declaration, const Access& access) {
  if (declaration == nullptr || !access.at) return false;
  return std::ranges::any_of(declaration->inlined, [&](const dwarf::InlinedCall& call) {
    const bool is_counter =
        call.place.file.ends_with("/bits/shared_ptr_base.h") || call.place.file.ends_with("/ext/atomicity.h");
    return is_counter && call.contains(*access.at);
  });
}

bool counts_owners(const Call& call) {
  return call.name.find("_Sp_counted") != std::string::npos ||
         call.name.find("__shared_count") != std::string::npos ||
         call.name.find("__shared_ptr") != std::string::npos;
}

/// Which way a question for equality branches is the compiler's choice.
static std::string without_direction(const std::string& text) {
  return text.starts_with("if 4 ") ? "if 4" : text;
}

/// The instructions of `function` that come from one it inlined.
static std::set<std::string> code_of(const FunctionFacts& facts, const dwarf::Function& function,
                                     const std::string& inlined) {
  std::set<std::string> texts;
  for (const dwarf::InlinedCall& call : function.inlined)
    if (call.name == inlined)
      for (const auto& [begin, end] : call.ranges)
        for (const auto& [offset, text] : facts.code)
          if (offset >= begin && offset < end && text != "move") texts.insert(without_direction(text));
  return texts;
}

/// The constants in instructions, and what they ask for.
static std::set<std::string> constants_of(const std::set<std::string>& code) {
  std::set<std::string> all;
  for (const std::string& text : code)
    if (const std::size_t space = text.find(' '); space != std::string::npos) all.insert(text.substr(space));
  return all;
}

/// A function that the change leaves alone has a copy of `inlined`, too: the old and the new one are the
/// same.
static bool is_inlined_where_nothing_changed(const ReviewedUnit& unit, const std::string& inlined) {
  const auto& changed = unit.changed;
  return std::ranges::any_of(unit.before.facts, [&](const auto& entry) {
    const auto& [name, facts] = entry;
    const dwarf::Function* declaration = unit.before.declaration(name);
    return declaration != nullptr && unit.after.find(name) != nullptr &&
           std::ranges::none_of(changed, [&](const FunctionPair& pair) { return pair.before == &facts; }) &&
           !code_of(facts, *declaration, inlined).empty();
  });
}

bool inlined_code_changed(const ReviewedUnit& unit, const FunctionPair& function,
                          const std::string& inlined) {
  if (function.old_declaration == nullptr || function.new_declaration == nullptr) return false;
  const auto before = code_of(*function.before, *function.old_declaration, inlined);
  const auto after = code_of(*function.after, *function.new_declaration, inlined);
  if (before.empty() || after.empty() || before == after) return false;
  return constants_of(before) != constants_of(after) || !is_inlined_where_nothing_changed(unit, inlined);
}

/// It leaves nothing behind but yes or no.
static bool only_answers(const FunctionFacts& facts) {
  return std::ranges::none_of(facts.accesses, [](const Access& access) { return access.is_written; }) &&
         std::ranges::all_of(facts.returns, [](const Value& value) {
           return value.is(Value::Kind::constants) &&
                  std::ranges::all_of(value.numbers, [](std::int64_t n) { return n == 0 || n == 1; });
         });
}

bool collects_differences(const FunctionPair& function) {
  const FunctionFacts& before = *function.before;
  const FunctionFacts& after = *function.after;
  const auto with_constants = [](const FunctionFacts& facts) {
    static const std::set<std::string> steps = {"add 1", "add 2", "add 4", "add 8", "add 16", "add 32"};
    std::set<std::string> texts;
    for (const std::string& text : facts.arithmetic)
      if (text.find(' ') != std::string::npos && !steps.contains(text)) texts.insert(text);
    return texts;
  };
  // What differs is gathered, bit by bit; a hash only mixes.
  const bool gathers = after.gathered > before.gathered || (only_answers(before) && only_answers(after));
  if (!gathers) return false;
  const bool is_old = before.differences == 0 || (only_answers(before) && only_answers(after));
  return is_old && after.differences > 0 && !before.orders() && !after.orders() &&
         std::ranges::includes(with_constants(before), with_constants(after));
}

bool share_data(const ReviewedUnit& unit, const FunctionPair& a, const FunctionPair& b) {
  return std::ranges::any_of(a.before->names, [&](const std::string& name) {
    return b.before->names.contains(name) && !name.starts_with('"') && unit.before.find(name) == nullptr &&
           std::ranges::any_of(unit.before.object->atoms,
                               [&](const model::Atom& atom) { return atom.name == name; });
  });
}

Finding about_order(const FunctionPair& function, const std::string& name) {
  Finding finding = about(function, Level::review, "order");
  finding.message = function.name() + ": " + name + " decides where things are found again, and changed";
  finding.why = "what the old code sorted or filed stands where the new code may not look";
  finding.remedy = "rebuild the containers from a hook, or keep the order for existing entries";
  return finding;
}

Finding about(const FunctionPair& function, Level level, std::string kind) {
  Finding finding;
  finding.level = level;
  finding.kind = std::move(kind);
  finding.functions = {function.name()};
  if (function.old_declaration != nullptr) finding.old_place = function.old_declaration->place;
  if (function.new_declaration != nullptr) finding.new_place = function.new_declaration->place;
  return finding;
}

}  // namespace stent::review
