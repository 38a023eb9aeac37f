// Command lines as words: shell quoting, and the @file arguments of compilers.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace stent::compile {

/// Splits as a POSIX shell does (quotes, backslashes), without expanding anything. Throws `bad_input` on an
/// unterminated quote, and on operators (`;`, `|`, `&`, `<`, `>`, `` ` ``, `$(`) outside quotes: those need a
/// shell.
[[nodiscard]] std::vector<std::string> split_shell(std::string_view command);

/// Replaces every @file by the words of that file (GCC's rules: blanks separate, quotes and backslashes
/// quote), relative to `directory`, nested ones too. An @word that names no file stays, as compilers have it.
[[nodiscard]] std::vector<std::string> expand_response_files(const std::vector<std::string>& arguments,
                                                             const std::filesystem::path& directory);

}  // namespace stent::compile
