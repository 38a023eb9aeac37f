#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/diff/object_index.hpp"
#include "create/review/code_rules.hpp"
#include "create/review/flow_graph.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

bool is_coroutine(const std::string& symbol) {
  return symbol.find(".Frame") != std::string::npos || symbol.find(".actor") != std::string::npos ||
         symbol.ends_with(".destroy") || symbol.ends_with(".resume") || symbol.ends_with(".cleanup");
}

bool saves_position(const std::string& plain) {
  static const std::set<std::string> names = {"setjmp",     "sigsetjmp",   "longjmp",
                                              "siglongjmp", "swapcontext", "makecontext",
                                              "getcontext", "setcontext",  "longjmp_chk"};
  return names.contains(plain);
}

/// The type_info objects that an entry of an exception table leads to, directly or through a slot.
std::set<std::string> type_names(const model::Object& object, const model::Reference& entry) {
  std::set<std::string> names = {name_of(object, entry)};
  if (entry.place)
    for (const model::Reference& slot : object[entry.place->atom].references)
      if (slot.offset == entry.place->offset) names.insert(name_of(object, slot));
  std::erase_if(names, [](const std::string& name) { return name.find("_ZTI") == std::string::npos; });
  return names;
}

/// The exception tables of a function and of its fragments.
std::vector<const model::Atom*> exception_tables(const model::Object& object, const std::string& symbol) {
  std::vector<const model::Atom*> tables;
  for (const model::Function& function : object.functions) {
    if (object[function.symbol].name != symbol) continue;
    std::vector<model::AtomId> atoms = function.fragments;
    atoms.push_back(function.entry);
    for (const model::AtomId atom : atoms) {
      const auto& frame = object.frames.at(atom.value);
      if (!frame) continue;
      for (const model::Reference& table : frame->fde_references)
        if (table.place && object[table.place->atom].section.starts_with(".gcc_except_table"))
          tables.push_back(&object[table.place->atom]);
    }
  }
  return tables;
}

/// The type_info objects that the exception tables of a function name.
std::set<std::string> catch_types(const model::Object& object, const std::string& symbol) {
  std::set<std::string> types;
  for (const model::Atom* table : exception_tables(object, symbol))
    for (const model::Reference& reference : table->references)
      for (const std::string& name : type_names(object, reference)) types.insert(name);
  return types;
}

