// Where gcc finds the profile of a unit whose object is written elsewhere.
#pragma once

#include <string>
#include <vector>

namespace stent::compile {

/// gcc names the profile that -fprofile-use reads after the output: the words that keep the recorded name,
/// and that let a function which no longer fits its profile be compiled without it. Empty for commands
/// without such a profile, and for clang, whose commands name the file.
/// `arguments` have the compiler first; `output` is as the command names it, empty when it does not.
[[nodiscard]] std::vector<std::string> profile_flags(const std::vector<std::string>& arguments,
                                                     const std::string& source, const std::string& output,
                                                     bool links);

}  // namespace stent::compile
