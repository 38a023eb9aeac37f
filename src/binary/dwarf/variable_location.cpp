#include "binary/dwarf/variable_location.hpp"

#include "binary/dwarf/dwarf_file.hpp"
#include "binary/dwarf/each_unit.hpp"

namespace stent::dwarf {
namespace {

/// The address that DW_OP_addr or DW_OP_addrx pushes.
std::optional<std::uint64_t> address_of(Dwarf_Attribute& location, const Dwarf_Op& operation) {
  if (operation.atom == DW_OP_addr) return operation.number;
  if (operation.atom != DW_OP_addrx && operation.atom != DW_OP_GNU_addr_index) return std::nullopt;
  Dwarf_Attribute indexed;
  Dwarf_Addr address = 0;
  if (dwarf_getlocation_attr(&location, &operation, &indexed) != 0 || dwarf_formaddr(&indexed, &address) != 0)
    return std::nullopt;
  return address;
}

void add_parts_below(const Die& die, const DwarfFile& file, std::vector<SplitPart>& found) {
  die.each_child([&](const Die& child) {
    switch (child.tag()) {
      case DW_TAG_variable:
        for (const VariablePart& part : variable_parts(child))
          if (part.size != 0)
            if (const auto place = file.section_place(part.address))
              found.push_back({place->section, place->position, part.offset});
        break;
      case DW_TAG_namespace:
      case DW_TAG_subprogram:
      case DW_TAG_lexical_block:
      case DW_TAG_structure_type:
      case DW_TAG_class_type: add_parts_below(child, file, found); break;
      default: break;
    }
  });
}

}  // namespace

std::vector<VariablePart> variable_parts(const Die& variable) {
  auto location = variable.attribute(DW_AT_location);
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (!location || dwarf_getlocation(&*location, &operations, &count) != 0) return {};
  std::vector<VariablePart> parts;
  VariablePart part;
  bool has_memory = false;
  std::uint64_t offset = 0;
  const auto end_part = [&](std::uint64_t size) {
    part.offset = offset;
    part.size = size;
    if (has_memory) parts.push_back(std::move(part));
    part = {};
    has_memory = false;
    offset += size;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const Dwarf_Op& operation = operations[i];
    if (is_of_thread(operation)) return {};
    if (operation.atom == DW_OP_piece) {
      end_part(operation.number);
    } else if (const auto address = address_of(*location, operation)) {
      part.address = *address;
      has_memory = true;
    } else {
      part.code.insert(part.code.end(), {operation.atom, operation.number, operation.number2});
    }
  }
  if (has_memory) end_part(0);
  return parts;
}

std::vector<SplitPart> split_parts(const std::filesystem::path& object) {
  std::vector<SplitPart> found;
  const DwarfFile file(object, {});
  if (file.dwarf() == nullptr) return found;
  each_unit(file.dwarf(), object, [&](const Die& root) { add_parts_below(root, file, found); });
  return found;
}

}  // namespace stent::dwarf
