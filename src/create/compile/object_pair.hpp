// The outcome of every front end: pairs of old and new relocatable objects.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "create/compile/changed_tree.hpp"

namespace stent::compile {

/// One translation unit compiled before and after the change, with -ffunction-sections -fdata-sections.
struct ObjectPair {
  std::string source;  ///< as the build names it, e.g. "src/rdb.c"
  std::filesystem::path old_object;
  std::filesystem::path new_object;
  /// The same build recorded one source more than once (a.o, a.pic.o): units with equal `source` are
  /// alternatives, of which the one whose old object matches the target is taken.
  std::string command;  ///< the compile command, for messages
  /// Compiles the changed unit once more with these flags behind the recorded ones, and returns the object;
  /// throws `build_failed`. Empty where the objects were given.
  std::function<std::filesystem::path(const std::vector<std::string>& flags)> compile_again{};
};

/// A unit of the new build that the target may have been linked without.
struct SpareUnit {
  std::string source;  ///< as in `ObjectPair`
  std::filesystem::path object;
  std::string archive;                 ///< whose member it is; empty: an object of its own
  std::filesystem::path old_object{};  ///< before the change; empty: only the new build has it
};

/// Gives the units among which definitions of `names` are to be looked for.
using SpareFinder = std::function<std::vector<SpareUnit>(const std::set<std::string>& names)>;

/// What became of one hunk of the diff.
struct HunkAccount {
  std::string file;
  unsigned old_line = 0;
  enum class Fate { source, header, not_compiled, ignored } fate = Fate::ignored;
  std::vector<std::string> units;  ///< sources it affects
  std::string why;                 ///< e.g. "not part of any recorded compile command"
  bool needs_decision = false;     ///< the program may change in a way that compiling the units does not show
};

struct CompiledChange {
  std::vector<ObjectPair> pairs;
  std::vector<HunkAccount> hunks;
  std::vector<ChangedFile> files;  ///< of the diff, with their new text
  SpareFinder find_spares;
};

}  // namespace stent::compile
