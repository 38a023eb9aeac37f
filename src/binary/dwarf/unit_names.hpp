// What one compilation unit defines, whether or not the linker kept it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace stent::dwarf {

/// Names as the source has them and as the linker sees them.
struct UnitNames {
  std::set<std::string> functions, variables;
  /// Of variables: what their location says, which for dropped ones is 0 or an offset of their section.
  std::map<std::string, LinkAddress> addresses;
};

/// Of the unit in `file` (or its separate debug file below `debug_roots`) whose source has the file name
/// `source` and whose code holds `at`; of an object, where every unit counts, without `at`. Empty where
/// nothing tells. Throws `bad_input` as `DwarfFile` does.
[[nodiscard]] std::optional<UnitNames> unit_names(const std::filesystem::path& file,
                                                  const std::vector<std::filesystem::path>& debug_roots,
                                                  const std::string& source, std::optional<LinkAddress> at);

}  // namespace stent::dwarf
