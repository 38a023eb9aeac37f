#include <algorithm>
#include <map>

#include "binary/model/image_builder.hpp"

namespace stent::model {

namespace {

std::uint64_t read_uleb(ByteView data, std::uint64_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = load<std::uint8_t>(data, at++);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

unsigned encoded_size(std::uint8_t encoding) {
  switch (encoding & 0x07) {
    case 2: return 2;
    case 3: return 4;
    default: return 8;
  }
}

/// The pointer encoding of a CIE's FDEs (augmentation 'R'); 0 (absolute) when it names none.
std::uint8_t pointer_encoding(ByteView data, std::uint64_t cie) {
  std::uint64_t at = cie + 9;  // length, id, version
  std::string augmentation;
  for (char c = 0; (c = load<char>(data, at++)) != 0;) augmentation += c;
  if (augmentation.empty() || augmentation[0] != 'z') return 0;
  read_uleb(data, at);
  read_uleb(data, at);
  read_uleb(data, at);  // return address register
  read_uleb(data, at);  // augmentation length
  for (const char c : augmentation.substr(1)) {
    if (c == 'R') return load<std::uint8_t>(data, at);
    if (c == 'L') ++at;
    if (c == 'P') {
      const auto encoding = load<std::uint8_t>(data, at++);
      at += encoded_size(encoding);
    }
  }
  return 0;
}

std::uint64_t read_encoded(ByteView data, std::uint64_t at, std::uint8_t encoding) {
  switch (encoding & 0x0f) {
    case 0x03: return load<std::uint32_t>(data, at);
    case 0x0b: return static_cast<std::uint64_t>(std::int64_t{load<std::int32_t>(data, at)});
    case 0x02: return load<std::uint16_t>(data, at);
    case 0x0a: return static_cast<std::uint64_t>(std::int64_t{load<std::int16_t>(data, at)});
    default: return load<std::uint64_t>(data, at);
  }
}

}  // namespace

void read_function_extents(const elf::File& file, Image& image) {
  const elf::Section* section = file.section(".eh_frame");
  if (section == nullptr) return;
  const ByteView data = section->data;
  std::map<std::uint64_t, std::uint8_t> encodings;
  for (std::uint64_t at = 0; at + 8 <= data.size();) {
    const auto length = load<std::uint32_t>(data, at);
    if (length == 0) {
      at += 4;
      continue;
    }
    if (length == 0xffffffff || length > data.size() - at - 4) throw file.damaged(".eh_frame");
    const auto pointer = load<std::uint32_t>(data, at + 4);
    if (pointer != 0 && pointer <= at + 4) {
      const std::uint64_t cie = at + 4 - pointer;
      const auto [known, is_new] = encodings.try_emplace(cie, std::uint8_t{0});
      if (is_new) known->second = pointer_encoding(data, cie);
      const std::uint8_t encoding = known->second;
      std::uint64_t begin = read_encoded(data, at + 8, encoding);
      if ((encoding & 0x70) == 0x10) begin += section->address.value + at + 8;
      const std::uint64_t size = read_encoded(data, at + 8 + encoded_size(encoding), encoding & 0x07);
      if (size != 0 && begin != 0) image.function_extents.push_back({{begin}, size});
    }
    at += 4 + length;
  }
  std::sort(image.function_extents.begin(), image.function_extents.end());
}

}  // namespace stent::model
