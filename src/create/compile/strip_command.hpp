// Reducing a recorded compiler command to the flags that decide the code.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

struct StrippedCommand {
  std::vector<std::string> arguments;  ///< compiler first
  std::string source_argument;
  bool is_link_time_optimised = false;
  bool links = false;  ///< the command makes a program or library of the source in one go
  std::string output;  ///< as the command names it; empty when it does not
};

/// Removes launchers (ccache, distcc, ...), output and dependency options, coverage, linker inputs and the
/// source. `file` is the entry's source, `directory` what relative words are relative to; `words` has no
/// @file left. Nothing when the command compiles no code: a link of objects only, -E, -M, -fsyntax-only.
/// Throws `bad_input` when the command does not name `file`.
[[nodiscard]] std::optional<StrippedCommand> strip_command(const std::vector<std::string>& words,
                                                           const std::string& file,
                                                           const std::filesystem::path& directory);

/// The unit of a command that ran in `directory` with `environment`; `source` is canonical.
[[nodiscard]] RecordedUnit recorded_unit(StrippedCommand command, const std::filesystem::path& directory,
                                         const std::filesystem::path& source,
                                         std::vector<std::string> environment);

/// The command itself, behind ccache, distcc, env and the like.
[[nodiscard]] std::vector<std::string> without_launcher(const std::vector<std::string>& words);

/// Whether a file of this name is compiled by a C-family compiler (or assembled).
[[nodiscard]] bool is_source_name(const std::filesystem::path& path);

}  // namespace stent::compile
