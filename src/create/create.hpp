// Making a patch: the whole offline journey as one call.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "patch/patch.hpp"

namespace stent::create {

/// What to make a patch of. Either `explicit_pairs`, or `compile_commands` and `diff`.
struct Request {
  std::filesystem::path target;                     ///< the executable or shared object, as it runs
  std::vector<std::filesystem::path> debug_roots;   ///< searched before the system's debug files
  std::optional<std::filesystem::path> same_build;  ///< a rebuild with equal code, for its symbols
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> explicit_pairs;  ///< (old.o, new.o)
  std::filesystem::path compile_commands;
  std::filesystem::path diff;
  std::optional<std::filesystem::path> source_root;
  std::filesystem::path work_directory;  ///< the caller's; objects are compiled below it
  unsigned jobs = 1;
  std::string name;
  std::string description;
};

/// The patch, and what a person should know about how it came to be.
struct Outcome {
  std::optional<patch::Patch> patch;  ///< empty: nothing to change
  std::vector<std::string> notes;
};

/// Makes the patch and verifies it against the objects it was made from.
/// Throws `bad_input`, `build_failed`, `mismatch` (an old object is not what the target was built from),
/// `refused` (every reason in one message).
[[nodiscard]] Outcome create(const Request& request);

}  // namespace stent::create
