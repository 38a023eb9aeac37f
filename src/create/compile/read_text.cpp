#include "create/compile/read_text.hpp"

#include <fmt/format.h>

#include <fstream>

#include "base/error.hpp"

namespace stent::compile {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) in.setstate(std::ios::badbit);
  if (!in) in.setstate(std::ios::badbit);
  constexpr std::size_t step = 1 << 16;  // in /proc a file's size says nothing
  while (in) {
    const std::size_t known = text.size();
    text.resize(known + step);
    in.read(text.data() + known, step);
    text.resize(known + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad())
    throw Error(ErrorCode::bad_input, fmt::format("cannot read {}", path.string()),
                "check the path and its permissions");
  return text;
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) throw Error(ErrorCode::internal, fmt::format("cannot write {}", path.string()));
}

}  // namespace stent::compile
