// Which lines of which file a function of an object was compiled from.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace stent::dwarf {

struct SourceSpan {
  std::string file;  ///< as an absolute path
  unsigned first = 0, last = 0;
};

/// By symbol.
using SourceSpans = std::map<std::string, SourceSpan>;

/// From the declaration of each function to the last line of the same file that gave it code. Empty without
/// debug information. Throws `bad_input` when that is damaged.
[[nodiscard]] SourceSpans load_source_spans(const std::filesystem::path& path);

}  // namespace stent::dwarf
