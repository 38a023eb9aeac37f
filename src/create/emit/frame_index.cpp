#include "create/emit/frame_index.hpp"

#include <string>

namespace stent::emit {
namespace {

[[noreturn]] void damaged() {
  throw Error(ErrorCode::internal, "self-verify: the call frame descriptions are damaged");
}

std::uint64_t skip_leb(ByteView data, std::uint64_t at) {
  while ((load<std::uint8_t>(data, at++) & 0x80) != 0) {
  }
  return at;
}

/// The encoding of pc_begin (augmentation 'R'); DW_EH_PE_absptr when the CIE names none.
std::uint8_t pointer_encoding(ByteView cie) {
  constexpr std::uint64_t augmentation_at = 9;  // behind length, id and version
  std::uint64_t at = augmentation_at;
  std::string augmentation;
  for (char c = 0; (c = load<char>(cie, at++)) != 0;) augmentation += c;
  for (int i = 0; i < 4; ++i) at = skip_leb(cie, at);  // alignments, return address register, length
  for (const char c : augmentation) {
    if (c == 'R') return load<std::uint8_t>(cie, at);
    if (c == 'L') ++at;
    if (c == 'P') at += (load<std::uint8_t>(cie, at) & 7) == 3 ? 5U : 9U;
  }
  return 0;
}

RemoteAddress code_of(RemoteAddress fde, ByteView bytes, std::uint8_t encoding) {
  constexpr std::uint64_t pc_begin_at = 8;
  const bool is_short = (encoding & 7) == 3;
  const bool is_relative = (encoding & 0x70) == 0x10;
  if (is_relative && is_short) return fde + pc_begin_at + load<std::int32_t>(bytes, pc_begin_at);
  if (is_short) return {load<std::uint32_t>(bytes, pc_begin_at)};
  const auto value = load<std::uint64_t>(bytes, pc_begin_at);
  return {is_relative ? fde.value + pc_begin_at + value : value};
}

}  // namespace

std::map<RemoteAddress, LinkedFrame> index_frames(const patch::Image& image, const Trial& trial) {
  std::map<RemoteAddress, LinkedFrame> frames;
  if (image.eh_frame.size == 0) return frames;
  const RemoteAddress start = trial.at(image.eh_frame.begin);
  const Bytes section = trial.read(start, image.eh_frame.size);
  const auto entry_at = [&](std::uint64_t at) -> RemoteRange {
    if (at + 8 > section.size()) damaged();
    const auto length = load<std::uint32_t>(section, at);
    if (length < 4 || length > section.size() - at - 4) damaged();
    return {start + static_cast<std::int64_t>(at), length + 4};
  };
  for (std::uint64_t at = 0; at + 4 <= section.size() && load<std::uint32_t>(section, at) != 0;) {
    const RemoteRange entry = entry_at(at);
    const auto pointer = load<std::uint32_t>(section, at + 4);
    if (pointer != 0) {
      if (pointer > at + 4) damaged();
      const RemoteRange cie = entry_at(at + 4 - pointer);
      const std::uint8_t encoding = pointer_encoding(ByteView(section).subspan(at + 4 - pointer, cie.size));
      const RemoteAddress code = code_of(entry.begin, ByteView(section).subspan(at, entry.size), encoding);
      if (!frames.emplace(code, LinkedFrame{cie, entry}).second) damaged();
    }
    at += entry.size;
  }
  return frames;
}

}  // namespace stent::emit
