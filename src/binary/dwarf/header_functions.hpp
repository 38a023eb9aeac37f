// Which functions of an object are written in a header.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace stent::dwarf {

/// Those of `functions` (linkage names) that the debug information of the unit in `object` declares in
/// another file than the source that was compiled, so that other units can hold them too. A function that it
/// does not describe counts as one.
[[nodiscard]] std::set<std::string> header_functions(const std::filesystem::path& object,
                                                     std::set<std::string> functions);

}  // namespace stent::dwarf
