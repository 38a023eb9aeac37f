// Units of a recorded build that the change does not touch, compiled when new code calls what they define.
#pragma once

#include <filesystem>
#include <vector>

#include "create/compile/compile_request.hpp"
#include "create/compile/object_pair.hpp"
#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

/// Compiles, when asked for names, those of `units` (which the change does not affect) whose source text has
/// one of the names as its source would write it; each once. A unit that does not compile, or that the build
/// compiles in several ways, is none. Objects lie below the request's work directory; `source` is relative to
/// `root`.
[[nodiscard]] SpareFinder spares_of_build(std::vector<RecordedUnit> units, const std::filesystem::path& root,
                                          const CompileRequest& request);

}  // namespace stent::compile
