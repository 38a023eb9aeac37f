#include <algorithm>
#include <cstring>

#include "binary/elf/debug_file.hpp"
#include "binary/model/image_builder.hpp"

namespace stent::model {

namespace {

bool has_symbol_table(const elf::File& file) {
  return std::any_of(file.sections().begin(), file.sections().end(), [](const elf::Section& section) {
    return section.type == SHT_SYMTAB && !section.data.empty();
  });
}

std::vector<std::filesystem::path> roots_of(const DebugSearch& search) {
  auto roots = search.roots;
  if (search.system_paths) roots.emplace_back("/usr/lib/debug");
  return roots;
}

}  // namespace

Image load_image(const std::filesystem::path& path, const DebugSearch& search) {
  const elf::File file(path);
  if (file.type() != ET_EXEC && file.type() != ET_DYN)
    throw Error(ErrorCode::bad_input, path.string() + " is not a linked program or shared library",
                "give the file that the target runs");
  Image image;
  image.path = path;
  image.debug_file = path;
  image.debug_roots = search.roots;
  image.build_id = file.build_id();
  read_segments(file, image);
  read_dynamic_relocations(file, image);
  read_plt(file, image);
  read_function_extents(file, image);
  if (has_symbol_table(file)) {
    read_image_symbols(file, image);
  } else if (const auto debug = elf::find_debug_file(file, roots_of(search))) {
    image.debug_file = *debug;
    read_image_symbols(elf::File(*debug), image);
  } else {
    read_image_symbols(file, image);
  }
  return image;
}

namespace {

/// `bytes` without what stripping changes in an ELF header at its start: where the section headers are.
Bytes without_section_headers(Bytes bytes) {
  if (bytes.size() < sizeof(Elf64_Ehdr) || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) return bytes;
  auto header = load<Elf64_Ehdr>(bytes, 0);
  header.e_shoff = 0;
  header.e_shnum = header.e_shstrndx = 0;
  store(bytes, 0, header);
  return bytes;
}

}  // namespace

void adopt_symbols(Image& image, const Image& twin) {
  const auto differ = [&](const std::string& how) {
    return Error(ErrorCode::mismatch,
                 twin.path.string() + " is not a twin of " + image.path.string() + ": " + how,
                 "rebuild the package with the toolchain and flags of the target");
  };
  if (image.segments.size() != twin.segments.size()) throw differ("another number of segments");
  for (std::size_t i = 0; i < image.segments.size(); ++i) {
    const ImageSegment& mine = image.segments[i];
    const ImageSegment& other = twin.segments[i];
    if (mine.memory != other.memory || mine.bytes.size() != other.bytes.size())
      throw differ("segment " + std::to_string(i) + " has another place or size");
    // The build-id note is the one thing that may differ: it also covers what is not loaded.
    const Bytes actual = without_section_headers(mine.bytes);
    Bytes expected = without_section_headers(other.bytes);
    const auto& id = twin.build_id.bytes;
    const auto note = std::search(expected.begin(), expected.end(), id.begin(), id.end());
    if (!id.empty() && id.size() == image.build_id.bytes.size() && note != expected.end())
      std::copy(image.build_id.bytes.begin(), image.build_id.bytes.end(), note);
    const auto at = std::mismatch(actual.begin(), actual.end(), expected.begin());
    if (at.first != actual.end())
      throw differ(
          "they differ at address " +
          std::to_string(mine.memory.begin.value + static_cast<std::uint64_t>(at.first - actual.begin())));
  }
  image.files = twin.files;
  image.symbols = twin.symbols;
  image.debug_file = twin.debug_file;
  image.debug_roots = twin.debug_roots;
}

}  // namespace stent::model
