// A command of the build that links objects into a program or a library, so that it can be repeated
// elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "create/compile/observe_build.hpp"

namespace stent::compile {

struct RecordedLink {
  std::filesystem::path directory;       ///< absolute; the linker runs there
  std::vector<std::string> words;        ///< compiler first; without what names an output: -o, -Map, -MF, ...
  std::vector<std::string> environment;  ///< NAME=VALUE to set, NAME to unset
  std::filesystem::path output;          ///< absolute
};

/// Those of `commands` that link files which are still there, in their order.
[[nodiscard]] std::vector<RecordedLink> links_of(const std::vector<ObservedCommand>& commands);

}  // namespace stent::compile
