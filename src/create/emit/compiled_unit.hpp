// For tests of emit: C text compiled into a unit whose atoms are all selected.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "create/emit/emit_test_world.hpp"

namespace stent::emit {

/// A directory of its own, removed at the end.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "stent-emit-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                             ::pclose);
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    text.append(buffer.data(), count);
  return text;
}

inline TestUnit compile_unit(const Scratch& scratch, const std::string& compiler, const std::string& flags,
                             const std::string& source) {
  const std::string c = scratch.file("unit.c", source), o = scratch.path("unit.o");
  const std::string said =
      output_of(compiler + " " + flags + " -ffunction-sections -fdata-sections -w -c " + c + " -o " + o);
  if (!std::filesystem::exists(o)) throw Error(ErrorCode::build_failed, said);
  TestUnit unit;
  unit.object = model::load_object(o);
  unit.select_all();
  return unit;
}

}  // namespace stent::emit
