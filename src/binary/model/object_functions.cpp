#include <algorithm>
#include <map>
#include <set>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/model/object_builder.hpp"

namespace stent::model {

namespace {

bool is_fragment_name(const std::string& name) {
  const ParsedName parsed = parse_name(name);
  return parsed.kind == "cold" || parsed.kind == "__part" || parsed.kind.ends_with(".cold") ||
         parsed.kind.ends_with(".__part");
}

/// "f.isra.0.cold" -> "f.isra.0", "f.__part.1" -> "f".
std::string parent_name(const std::string& name) {
  const std::size_t part = name.rfind(".__part.");
  if (part != std::string::npos) return name.substr(0, part);
  return name.substr(0, name.rfind(".cold"));
}

using Referrers = std::map<AtomId, std::set<AtomId>>;

/// Which atoms name each code atom and each table.
Referrers referrers(const Object& object) {
  Referrers by;
  for (std::uint32_t i = 0; i < object.atoms.size(); ++i)
    for (const Reference& reference : object.atoms[i].references)
      if (reference.place && reference.place->atom != AtomId{i}) by[reference.place->atom].insert(AtomId{i});
  return by;
}

/// True when only the function `parent`, its fragments, or its switch tables name `part`.
bool belongs_to(const Object& object, const Referrers& by, AtomId part, const std::string& parent) {
  const auto users = by.find(part);
  if (users == by.end()) return false;
  for (const AtomId user : users->second) {
    const Atom& atom = object[user];
    if (atom.kind != AtomKind::code) {
      const bool is_table = atom.kind == AtomKind::read_only && atom.name.empty();
      if (!is_table || object[part].kind != AtomKind::code || !belongs_to(object, by, user, parent))
        return false;
    } else if (atom.name != parent && (!is_fragment_name(atom.name) || parent_name(atom.name) != parent)) {
      return false;
    }
  }
  return true;
}

/// True when no relocation fills the field of `instruction`, and it reaches out of the `size` bytes of its
/// atom: the assembler resolved it inside a section that holds several functions.
bool leaves_without_reference(const x86_64::Instruction& instruction, const Atom& atom) {
  const auto outside = [&](std::int64_t to) {
    return to < 0 || to > static_cast<std::int64_t>(atom.bytes.size());
  };
  const bool leaves = (instruction.branch_target && outside(*instruction.branch_target)) ||
                      (instruction.memory_target && outside(*instruction.memory_target));
  return leaves &&
         std::none_of(atom.references.begin(), atom.references.end(), [&](const Reference& reference) {
           return reference.offset >= instruction.offset && reference.offset < instruction.end();
         });
}

/// A reason why the code of `atom` cannot be handled, or empty.
std::string trouble(const Atom& atom) {
  const auto instructions = x86_64::decode(atom.bytes);
  const std::uint64_t end = instructions.empty() ? 0 : instructions.back().end();
  if (end != atom.bytes.size()) return "bytes at offset " + std::to_string(end) + " are no known instruction";
  for (const x86_64::Instruction& instruction : instructions)
    if (leaves_without_reference(instruction, atom))
      return "the instruction at offset " + std::to_string(instruction.offset) +
             " reaches another function of its section directly (compile with -ffunction-sections)";
  for (const Reference& reference : atom.references) {
    const auto formula = x86_64::describe(reference.type).formula;
    if (formula == x86_64::Formula::unknown)
      return "relocation " + x86_64::to_string(reference.type) + " at offset " +
             std::to_string(reference.offset) + " is not handled";
    if (!reference.symbol && !reference.place && formula != x86_64::Formula::none)
      return "the relocation at offset " + std::to_string(reference.offset) + " names nothing known";
  }
  return {};
}

/// The symbol that names each code atom's start: a function symbol, else any.
std::map<AtomId, SymbolId> entry_symbols(const Object& object) {
  std::map<AtomId, SymbolId> entries;
  for (std::uint32_t i = 0; i < object.symbols.size(); ++i) {
    const Symbol& symbol = object.symbols[i];
    if (!symbol.definition || symbol.definition->offset != 0) continue;
    const Atom& atom = object[symbol.definition->atom];
    if (atom.kind == AtomKind::code && atom.name == symbol.name && symbol.type != SymbolType::none)
      entries.try_emplace(symbol.definition->atom, SymbolId{i});
  }
  return entries;
}

}  // namespace

void read_functions(ObjectBuilder& builder) {
  Object& object = builder.object;
  const Referrers by = referrers(object);
  const auto entries = entry_symbols(object);
  std::map<std::string, AtomId> by_name;
  for (const auto& [atom, symbol] : entries) by_name.emplace(object[symbol].name, atom);
  std::map<AtomId, std::vector<AtomId>> fragments;
  std::set<AtomId> attached;
  for (const auto& [atom, symbol] : entries) {
    const std::string& name = object[symbol].name;
    if (!is_fragment_name(name)) continue;
    const auto parent = by_name.find(parent_name(name));
    if (parent == by_name.end() || !belongs_to(object, by, atom, parent->first)) continue;
    fragments[parent->second].push_back(atom);
    attached.insert(atom);
  }
  for (const auto& [atom, symbol] : entries) {
    if (attached.contains(atom)) continue;
    const FunctionId id{static_cast<std::uint32_t>(object.functions.size())};
    Function function{symbol, atom, {}};
    if (const auto found = fragments.find(atom); found != fragments.end()) function.fragments = found->second;
    std::string why = trouble(object[atom]);
    for (const AtomId fragment : function.fragments)
      if (why.empty()) why = trouble(object[fragment]);
    object.functions.push_back(std::move(function));
    if (!why.empty()) object.unpatchable.emplace_back(id, why);
  }
}

}  // namespace stent::model
