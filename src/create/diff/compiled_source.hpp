// For tests: C text compiled into the model of its object.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "binary/model/object.hpp"

namespace stent::diff {

/// A compiler and its optimisation level.
struct Toolchain {
  std::string compiler;
  std::string level;
};

/// Compiles `source` as unit.c in a directory of its own, which is removed again. Throws when it does not
/// compile.
inline model::Object compile(const Toolchain& toolchain, const std::string& source,
                             const std::string& flags = {}) {
  std::string name = (std::filesystem::temp_directory_path() / "stent-diff-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  const std::filesystem::path folder = name;
  std::ofstream(folder / "unit.c") << source;
  const std::string command = "cd " + name + " && " + toolchain.compiler + " " + toolchain.level +
                              " -g -w -ffunction-sections -fdata-sections " + flags + " -c unit.c -o unit.o";
  const int status = std::system(command.c_str());
  if (status != 0) {
    std::filesystem::remove_all(folder);
    throw std::runtime_error("failed: " + command);
  }
  model::Object object = model::load_object(folder / "unit.o");
  std::filesystem::remove_all(folder);
  return object;
}

}  // namespace stent::diff
