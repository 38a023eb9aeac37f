// Watching a build: every compiler it runs, with its directory and environment.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stent::compile {

/// One compiler that a build executed.
struct ObservedCommand {
  std::filesystem::path directory;       ///< absolute; where it ran
  std::vector<std::string> words;        ///< @file arguments replaced by their contents
  std::vector<std::string> environment;  ///< what compilers read: NAME=VALUE, or NAME when not set
};

/// Runs `command` in `directory` and follows everything it starts (ptrace(2): exec events only, so it runs at
/// its own speed), whatever tool runs the compiler and by whatever path. What a compiler, ccache or distcc
/// runs itself is not listed again. The build's output goes to standard error. Throws `bad_input` when the
/// command cannot be run, `build_failed` when it fails, `not_permitted` when processes may not be traced
/// here.
[[nodiscard]] std::vector<ObservedCommand> observe_build(const std::vector<std::string>& command,
                                                         const std::filesystem::path& directory);

/// Whether a program of this name compiles C or C++ (cc, gcc-12, x86_64-linux-gnu-g++, clang++-16), or
/// launches one that does (ccache).
[[nodiscard]] bool is_compiler_name(const std::string& name);

}  // namespace stent::compile
