#include "create/bind/known_clobbers.hpp"

#include <gtest/gtest.h>

#include "base/bytes_of.hpp"

namespace stent::bind {
namespace {

/// An object of one function, whose last jump is to `place`, or to another unit.
model::Object object_of(Bytes code, std::uint32_t field, std::optional<model::Place> place) {
  model::Object object;
  model::Atom atom;
  atom.kind = model::AtomKind::code;
  atom.bytes = std::move(code);
  model::Reference jump;
  jump.offset = field;
  jump.type = x86_64::RelocationType::plt32;
  jump.place = place;
  atom.references = {jump};
  object.atoms = {atom};
  return object;
}

TEST(MayDestroy, EverythingOnceItLeavesByAJump) {
  const model::Function function{{}, {0}, {}};
  // mov eax, edi; jmp to another function
  const Bytes code = bytes_of({0x89, 0xf8, 0xe9, 0, 0, 0, 0});
  EXPECT_EQ(may_destroy(object_of(code, 3, std::nullopt), function), x86_64::call_clobbered());
  EXPECT_EQ(may_destroy(object_of(code, 3, model::Place{{1}, 0}), function), x86_64::call_clobbered());
  EXPECT_EQ(x86_64::names_of(may_destroy(object_of(code, 3, model::Place{{0}, 0}), function)), "rax")
      << "to its own begin";
  EXPECT_EQ(may_destroy(object_of(bytes_of({0xff, 0xe0}), 100, std::nullopt), function),
            x86_64::call_clobbered())
      << "jmp rax";
}

}  // namespace
}  // namespace stent::bind
