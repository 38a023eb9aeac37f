// One translation unit as the build recorded it, its command reduced to what decides the code.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stent::compile {

struct RecordedUnit {
  std::filesystem::path directory;  ///< absolute; the compiler runs there
  std::filesystem::path source;     ///< absolute and canonical
  std::string source_argument;      ///< as the command names it
  /// Compiler and flags: no launcher, no source, no output options, no -c.
  std::vector<std::string> arguments;
  /// What differs from stent's own environment: NAME=VALUE, or NAME when not set.
  std::vector<std::string> environment;
  bool is_link_time_optimised = false;
  /// What the recorded command writes; only where that is linked again: with link-time optimisation, compiled
  /// by a command of its own.
  std::filesystem::path object{};

  auto operator<=>(const RecordedUnit&) const = default;
};

/// The command to run with `actions` ("-c", "-o", ...), as words.
[[nodiscard]] std::vector<std::string> command_of(const RecordedUnit& unit,
                                                  const std::vector<std::string>& actions);
/// For messages: quoted so that a shell takes it.
[[nodiscard]] std::string show_command(const std::vector<std::string>& words);

}  // namespace stent::compile
