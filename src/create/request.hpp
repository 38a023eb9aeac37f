// What `create` is asked for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stent::create {

/// What to make a patch of: `explicit_pairs`, or two trees, or `diff` with `compile_commands` or
/// `build_command`.
struct Request {
  std::vector<std::filesystem::path> targets;      ///< builds of the executable or shared object, as they run
  std::vector<std::filesystem::path> debug_roots;  ///< searched before the system's debug files
  std::vector<std::filesystem::path> same_builds;  ///< rebuilds with equal code, for their symbols
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>>
      explicit_pairs;  ///< (old.o, new.o), (old.a, new.a)
  std::filesystem::path old_tree, new_tree;
  std::filesystem::path compile_commands;
  std::vector<std::string> build_command;  ///< run and observed in the current directory
  std::string link_command;                ///< beside compile commands: how the target was linked
  std::filesystem::path diff;
  std::optional<std::filesystem::path> source_root;
  std::filesystem::path manual_source;    ///< a manual patch (stent/patch.h), instead of all of the above
  std::vector<std::string> manual_flags;  ///< what it is compiled with
  std::filesystem::path work_directory;   ///< the caller's; objects are compiled below it
  unsigned jobs = 1;
  bool explain = false;
  std::vector<std::pair<std::string, std::string>> acknowledgements;  ///< (id of a finding, reason)
  std::optional<std::filesystem::path> report;  ///< where to write the review as a web page
  std::string name;
  std::string description;
  bool entry_by_entry = false;  ///< old and new code may run side by side: each function switches on its own
  bool debug_information = true;  ///< carry the new code's, for debuggers
};

}  // namespace stent::create
