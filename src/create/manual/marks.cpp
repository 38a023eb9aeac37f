#include "create/manual/marks.hpp"

#include <set>

#include "binary/elf/elf_file.hpp"

namespace stent::manual {
namespace {

constexpr auto kHint = "mark functions and names with the macros of stent/patch.h";

std::vector<std::string> strings_of(ByteView data) {
  std::vector<std::string> strings;
  std::string text;
  for (const std::byte byte : data) {
    if (byte != std::byte{}) {
      text += std::to_integer<char>(byte);
    } else {
      strings.push_back(std::move(text));
      text.clear();
    }
  }
  return strings;
}

}  // namespace

Marks read_marks(const std::filesystem::path& object) {
  const elf::File file(object);
  Marks marks;
  std::set<std::string> names;
  const elf::Section* section = file.section(".stent.marks");
  const auto strings = section == nullptr ? std::vector<std::string>{} : strings_of(section->data);
  for (std::size_t i = 0; i + 4 <= strings.size(); i += 4) {
    const Mark mark{strings[i + 1], {strings[i + 2], strings[i + 3]}};
    if (!names.insert(mark.name).second)
      throw Error(ErrorCode::bad_input, mark.name + " is marked twice", kHint);
    (strings[i] == "replace" ? marks.replacements : marks.bindings).push_back(mark);
  }
  if (marks.replacements.empty())
    throw Error(ErrorCode::bad_input, object.filename().string() + " marks no function as a replacement",
                kHint);
  return marks;
}

}  // namespace stent::manual
