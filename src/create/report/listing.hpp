// The code of one atom as lines that can be read and compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "binary/model/object.hpp"

namespace stent::report {

struct CodeLine {
  std::uint32_t offset = 0;  ///< from the start of the atom
  std::string bytes;         ///< hexadecimal
  std::string text;
  std::string key;  ///< equal for instructions that do the same, wherever they stand
};

/// Every instruction of `id`, padding left out. References are shown by the names of what they go to; string
/// literals by their text.
[[nodiscard]] std::vector<CodeLine> list_code(const model::Object& object, model::AtomId id);

/// What `reference` goes to, in words for a listing: "memcpy", "table+8", "\"out of memory\"".
[[nodiscard]] std::string name_reference(const model::Object& object, const model::Reference& reference);

}  // namespace stent::report
