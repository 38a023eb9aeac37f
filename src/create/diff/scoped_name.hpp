// The parts of C++ names that say what a thing is, without those that drift between builds.
#pragma once

#include <optional>
#include <string>

namespace stent::diff {

/// "_ZZ1fvE1n.0" -> "_ZZ1fvE1n": clang splits a variable into its fields, and numbers those.
[[nodiscard]] std::string without_suffix(const std::string& mangled);

/// For a variable of a function (or its guard), "_ZZ1fiE1n": its scope and name without argument types, as in
/// "f::n" and "guard variable for f::n". Two overloads share it, and lambdas of one scope. Empty for all
/// other names.
[[nodiscard]] std::optional<std::string> static_local_name(const std::string& mangled);

/// For a function or variable of a lambda, or made for one, "_ZZ1fvENKUliE0_clEi": its name without the
/// ordinal that counts lambdas of one signature in one scope (gcc), or of the unit (clang). Empty for all
/// other names.
[[nodiscard]] std::optional<std::string> lambda_name(const std::string& mangled);

/// The name of the variable that "_ZGV..." guards; empty for all other names.
[[nodiscard]] std::optional<std::string> guarded_name(const std::string& mangled);

}  // namespace stent::diff
