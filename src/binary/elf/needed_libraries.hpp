// The shared libraries that the dynamic loader brings in with a program.
#pragma once

#include <filesystem>
#include <vector>

namespace stent::elf {

struct NeededLibraries {
  std::vector<std::filesystem::path> files;
  bool is_complete = true;  ///< none of them is missing or unreadable
};

/// The files of all that `program` needs (DT_NEEDED, and what those need), as this machine has them: searched
/// by DT_RPATH and DT_RUNPATH of who needs them and of `program`, then where ld.so.conf(5) says.
[[nodiscard]] NeededLibraries needed_libraries(const std::filesystem::path& program);

}  // namespace stent::elf
