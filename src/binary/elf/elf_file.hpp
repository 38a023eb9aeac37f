// One ELF64 x86-64 file in memory: sections, symbols, relocations, segments, notes (over libelf).
#pragma once

#include <libelf.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/build_id.hpp"
#include "base/bytes.hpp"

namespace stent::elf {

struct Section {
  std::uint32_t index = 0;
  std::string name;
  std::uint32_t type = 0;
  std::uint64_t flags = 0;
  LinkAddress address;
  FileOffset offset;
  std::uint64_t size = 0;
  std::uint32_t link = 0;
  std::uint32_t info = 0;
  std::uint64_t alignment = 1;
  std::uint64_t entry_size = 0;
  ByteView data;  ///< empty for SHT_NOBITS; points into the File
};

struct Segment {
  std::uint32_t type = 0;
  std::uint32_t flags = 0;
  FileOffset offset;
  LinkRange memory;
  std::uint64_t file_size = 0;
  std::uint64_t alignment = 1;
};

/// A symbol table entry as it stands.
struct RawSymbol {
  std::string name;
  std::uint64_t value = 0;
  std::uint64_t size = 0;
  std::uint32_t section = 0;  ///< SHN_XINDEX already resolved; SHN_ABS, SHN_COMMON, SHN_UNDEF as they are
  std::uint8_t binding = 0, type = 0, visibility = 0;
};

struct RawRelocation {
  std::uint64_t offset = 0;
  std::uint32_t type = 0;
  std::uint32_t symbol = 0;
  std::int64_t addend = 0;
};

/// Owns the bytes of an ELF file and reads them with every bound checked.
class File {
 public:
  /// Reads the whole file. Throws `bad_input` when it is not an ELF64 little-endian x86-64 file or damaged,
  /// `unsupported` when it is ELF of another machine or class.
  explicit File(const std::filesystem::path& path);
  File(File&&) noexcept = default;
  File& operator=(File&&) noexcept = default;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] ByteView bytes() const { return bytes_; }
  [[nodiscard]] std::uint16_t type() const { return type_; }  ///< ET_REL, ET_EXEC, ET_DYN
  [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] const Section* section(const std::string& name) const;

  /// The entries of a SHT_SYMTAB or SHT_DYNSYM section, entry 0 included.
  [[nodiscard]] std::vector<RawSymbol> symbols(const Section& table) const;
  /// The entries of a SHT_RELA section. (x86-64 has no SHT_REL.)
  [[nodiscard]] std::vector<RawRelocation> relocations(const Section& table) const;
  [[nodiscard]] BuildId build_id() const;

  /// `size` bytes at a file offset; throws `bad_input` when they lie outside the file.
  [[nodiscard]] ByteView at(FileOffset offset, std::uint64_t size) const;
  [[nodiscard]] Error damaged(const std::string& what) const;

 private:
  struct ElfEnd {
    void operator()(Elf* elf) const { elf_end(elf); }
  };

  void read_sections();
  void read_segments();

  std::filesystem::path path_;
  Bytes bytes_;
  std::unique_ptr<Elf, ElfEnd> elf_;
  std::uint16_t type_ = 0;
  std::vector<Section> sections_;
  std::vector<Segment> segments_;
};

/// Reads a whole file; throws `bad_input` naming it when it cannot be read.
[[nodiscard]] Bytes read_file(const std::filesystem::path& path);

}  // namespace stent::elf
