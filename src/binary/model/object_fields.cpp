#include <algorithm>
#include <string_view>

#include "binary/dwarf/variable_location.hpp"
#include "binary/model/object_builder.hpp"

namespace stent::model {
namespace {

/// Data called "NAME.0": of the compilers known, clang alone calls the parts of a split variable so (gcc
/// numbers the variables of functions).
bool may_be_split(const Atom& atom) {
  const std::size_t last = atom.name.find_last_not_of("0123456789");
  return atom.kind != AtomKind::code && last != std::string::npos && last + 1 < atom.name.size() &&
         last > 0 && atom.name[last] == '.';
}

bool is_of_clang(const elf::File& file) {
  const elf::Section* comment = file.section(".comment");
  if (comment == nullptr) return true;
  const std::string_view text(reinterpret_cast<const char*>(comment->data.data()), comment->data.size());
  return text.find("clang") != std::string_view::npos;
}

}  // namespace

void read_fields(ObjectBuilder& builder) {
  const auto& atoms = builder.object.atoms;
  if (!is_of_clang(builder.file) || std::none_of(atoms.begin(), atoms.end(), may_be_split)) return;
  for (const dwarf::SplitPart& part : dwarf::split_parts(builder.object.path)) {
    const Piece* piece = part.section < builder.pieces.size()
                             ? builder.piece_at(static_cast<std::uint32_t>(part.section), part.position)
                             : nullptr;
    if (piece == nullptr || piece->begin != part.position) continue;
    Atom& atom = builder.object.atoms.at(piece->atom.value);
    if (may_be_split(atom)) atom.field = part.offset;
  }
}

}  // namespace stent::model
