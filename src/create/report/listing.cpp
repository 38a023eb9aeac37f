#include "create/report/listing.hpp"

#include <fmt/core.h>

#include <map>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/format.hpp"

namespace stent::report {
namespace {

constexpr std::size_t longest_literal = 48;

std::string with_offset(std::string name, std::int64_t offset) {
  return offset == 0 ? name : fmt::format("{}{:+}", std::move(name), offset);
}

/// A string literal as it would stand in C.
std::string quoted(ByteView bytes) {
  std::string text = "\"";
  for (const std::byte b : bytes) {
    const auto c = static_cast<unsigned char>(b);
    if (c == 0) break;
    if (text.size() > longest_literal) return text + "...\"";
    if (c == '\n')
      text += "\\n";
    else if (c == '"' || c == '\\')
      text += fmt::format("\\{}", static_cast<char>(c));
    else if (c < 0x20 || c >= 0x7f)
      text += fmt::format("\\x{:02x}", c);
    else
      text += static_cast<char>(c);
  }
  return text + "\"";
}

std::string name_unnamed(const model::Atom& atom) {
  switch (atom.kind) {
    case model::AtomKind::string_literal: return quoted(atom.bytes);
    case model::AtomKind::merged_constant: return "constant(" + to_hex(atom.bytes) + ")";
    case model::AtomKind::code: return atom.section;
    default: return "(" + atom.section + ")";
  }
}

}  // namespace

std::string name_reference(const model::Object& object, const model::Reference& reference) {
  const model::Atom* atom = reference.place ? &object[reference.place->atom] : nullptr;
  if (atom != nullptr && (atom->name.empty() || atom->name.starts_with(".L")))
    return with_offset(name_unnamed(*atom), reference.place->offset);
  if (reference.symbol) return with_offset(object[*reference.symbol].name, reference.offset_in_target);
  return atom == nullptr ? "?" : with_offset(atom->name, reference.place->offset);
}

std::vector<CodeLine> list_code(const model::Object& object, model::AtomId id) {
  const model::Atom& atom = object[id];
  std::map<std::uint32_t, const model::Reference*> by_offset;
  for (const model::Reference& reference : atom.references) by_offset.emplace(reference.offset, &reference);
  std::vector<CodeLine> lines;
  for (const x86_64::Instruction& instruction : x86_64::decode(atom.bytes)) {
    if (instruction.is_nop) continue;
    const auto name = [&](std::uint8_t offset, std::uint8_t) {
      const auto at = by_offset.find(instruction.offset + offset);
      return at == by_offset.end() ? std::string() : name_reference(object, *at->second);
    };
    const ByteView code = ByteView(atom.bytes).subspan(instruction.offset);
    x86_64::InstructionText text = x86_64::format_instruction(code, instruction.offset, name);
    lines.push_back({instruction.offset, to_hex(code.first(instruction.length)), std::move(text.text),
                     std::move(text.key)});
  }
  return lines;
}

}  // namespace stent::report
