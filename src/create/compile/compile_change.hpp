// From a recorded build and a diff to pairs of objects: the affected units, compiled before and after the
// change.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "create/compile/object_pair.hpp"
#include "create/compile/tree_view.hpp"

namespace stent::compile {

struct CompileRequest {
  std::filesystem::path compile_commands;
  std::vector<std::string> build_command;  ///< run and observed instead, when given
  std::filesystem::path build_directory;   ///< where the build runs
  std::filesystem::path diff;
  std::optional<std::filesystem::path>
      source_root;                       ///< what the diff's paths are relative to; found when not given
  std::filesystem::path work_directory;  ///< the caller's; the objects live below it until its next use
  unsigned jobs = 1;
  std::vector<std::string> extra_flags;  ///< put behind the recorded ones
  Isolation isolation = Isolation::automatic;
};

/// Compiles every unit the diff affects (as source, or through the headers its compiler reads), old and new,
/// with the recorded flags and -ffunction-sections -fdata-sections. The tree must hold the old source and is
/// only read. Every hunk is accounted for; a diff that affects no unit gives no pairs. Throws `bad_input`
/// (diff, commands), `refused` (the diff does not match the tree, or is in it already), `unsupported`
/// (-flto), `build_failed` (with the compiler's words and command).
[[nodiscard]] CompiledChange compile_change(const CompileRequest& request);

}  // namespace stent::compile
