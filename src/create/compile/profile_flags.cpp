#include "create/compile/profile_flags.hpp"

#include <algorithm>
#include <filesystem>

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

bool reads_profile(const std::vector<std::string>& words) {
  return std::ranges::any_of(words, [](const std::string& word) {
    return word == "-fprofile-use" || word.starts_with("-fprofile-use=") || word == "-fbranch-probabilities";
  });
}

}  // namespace

std::vector<std::string> profile_flags(const std::vector<std::string>& arguments, const std::string& source,
                                       const std::string& output, bool links) {
  const bool is_clang = fs::path(arguments.front()).filename().string().find("clang") != std::string::npos;
  if (is_clang || !reads_profile(arguments)) return {};
  const fs::path file = fs::path(source).filename();
  const fs::path made = !output.empty() ? output : links ? "a" : file.stem().string() + ".o";
  const fs::path named = links ? file : made.filename();
  std::string before = made.has_parent_path() ? made.parent_path().string() + "/" : "./";
  if (links) before += made.filename().string() + "-";
  return {"-dumpdir",
          before,
          "-dumpbase",
          named,
          "-dumpbase-ext",
          named.extension(),
          "-Wno-error=coverage-mismatch"};
}

}  // namespace stent::compile
