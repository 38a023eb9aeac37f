// What the recorded-build front end is asked for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "create/compile/tree_view.hpp"

namespace stent::compile {

struct CompileRequest {
  std::filesystem::path compile_commands;
  std::vector<std::string> build_command;      ///< run and observed instead, when given
  std::filesystem::path build_directory;       ///< where the build runs
  std::string link_command;                    ///< beside compile commands: how the target was linked
  std::vector<std::filesystem::path> targets;  ///< what the change is for, as they lie on disk
  std::filesystem::path diff;
  std::optional<std::filesystem::path>
      source_root;                       ///< what the diff's paths are relative to; found when not given
  std::filesystem::path work_directory;  ///< the caller's; the objects live below it until its next use
  unsigned jobs = 1;
  std::vector<std::string> extra_flags;  ///< put behind the recorded ones
  Isolation isolation = Isolation::automatic;
};

}  // namespace stent::compile
