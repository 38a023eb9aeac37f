// Reading compile_commands.json: the build as a list of recorded units.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

/// Parses a compilation database (https://clang.llvm.org/docs/JSONCompilationDatabase.html). Entries that
/// compile nothing or whose source is gone (configure's probes) are left out, equal ones are merged; order is
/// kept. `origin` is the database's path: relative directories are relative to it. Throws `bad_input` naming
/// the entry for anything that is not understood, and when no unit is left.
[[nodiscard]] std::vector<RecordedUnit> parse_compile_commands(std::string_view json,
                                                               const std::filesystem::path& origin);

}  // namespace stent::compile
