// Messages for people: C++ names as they are written in the source.
#pragma once

#include <string>

namespace stent::cli {

/// `text` with every mangled name (_ZN3foo3barEi, clone suffixes too) replaced by what it stands for. Ids of
/// findings ("kind:_ZN3foo3barEi") stay as they are: they are for copying.
[[nodiscard]] std::string readable(const std::string& text);

/// The same for one name, with the mangled one behind it in brackets where it differs.
[[nodiscard]] std::string both_names(const std::string& name);

}  // namespace stent::cli
