#include "create/diff/object_index.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "create/diff/scoped_name.hpp"

namespace stent::diff {
namespace {

using model::AtomId;
using model::AtomKind;
using model::SymbolBinding;

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

AtomClass class_of_named(AtomKind kind) {
  switch (kind) {
    case AtomKind::code: return AtomClass::code;
    case AtomKind::read_only:
    case AtomKind::relocated_read_only:
    case AtomKind::string_literal:
    case AtomKind::merged_constant: return AtomClass::constant;
    case AtomKind::writable:
    case AtomKind::zero: return AtomClass::variable;
    case AtomKind::tls_data:
    case AtomKind::tls_zero: return AtomClass::tls;
    case AtomKind::other: break;
  }
  return AtomClass::other;
}

bool is_exception_table(const model::Atom& atom) { return atom.section.starts_with(".gcc_except_table"); }

/// A section that compilers use for code and data; what others (.pushsection) hold, only their readers know.
bool is_ordinary(const std::string& section) {
  static constexpr std::array<std::string_view, 10> prefixes = {
      ".text", ".rodata", ".data", ".bss", ".tdata", ".tbss", ".lrodata", ".ldata", ".lbss", "COMMON"};
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
    return section.starts_with(prefix) && (section.size() == prefix.size() || section[prefix.size()] == '.');
  });
}

bool has_name(const model::Atom& atom) { return !atom.name.empty() && !atom.name.starts_with(".L"); }

void mix(std::uint64_t& hash, std::uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15U + (hash << 6U) + (hash >> 2U);
}

void mix(std::uint64_t& hash, std::string_view text) { mix(hash, std::hash<std::string_view>{}(text)); }

}  // namespace

std::string without_ordinals(const std::string& name) {
  const model::ParsedName parsed = model::parse_name(name);
  std::string joined = parsed.base;
  if (!parsed.kind.empty()) joined += "." + parsed.kind;
  std::string result;
  bool dropped = parsed.ordinal.has_value();
  for (std::size_t at = 0; at <= joined.size();) {
    const std::size_t dot = std::min(joined.find('.', at), joined.size());
    const std::string part = joined.substr(at, dot - at);
    if (at > 0 && is_number(part))
      dropped = true;
    else
      result += (at > 0 ? "." : "") + part;
    at = dot + 1;
  }
  // gcc calls a static of a function "n.0", one of the file "n"; clang says "f.n" and then "f.n.1".
  if (dropped && result.find('.') == std::string::npos) result += ".#";
  return result;
}

bool is_global(const model::Symbol& symbol) { return symbol.binding != SymbolBinding::local; }

