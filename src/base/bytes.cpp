#include "base/bytes.hpp"

namespace stent {

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

namespace {

unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  throw Error(ErrorCode::bad_input, std::string("'") + c + "' is no lower-case hexadecimal digit",
              "the input is damaged; make it again");
}

}  // namespace

Bytes from_hex(const std::string& text) {
  if (text.size() % 2 != 0)
    throw Error(ErrorCode::bad_input, "odd number of hexadecimal digits",
                "the input is damaged; make it again");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(digit_value(text[i]) << 4 | digit_value(text[i + 1])));
  return bytes;
}

}  // namespace stent
