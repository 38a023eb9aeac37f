// Patches built by hand against a target program, without the creating wing.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>

#include "binary/model/image.hpp"
#include "patch/patch.hpp"

namespace stent::test {

inline Bytes code(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// `mov eax, value; ret`
inline Bytes returning(int value) { return code({0xb8, value, 0, 0, 0, 0xc3}); }

/// A patch of one image that replaces `function` of the program by `replacement`.
inline patch::Patch replacing(const model::Image& program, const std::string& function,
                              const Bytes& replacement, const std::string& name) {
  const auto symbol = std::ranges::find(program.symbols, function, &model::ImageSymbol::name);
  if (symbol == program.symbols.end()) throw std::runtime_error("no symbol " + function);
  const LinkRange range{symbol->address, symbol->size};
  patch::Image image;
  image.module = program.build_id;
  image.module_name = "answers";
  image.segments.push_back({patch::SegmentKind::code, {0}, replacement, replacement.size()});
  image.symbols.push_back({function, {0}, replacement.size(), true, false});
  image.replaced.push_back(
      {function, {{range, program.read(range.begin, range.size).value()}}, {0}, {{{0}, replacement.size()}}});
  patch::Patch patch;
  patch.name = name;
  patch.description = "made for a test";
  patch.images.push_back(image);
  patch.id.bytes = Bytes(20);
  for (std::size_t i = 0; i < name.size(); ++i)
    patch.id.bytes[i % 20] ^= static_cast<std::byte>(static_cast<unsigned char>(name[i]) + i);
  return patch;
}

}  // namespace stent::test
