#include "binary/elf/debug_file.hpp"

#include <array>
#include <cstring>

namespace stent::elf {

namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::optional<fs::path> by_build_id(const File& image, const std::vector<fs::path>& roots) {
  const BuildId id = image.build_id();
  if (id.bytes.size() < 2) return {};
  const std::string text = id.text();
  const fs::path tail = fs::path(".build-id") / text.substr(0, 2) / (text.substr(2) + ".debug");
  for (const fs::path& root : roots)
    for (const fs::path& candidate : {root / tail, root / "usr/lib/debug" / tail})
      if (is_file(candidate) && File(candidate).build_id() == id) return candidate;
  return {};
}

struct DebugLink {
  std::string name;
  std::uint32_t crc = 0;
};

std::optional<DebugLink> debug_link(const File& image) {
  const Section* section = image.section(".gnu_debuglink");
  if (section == nullptr || section->data.empty()) return {};
  const auto* text = reinterpret_cast<const char*>(section->data.data());
  const std::size_t length = strnlen(text, section->data.size());
  const std::size_t crc = (length + 4) & ~std::size_t{3};
  if (length == 0 || crc + 4 > section->data.size()) return {};
  return DebugLink{std::string(text, length), load<std::uint32_t>(section->data, crc)};
}

std::optional<fs::path> by_debug_link(const File& image, const std::vector<fs::path>& roots) {
  const auto link = debug_link(image);
  if (!link) return {};
  std::error_code ignored;
  const fs::path folder = fs::absolute(image.path(), ignored).parent_path();
  std::vector<fs::path> candidates{folder / link->name, folder / ".debug" / link->name};
  for (const fs::path& root : roots) {
    candidates.push_back(root / link->name);
    candidates.push_back(root / folder.relative_path() / link->name);
    candidates.push_back(root / "usr/lib/debug" / folder.relative_path() / link->name);
  }
  for (const fs::path& candidate : candidates) {
    if (!is_file(candidate) || fs::equivalent(candidate, image.path(), ignored)) continue;
    if (debug_link_crc(read_file(candidate)) == link->crc) return candidate;
  }
  return {};
}

}  // namespace

std::uint32_t debug_link_crc(ByteView file) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> rows{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0xedb88320 : value >> 1;
      rows[i] = value;
    }
    return rows;
  }();
  std::uint32_t crc = 0xffffffff;
  for (const std::byte b : file) crc = table[(crc ^ std::to_integer<std::uint32_t>(b)) & 255] ^ crc >> 8;
  return ~crc;
}

std::optional<fs::path> find_debug_file(const File& image, const std::vector<fs::path>& roots) {
  if (auto found = by_build_id(image, roots)) return found;
  return by_debug_link(image, roots);
}

}  // namespace stent::elf