class IdentityRules {
 public:
  IdentityRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      check_positions(pair);
      check_catch_types(pair);
      check_noexcept(pair);
      check_throws(pair);
      check_sets(pair);
      check_exchange(pair);
    }
    check_carried();
  }

 private:
  void report(const FunctionPair& pair, const char* kind, const std::string& what, const char* why,
              const char* remedy) {
    Finding finding = about(pair, Level::review, kind);
    finding.message = pair.name() + ": " + what;
    finding.why = why;
    finding.remedy = remedy;
    findings_->add(pair.name(), std::move(finding));
  }

  void check_positions(const FunctionPair& pair) {
    constexpr const char* why = "a position in the old code can be stored, and is entered later";
    constexpr const char* remedy = "make sure that none is stored while the patch is applied";
    for (const FunctionFacts* facts : {pair.before, pair.after}) {
      if (facts->name.find("E10_M_managerERSt9_Any_data") != std::string::npos)
        report(pair, "saved-position", "it copies a closure that is stored, and changed", why, remedy);
      if (is_coroutine(facts->name)) report(pair, "saved-position", "it is a coroutine", why, remedy);
      if (facts->takes_label_address)
        report(pair, "saved-position", "it takes the address of a label", why, remedy);
      for (const Call& call : facts->calls) {
        if (saves_position(plain_name(call.name)) && !is_of_this_call(call))
          report(pair, "saved-position", "it calls " + call.name, why, remedy);
        if (is_coroutine(call.name)) report(pair, "saved-position", "it starts a coroutine", why, remedy);
      }
      for (const std::string& name : facts->names)
        if (is_coroutine(name)) report(pair, "saved-position", "it starts a coroutine", why, remedy);
    }
  }

  /// A position saved on the own stack is gone when the call is; a jump to it saves none, but one that is new
  /// passes over callers that expected a return.
  [[nodiscard]] bool is_of_this_call(const Call& call) const {
    const std::string plain = plain_name(call.name);
    if (plain == "setjmp" || plain == "sigsetjmp") return call.arguments[0].is(Value::Kind::stack);
    return plain.ends_with("longjmp") && std::ranges::any_of(unit_->before.facts, [&](const auto& entry) {
             return entry.second.calls_to(call.name);
           });
  }

  /// Writable static storage whose address the function takes.
  static std::set<std::string> addressed_variables(const Side& side, const FunctionFacts& facts) {
    std::set<std::string> found;
    for (const dwarf::Variable& variable : side.debug.variables)
      if (variable.has_address && !variable.is_const && facts.names.contains(variable.linkage_name) &&
          (facts.addressed.contains(variable.linkage_name) ||
           facts.escaping.contains(variable.linkage_name) || facts.compared.contains(variable.linkage_name)))
        found.insert(variable.linkage_name);
    return found;
  }

  static std::set<std::string> type_identities(const FunctionFacts& facts) {
    std::set<std::string> found;
    for (const std::string& name : facts.names)
      if (name.starts_with("_ZTI") || name.starts_with("_ZTS")) found.insert(name);
    return found;
  }

  /// One variable of the target took the place of another: what exists points to the first.
  void check_exchange(const FunctionPair& pair) {
    const auto before = addressed_variables(unit_->before, *pair.before);
    const auto after = addressed_variables(unit_->after, *pair.after);
    const auto is_old = [&](const std::string& name) {
      return std::ranges::any_of(unit_->before.debug.variables,
                                 [&](const auto& variable) { return variable.linkage_name == name; });
    };
    for (const std::string& lost : type_identities(*pair.before))
      for (const std::string& gained : type_identities(*pair.after))
        if (!pair.after->names.contains(lost) && !pair.before->names.contains(gained))
          report(pair, "address-identity", "it goes by the type " + gained + " in place of " + lost,
                 "objects that exist are known by the first", "keep the type that objects are known by");
    for (const std::string& lost : before)
      for (const std::string& gained : after)
        if (!after.contains(lost) && !before.contains(gained) && is_old(gained))
          report(pair, "address-identity", "it uses the address of " + gained + " in place of " + lost,
                 "objects that exist point to the first, and are found or compared by it",
                 "keep the object that is pointed to");
  }

  void check_catch_types(const FunctionPair& pair) {
    const auto before = catch_types(*unit_->before.object, pair.before->name);
    const auto after = catch_types(*unit_->after.object, pair.after->name);
    if (before == after || (before.empty() && becomes_status(pair))) return;
    report(pair, "catch-types",
           fmt::format("it catches [{}] before, [{}] now", fmt::join(before, ", "), fmt::join(after, ", ")),
           "exceptions of frames that exist, and of callers outside, take other ways",
           "keep what it catches, or check every thrower");
  }

  /// An exception table that neither catches nor cleans up is there to end the process.
  void check_noexcept(const FunctionPair& pair) {
    const FunctionFacts& after = *pair.after;
    if (!exception_tables(*unit_->before.object, pair.before->name).empty() ||
        exception_tables(*unit_->after.object, after.name).empty())
      return;
    if (after.calls_to("__cxa_begin_catch") || after.calls_to("_Unwind_Resume")) return;
    report(pair, "throws", "exceptions passed through it, and end the process now",
           "callers that catch them are never reached", "let them pass, or check every thrower");
  }

  /// Every text is a result that callers must know what to do with.
  static bool returns_texts(const dwarf::Type& result) {
    return result.name.starts_with("std::") && result.name.find("basic_string<") != std::string::npos &&
           result.name.find('<') == result.name.find("basic_string<") + std::string("basic_string").size();
  }

  /// An exception that passed through becomes a result that the function had for failures already.
  [[nodiscard]] bool becomes_status(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr || pair.after->calls_to("__cxa_rethrow")) return false;
    const dwarf::Type& result = unit_->before.debug[pair.old_declaration->result];
    if (returns_texts(result)) return true;
    if (result.kind != dwarf::TypeKind::base && result.kind != dwarf::TypeKind::enumeration) return false;
    const auto known = [](const FunctionFacts& facts) {
      std::set<std::string> all;
      for (const Value& value : facts.returns) all.merge(alternatives(value.text()));
      std::erase_if(all, [](const std::string& text) { return text.starts_with('('); });  // no status
      return all;
    };
    const std::set<std::string> olds = known(*pair.before), news = known(*pair.after);
    return !olds.empty() && std::ranges::includes(olds, news);
  }

  void check_throws(const FunctionPair& pair) {
    const auto thrown = [](const FunctionFacts& facts) {
      std::set<std::string> types;
      for (const Call& call : facts.calls)
        if (call.name == "__cxa_throw") types.insert(call.arguments[1].origin());
      return types;
    };
    std::set<std::string> known;
    for (const auto& [name, facts] : unit_->before.facts) known.merge(thrown(facts));
    for (const std::string& type : thrown(*pair.after))
      if (!known.contains(type))
        report(pair, "throws", "it throws " + type + ", which nothing here threw before",
               "callers that are not replaced may not catch it",
               "report the failure in the way callers know");
  }

  void check_sets(const FunctionPair& pair) {
    for (const std::string& name : pair.after->names)
      if ((name.starts_with("__start_") || name.starts_with("__stop_")) && !pair.before->names.contains(name))
        report(pair, "linker-set", "it refers to " + name + " newly",
               "a set is gathered when the program is linked", "refer to its elements by name");
  }

  /// Constants that the patch carries a second time: whoever compares addresses sees two.
  void check_carried() {
    const model::Object& object = *unit_->after.object;
    std::set<std::string> known;
    for (const model::Atom& atom : unit_->before.object->atoms)
      known.insert(diff::without_ordinals(atom.name));
    for (const model::AtomId id : unit_->pair.changes->selected) {
      const model::Atom& atom = object[id];
      if (atom.kind == model::AtomKind::code) continue;
      const bool is_named = !atom.name.empty() && !atom.name.starts_with(".L");
      model::Reference to;
      to.place = model::Place{id, 0};
      const std::string name = name_of(object, to);
      if (is_named && !known.contains(name)) continue;
      for (const FunctionPair& pair : unit_->changed) check_use(pair, atom, name, is_named);
      if (is_named) check_holders(atom, name);
    }
  }

  /// What it held before stands where it stood, and more behind.
  [[nodiscard]] bool only_appended(const model::Atom& after, const std::string& name) const {
    const model::Object& olds = *unit_->before.object;
    const auto before = std::ranges::find_if(
        olds.atoms, [&](const model::Atom& atom) { return diff::without_ordinals(atom.name) == name; });
    if (before == olds.atoms.end() || before->bytes.size() > after.bytes.size() ||
        !std::equal(before->bytes.begin(), before->bytes.end(), after.bytes.begin()) ||
        before->references.size() > after.references.size())
      return false;
    for (std::size_t i = 0; i < before->references.size(); ++i)
      if (before->references[i].offset != after.references[i].offset ||
          name_of(olds, before->references[i]) != name_of(*unit_->after.object, after.references[i]))
        return false;
    return after.references.size() == before->references.size() ||
           after.references[before->references.size()].offset >= before->bytes.size();
  }

  void check_use(const FunctionPair& pair, const model::Atom& atom, const std::string& name, bool is_named) {
    const bool is_table = std::ranges::any_of(atom.references, [&](const model::Reference& reference) {
      return reference.place && (*unit_->after.object)[reference.place->atom].kind == model::AtomKind::code;
    });
    const bool is_kept = is_named && !is_table && !only_appended(atom, name) &&
                         std::ranges::any_of(pair.after->accesses, [&](const Access& access) {
                           return access.is_written && access.stored.find(name) != std::string::npos;
                         });
    if (is_kept)
      report(pair, "stored-value", "it stores values from " + name + ", which changed",
             "objects that exist hold values from the old one",
             "keep it unchanged, and give the new one a new name");
    const bool is_passed = std::ranges::any_of(pair.after->calls, [&](const Call& call) {
      return !call.name.starts_with('*') && std::ranges::any_of(call.arguments, [&](const Value& v) {
        return v.is(Value::Kind::address) && v.name == name;
      });
    });
    const bool escapes = pair.after->compared.contains(name) ||
                         (is_named && (pair.after->escaping.contains(name) || (is_table && is_passed)));
    if (!escapes) return;
    report(
        pair, "address-identity",
        (is_named ? name : std::string("a literal")) + " exists twice, and its address is kept or compared",
        "objects that exist hold the address of the old one",
        "keep it unchanged, and give the new one a new name");
  }

  /// A changed constant that live data points to.
  void check_holders(const model::Atom& atom, const std::string& name) {
    const auto holders = unit_->before.data_users.find(name);
    if (holders == unit_->before.data_users.end() || unit_->changed.empty()) return;
    report(unit_->changed.front(), "address-identity", atom.name + " changed, and data points to the old one",
           "data that exists goes on pointing to the old one",
           "keep it unchanged, and give the new one a new name");
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_identity(const ReviewedUnit& unit, Findings& findings) { IdentityRules(unit, findings).run(); }

}  // namespace stent::review
