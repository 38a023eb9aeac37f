#include "live/unwind/frame_index.hpp"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <string_view>

namespace stent::unwind {
namespace {

/// Reads a little-endian integer of a DW_EH_PE format; empty for a format of variable length.
std::optional<std::int64_t> read_format(std::uint8_t encoding, const std::uint8_t* from,
                                        const std::uint8_t* end) {
  const auto fixed = [&]<class T>(T value) -> std::optional<std::int64_t> {
    if (static_cast<std::size_t>(end - from) < sizeof value) return {};
    std::memcpy(&value, from, sizeof value);
    return static_cast<std::int64_t>(value);
  };
  switch (encoding & 0x0f) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8: return fixed(std::int64_t{});
    case DW_EH_PE_udata4: return fixed(std::uint32_t{});
    case DW_EH_PE_sdata4: return fixed(std::int32_t{});
    default: return {};
  }
}

std::optional<std::size_t> format_size(std::uint8_t encoding) {
  const std::array<std::uint8_t, 8> zero{};
  if (!read_format(encoding, zero.data(), zero.data() + zero.size())) return {};
  const std::uint8_t format = encoding & 0x0f;
  return format == DW_EH_PE_udata4 || format == DW_EH_PE_sdata4 ? 4 : 8;
}

/// How the entries of a common part encode where their code begins (LSB Core, "Augmentation string").
std::optional<std::uint8_t> code_encoding(const Dwarf_CIE& cie) {
  std::string_view letters(cie.augmentation);
  if (letters.empty()) return DW_EH_PE_absptr;
  if (letters.front() != 'z') return {};
  const std::uint8_t* at = cie.augmentation_data;
  const std::uint8_t* const end = at + cie.augmentation_data_size;
  std::uint8_t encoding = DW_EH_PE_absptr;
  for (const char letter : letters.substr(1)) {
    if (letter == 'S' || letter == 'B') continue;
    if (at == end) return {};
    if (letter == 'R') {
      encoding = *at++;
    } else if (letter == 'L') {
      ++at;
    } else if (letter == 'P') {
      const auto size = format_size(*at++);
      if (!size || static_cast<std::size_t>(end - at) < *size) return {};
      at += *size;
    } else {
      return {};
    }
  }
  return encoding;
}

/// Walks one .eh_frame.
class Indexer {
 public:
  Indexer(ByteView section, RemoteAddress at, RemoteAddress base) : section_(section), at_(at), base_(base) {}

  std::optional<FrameIndex> run() {
    std::array<unsigned char, EI_NIDENT> identity{};
    identity[EI_CLASS] = ELFCLASS64;
    identity[EI_DATA] = ELFDATA2LSB;
    identity[EI_VERSION] = EV_CURRENT;
    Elf_Data data{};
    data.d_buf = const_cast<std::byte*>(section_.data());  // libdw only reads it
    data.d_size = section_.size();
    data.d_type = ELF_T_BYTE;
    data.d_version = EV_CURRENT;
    Dwarf_Off offset = 0, next = 0;
    for (;; offset = next) {
      Dwarf_CFI_Entry entry;
      const int status = dwarf_next_cfi(identity.data(), &data, true, offset, &next, &entry);
      if (status > 0) break;  // the end, or the terminator
      if (status < 0 || next <= offset || !take(offset, next, entry)) return {};
    }
    std::ranges::sort(rows_, {}, &FrameIndexRow::code);
    return std::move(rows_);
  }

 private:
  bool take(Dwarf_Off offset, Dwarf_Off next, const Dwarf_CFI_Entry& entry) {
    if (dwarf_cfi_cie_p(&entry)) {
      const auto encoding = code_encoding(entry.cie);
      if (encoding) encodings_[offset] = *encoding;
      return encoding.has_value();
    }
    const auto encoding = encodings_.find(entry.fde.CIE_pointer);
    if (encoding == encodings_.end()) return false;
    const auto* section = reinterpret_cast<const std::uint8_t*>(section_.data());
    auto code = read_format(encoding->second, entry.fde.start, section + next);
    const std::uint8_t relative_to = encoding->second & 0xf0;
    if (!code || (relative_to != DW_EH_PE_pcrel && relative_to != DW_EH_PE_absptr)) return false;
    if (relative_to == DW_EH_PE_pcrel)
      *code += static_cast<std::int64_t>(at_.value) + (entry.fde.start - section);
    const std::int64_t from_base = *code - static_cast<std::int64_t>(base_.value);
    const std::int64_t description = (at_ + static_cast<std::int64_t>(offset)) - base_;
    if (!fits(from_base) || !fits(description)) return false;
    rows_.push_back({static_cast<std::int32_t>(from_base), static_cast<std::int32_t>(description)});
    return true;
  }

  static bool fits(std::int64_t value) {
    using Limits = std::numeric_limits<std::int32_t>;
    return value >= Limits::min() && value <= Limits::max();
  }

  ByteView section_;
  RemoteAddress at_, base_;
  std::map<Dwarf_Off, std::uint8_t> encodings_;  ///< of each common part, by its offset
  FrameIndex rows_;
};

}  // namespace

std::optional<FrameIndex> index_frames(ByteView eh_frame, RemoteAddress at, RemoteAddress base) {
  return Indexer(eh_frame, at, base).run();
}

}  // namespace stent::unwind
