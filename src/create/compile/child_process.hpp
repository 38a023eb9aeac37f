// Running compilers: several at once, each able to see the changed tree in place of the one on disk.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace stent::compile {

/// `first` is shown in the place of `second`; in this order.
using Mounts = std::vector<std::pair<std::string, std::string>>;

struct ChildCommand {
  std::vector<std::string> words;
  std::filesystem::path directory;            ///< also its $PWD, which compilers record
  std::filesystem::path output;               ///< takes standard output
  std::filesystem::path errors;               ///< takes standard error
  const Mounts* mounts = nullptr;             ///< made in a mount namespace of the child's own
  std::vector<std::string> environment = {};  ///< NAME=VALUE to set, NAME to unset
};

/// Runs all, at most `jobs` at once, and returns their exit statuses (128 + signal when killed; 126 when the
/// child could not be set up, 127 when the program cannot be run: `errors` then says why). On a throw all are
/// ended.
[[nodiscard]] std::vector<int> run_all(const std::vector<ChildCommand>& commands, unsigned jobs);

/// Whether this process may give its children mount namespaces of their own. Tried, not guessed.
[[nodiscard]] bool can_mount(const std::filesystem::path& work_directory);

}  // namespace stent::compile
