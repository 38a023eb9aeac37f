#include "binary/arch/x86_64/stack_effect.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace stent::x86_64 {
namespace {

using Kind = StackEffect::Kind;

StackEffect of(std::initializer_list<int> values) {
  Bytes code;
  for (const int value : values) code.push_back(static_cast<std::byte>(value));
  return stack_effect(code);
}

void expect(const StackEffect& effect, Kind kind, std::int64_t by, bool changes_frame_pointer) {
  EXPECT_EQ(effect.kind, kind);
  EXPECT_EQ(effect.by, by);
  EXPECT_EQ(effect.changes_frame_pointer, changes_frame_pointer);
}

TEST(StackEffect, OfWhatCompilersWrite) {
  expect(of({0x55}), Kind::moves, -8, false);                                    // push rbp
  expect(of({0x41, 0x54}), Kind::moves, -8, false);                              // push r12
  expect(of({0x5d}), Kind::moves, 8, true);                                      // pop rbp
  expect(of({0x5b}), Kind::moves, 8, false);                                     // pop rbx
  expect(of({0x48, 0x83, 0xec, 0x18}), Kind::moves, -0x18, false);               // sub rsp, 0x18
  expect(of({0x48, 0x81, 0xc4, 0, 1, 0, 0}), Kind::moves, 0x100, false);         // add rsp, 0x100
  expect(of({0x48, 0x83, 0xec, 0x80}), Kind::moves, 0x80, false);                // sub rsp, -0x80
  expect(of({0x48, 0x8d, 0x64, 0x24, 0x10}), Kind::moves, 0x10, false);          // lea rsp, [rsp + 0x10]
  expect(of({0x48, 0x8d, 0x65, 0xe0}), Kind::from_frame_pointer, -0x20, false);  // lea rsp, [rbp - 0x20]
  expect(of({0xc9}), Kind::from_frame_pointer, 8, true);                         // leave
  expect(of({0x48, 0x89, 0xec}), Kind::from_frame_pointer, 0, false);            // mov rsp, rbp
  expect(of({0x48, 0x89, 0xe5}), Kind::moves, 0, true);                          // mov rbp, rsp
  expect(of({0xe8, 0, 0, 0, 0}), Kind::moves, 0, false);                         // call
  expect(of({0xc3}), Kind::moves, 0, false);                                     // ret
  expect(of({0x48, 0x8b, 0x45, 0x08}), Kind::moves, 0, false);                   // mov rax, [rbp + 8]
  expect(of({0xbd, 1, 0, 0, 0}), Kind::moves, 0, true);                          // mov ebp, 1
}

TEST(StackEffect, OfWhatSwitchesStacksIsUnknown) {
  EXPECT_EQ(of({0x48, 0x8b, 0x27}).kind, Kind::unknown);        // mov rsp, [rdi]
  EXPECT_EQ(of({0x48, 0x89, 0xc4}).kind, Kind::unknown);        // mov rsp, rax
  EXPECT_EQ(of({0x48, 0x83, 0xe4, 0xf0}).kind, Kind::unknown);  // and rsp, -16
  EXPECT_EQ(of({0x5c}).kind, Kind::unknown);                    // pop rsp
  EXPECT_EQ(of({0x48, 0x94}).kind, Kind::unknown);              // xchg rsp, rax
  EXPECT_EQ(of({0x48, 0x29, 0xc4}).kind, Kind::unknown);        // sub rsp, rax
  EXPECT_EQ(of({0x06}).kind, Kind::unknown);                    // no instruction
}

}  // namespace
}  // namespace stent::x86_64