bool is_compiler_made(std::string_view name) {
  static constexpr std::array<std::string_view, 6> prefixes = {
      "CSWTCH.", "__func__.", "__FUNCTION__.", "__PRETTY_FUNCTION__.", "switch.table.", "C."};
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

ObjectIndex::ObjectIndex(const model::Object& object) : object_(&object), facts_(object.atoms.size()) {
  place_symbols();
  place_functions();
  for (std::uint32_t i = 0; i < size(); ++i) {
    name_atom({i});
    if (const auto& field = object.atoms[i].field) name_part(facts_[i], *field);
  }
  collect_referrers();
}

void ObjectIndex::place_symbols() {
  for (std::uint32_t i = 0; i < object_->symbols.size(); ++i) {
    const model::Symbol& symbol = object_->symbols[i];
    if (!symbol.definition) continue;
    AtomFacts& facts = facts_.at(symbol.definition->atom.value);
    facts.symbols.push_back({i});
    facts.is_global = facts.is_global || diff::is_global(symbol);
  }
}

void ObjectIndex::place_functions() {
  for (std::uint32_t i = 0; i < object_->functions.size(); ++i) {
    const model::Function& function = object_->functions[i];
    AtomFacts& entry = facts_.at(function.entry.value);
    if (!entry.function) {
      entry.function = model::FunctionId{i};
      entry.is_entry = true;
    }
    for (const AtomId fragment : function.fragments) {
      AtomFacts& facts = facts_.at(fragment.value);
      if (!facts.function) facts.function = entry.function;
    }
  }
}

void ObjectIndex::name_atom(AtomId id) {
  AtomFacts& facts = facts_[id.value];
  const model::Atom& atom = (*object_)[id];
  const bool mergeable = atom.kind == AtomKind::string_literal || atom.kind == AtomKind::merged_constant;
  if (facts.function) {
    facts.kind = AtomClass::function;
  } else if (atom.kind == AtomKind::code) {
    facts.kind = AtomClass::code;
  } else if ((atom.kind == AtomKind::other || (!has_name(atom) && !is_ordinary(atom.section))) &&
             !is_exception_table(atom)) {
    facts.kind = AtomClass::other;
  } else if (is_exception_table(atom) || !has_name(atom) || (mergeable && !facts.is_global)) {
    facts.kind = AtomClass::anonymous;
    return;
  } else {
    facts.kind = class_of_named(atom.kind);
  }
  const bool is_function = facts.kind == AtomClass::function;
  if (is_function && !facts.is_entry) return;
  const std::string& shown = is_function ? name(*facts.function) : atom.name;
  if (shown.empty()) return;
  const std::string scope = is_function ? "function " : "data ";
  if (const auto known = is_function ? lambda_name(shown) : static_local_name(shown)) {
    facts.key = scope + *known;
    facts.is_function_local = true;
    return;
  }
  if (facts.is_global) {
    const bool is_promoted = shown.find(".llvm.") != std::string::npos;
    facts.key = scope + "global " + (is_promoted ? without_ordinals(shown) : shown);
    return;
  }
  // gcc calls a unit's constructor after the first thing in the unit.
  const bool is_constructor = is_function && shown.starts_with("_GLOBAL__sub_I_");
  const std::string base = is_constructor ? "_GLOBAL__sub_I" : without_ordinals(shown);
  facts.key = scope + base;
  facts.is_function_local = base.find('.') != std::string::npos;
}

/// The number in the name of a part counts those in use; what part it is, its place in the variable tells.
void ObjectIndex::name_part(AtomFacts& facts, std::uint64_t field) {
  if (facts.key.empty()) return;
  facts.whole = facts.key.ends_with(".#") ? facts.key.substr(0, facts.key.size() - 2) : facts.key;
  facts.key = facts.whole + "@" + std::to_string(field);
  facts.is_function_local = facts.is_function_local && facts.whole.find('.') != std::string::npos;
}

void ObjectIndex::collect_referrers() {
  for (std::uint32_t i = 0; i < size(); ++i) {
    const std::string from = label({i});
    if (from.empty()) continue;
    for (const model::Reference& reference : references({i}))
      if (reference.place && reference.place->atom.value != i)
        facts_.at(reference.place->atom.value).referrers.push_back(from);
  }
  for (AtomFacts& facts : facts_) {
    std::sort(facts.referrers.begin(), facts.referrers.end());
    facts.referrers.erase(std::unique(facts.referrers.begin(), facts.referrers.end()), facts.referrers.end());
  }
}

const std::string& ObjectIndex::name(model::FunctionId id) const {
  return (*object_)[(*object_)[id].symbol].name;
}

std::string ObjectIndex::label(AtomId id) const {
  const AtomFacts& facts = facts_.at(id.value);
  if (facts.function) {
    const std::string& shown = name(*facts.function);
    return "function " + lambda_name(shown).value_or(model::parse_name(shown).base);
  }
  return facts.key;
}

std::string ObjectIndex::describe(AtomId id) const {
  const model::Atom& atom = (*object_)[id];
  if (facts_.at(id.value).kind != AtomClass::anonymous && !atom.name.empty()) return atom.name;
  if (atom.kind == AtomKind::string_literal) {
    std::string text = "\"";
    for (const std::byte b : atom.bytes) {
      const auto c = std::to_integer<unsigned char>(b);
      if (c == 0 || text.size() > 40) break;
      text += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?';
    }
    return text + "\"";
  }
  if (atom.kind == AtomKind::merged_constant) return "constant 0x" + to_hex(atom.bytes) + " (as stored)";
  return "unnamed data in " + atom.section;
}

std::vector<model::Reference> ObjectIndex::references(AtomId id) const {
  std::vector<model::Reference> all = (*object_)[id].references;
  if (id.value < object_->frames.size() && object_->frames[id.value]) {
    const model::FrameDescription& frame = *object_->frames[id.value];
    all.insert(all.end(), frame.cie_references.begin(), frame.cie_references.end());
    all.insert(all.end(), frame.fde_references.begin(), frame.fde_references.end());
  }
  return all;
}

std::uint64_t ObjectIndex::shape(AtomId id, int depth) const {
  const model::Atom& atom = (*object_)[id];
  std::uint64_t hash = atom.size;
  mix(hash, static_cast<std::uint64_t>(atom.kind));
  Bytes masked = atom.bytes;
  for (const model::Reference& reference : atom.references) {
    const std::size_t begin = std::min<std::size_t>(reference.offset, masked.size());
    const std::size_t end = std::min(begin + x86_64::describe(reference.type).size, masked.size());
    std::fill(masked.begin() + static_cast<std::ptrdiff_t>(begin),
              masked.begin() + static_cast<std::ptrdiff_t>(end), std::byte{});
    mix(hash, reference.offset);
    mix(hash, static_cast<std::uint64_t>(reference.type));
    if (!reference.place) {
      mix(hash, static_cast<std::uint64_t>(reference.offset_in_target));
      if (reference.symbol) mix(hash, std::string_view((*object_)[*reference.symbol].name));
      continue;
    }
    mix(hash, static_cast<std::uint64_t>(reference.place->offset));
    const std::string target = label(reference.place->atom);
    if (!target.empty())
      mix(hash, std::string_view(target));
    else if (depth > 0)
      mix(hash, shape(reference.place->atom, depth - 1));
  }
  mix(hash, std::string_view(reinterpret_cast<const char*>(masked.data()), masked.size()));
  return hash;
}

}  // namespace stent::diff
