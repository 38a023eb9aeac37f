#include "create/diff/describe_difference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::diff {
namespace {

using model::Atom;
using model::AtomId;
using model::Reference;

/// Start of the instruction that holds the byte at `offset`; empty when the code does not decode that far.
std::optional<std::uint32_t> instruction_at(const Atom& atom, std::uint32_t offset) {
  for (const x86_64::Instruction& instruction : x86_64::decode(atom.bytes))
    if (instruction.offset <= offset && offset < instruction.end()) return instruction.offset;
  return std::nullopt;
}

std::string instruction_text(const Atom& atom, std::uint32_t at) {
  if (at >= atom.bytes.size()) return "nothing";
  return x86_64::disassemble_one(ByteView(atom.bytes).subspan(at), at);
}

std::string target_text(const ObjectIndex& index, const Atom& atom, std::optional<std::size_t> at) {
  if (!at || *at >= atom.references.size()) return "nothing";
  const Reference& reference = atom.references[*at];
  std::int64_t offset = reference.offset_in_target;
  std::string text = "an address";
  if (reference.place) {
    offset = reference.place->offset;
    text = index.describe(reference.place->atom);
  } else if (reference.symbol) {
    text = index.object()[*reference.symbol].name;
  }
  return offset == 0 ? text : fmt::format("{}{:+#x}", text, offset);
}

std::string in_code(const Atom& before, const Atom& after, std::uint32_t offset) {
  const auto old_at = instruction_at(before, offset);
  const auto new_at = instruction_at(after, offset);
  // Both decode alike up to the difference, so the earlier start is an instruction of both.
  const std::uint32_t at = std::min(old_at.value_or(offset), new_at.value_or(offset));
  return fmt::format("+{:#x}: {} -> {}", at, instruction_text(before, at), instruction_text(after, at));
}

}  // namespace

std::string describe_difference(const ObjectIndex& old_index, const ObjectIndex& new_index,
                                const Correspondence& correspondence, const Difference& difference) {
  const Atom& before = old_index.object()[difference.old_atom];
  const Atom& after = new_index.object()[difference.new_atom];
  const AtomFacts& facts = new_index[difference.new_atom];
  const bool in_fragment = facts.kind == AtomClass::function && !facts.is_entry;
  const std::string where = in_fragment ? new_index.describe(difference.new_atom) : std::string();
  if (!difference.what.empty()) return where.empty() ? difference.what : where + ": " + difference.what;
  const std::string place = fmt::format("{}+{:#x}: ", where, difference.offset);
  if (difference.is_in_bytes)
    return before.kind == model::AtomKind::code ? where + in_code(before, after, difference.offset)
                                                : place + "other content";
  const std::string old_target = target_text(old_index, before, difference.old_reference);
  const std::string new_target = target_text(new_index, after, difference.new_reference);
  const auto& old_place = before.references.at(*difference.old_reference).place;
  const auto& new_place = after.references.at(*difference.new_reference).place;
  if (old_target == new_target && old_place && new_place) {
    const bool known = correspondence.same(old_place->atom, new_place->atom) ||
                       new_index[new_place->atom].kind == AtomClass::anonymous;
    return place +
           fmt::format("refers to {}, {}", new_target, known ? "which changed" : "which is another one");
  }
  return place + fmt::format("refers to {} -> {}", old_target, new_target);
}

}  // namespace stent::diff
