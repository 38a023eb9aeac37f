// The shared libraries that the dynamic loader brings in with a program.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace stent::elf {

/// The files of all that `program` needs (DT_NEEDED, and what those need), as this machine has them: searched
/// by DT_RPATH and DT_RUNPATH of who needs them and of `program`, then where ld.so.conf(5) says. Empty when
/// one of them is not found or cannot be read.
[[nodiscard]] std::optional<std::vector<std::filesystem::path>> needed_libraries(
    const std::filesystem::path& program);

}  // namespace stent::elf
