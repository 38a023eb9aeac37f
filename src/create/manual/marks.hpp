// The marks that stent/patch.h leaves in an object.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stent::manual {

/// A symbol of the target, and the file it is in where the mark names one.
struct TargetName {
  std::string symbol;
  std::string file;
};

/// `name` of the object stands for something of the target.
struct Mark {
  std::string name;
  TargetName target;
};

struct Marks {
  std::vector<Mark> replacements;  ///< functions the object defines
  std::vector<Mark> bindings;      ///< symbols the object leaves undefined
};

/// Throws `bad_input` when the object replaces nothing, or marks a name twice.
[[nodiscard]] Marks read_marks(const std::filesystem::path& object);

}  // namespace stent::manual
