// A whole file as a string, and back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace stent::compile {

/// Throws `bad_input` naming the path when it cannot be read.
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
/// Creates missing directories. Throws `internal` when it cannot be written.
void write_text(const std::filesystem::path& path, std::string_view text);

}  // namespace stent::compile
