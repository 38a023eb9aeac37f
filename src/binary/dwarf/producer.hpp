// Which compiler made a file, with which flags, as the file itself says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stent::dwarf {

/// The strings of .comment: every compiler that had a part in the file. Empty when it has none.
[[nodiscard]] std::vector<std::string> compilers_of(const std::filesystem::path& elf_file);

/// DW_AT_producer of the first compilation unit whose source has the file name `source` (any, when empty):
/// the compiler, and with gcc the flags. Empty when the debug information does not say, or says it in a dwz
/// file.
[[nodiscard]] std::string producer_of(const std::filesystem::path& debug_file, const std::string& source);

}  // namespace stent::dwarf
