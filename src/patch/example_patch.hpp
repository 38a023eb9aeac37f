// A small patch that uses every part of the format, for tests.
#pragma once

#include "base/bytes_of.hpp"
#include "patch/patch.hpp"

namespace stent::patch {

/// CIE, one FDE over [0, 16) of the code at 0x1000 and the terminator; stands at 0x2010.
inline Bytes example_frames() {
  Bytes bytes = bytes_of({0x14, 0,    0,    0, 0,    0,   0, 0, 1,    'z', 'R', 0,
                          1,    0x78, 0x10, 1, 0x1b, 0xc, 7, 8, 0x90, 1,   0,   0,  //
                          0x14, 0,    0,    0, 0x1c, 0,   0, 0});
  const auto begin = static_cast<std::uint32_t>(0x1000 - (0x2010 + 32));
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::byte>(begin >> (8 * i)));
  const Bytes rest = bytes_of({16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

inline Image example_image(unsigned char seed) {
  Image image;
  image.module = {Bytes(20, static_cast<std::byte>(seed))};
  image.module_name = "server";
  Bytes code = bytes_of({0xe8, 0,    0, 0, 0, 0x48, 0x8d, 0x05, 0, 0, 0, 0, 0xc3, 0xcc, 0xcc, 0xcc,  // f
                         0xff, 0x25, 0, 0, 0, 0});                                                   // stub
  Bytes constants = bytes_of({'h', 'i', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const Bytes frames = example_frames();
  constants.insert(constants.end(), frames.begin(), frames.end());
  const Bytes header = bytes_of({1, 0x1b, 3, 0x3b, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  constants.insert(constants.end(), header.begin(), header.end());
  image.eh_frame = {{0x2010}, frames.size()};
  image.eh_frame_hdr = {{0x2010 + frames.size()}, header.size()};
  image.segments.push_back({SegmentKind::code, {0x1000}, std::move(code), 22});
  image.segments.push_back({SegmentKind::constants, {0x2000}, constants, constants.size()});
  image.segments.push_back({SegmentKind::data, {0x3000}, Bytes(8, std::byte{7}), 64});
  image.symbols = {{"f", {0x1000}, 16, true, false},
                   {"stub.puts", {0x1010}, 6, true, true},
                   {"counter", {0x3000}, 8, false, true}};
  image.bindings = {{"old_callee", ModuleAddress{{0x4010}}},
                    {"counter", OwnImage{{0x3000}}},
                    {"puts@got", ModuleAddress{{0x7ff8}}},
                    {"environ", DynamicSymbol{"GLIBC_2.2.5", true}},
                    {"per_thread", ThreadOffset{24}},
                    {"elsewhere", OtherModule{{Bytes(20, std::byte{0x77})}, {0x9000}}},
                    {"thread-local module", ThreadModule{}},
                    {"shadow", ShadowTable{}},
                    {"chosen", ChosenFunction{{0x4040}}}};
  using x86_64::RelocationType;
  image.relocations = {{{0x1001}, RelocationType::plt32, 0, -4},
                       {{0x1008}, RelocationType::pc32, 1, -4},
                       {{0x1012}, RelocationType::pc32, 2, -4},
                       {{0x2008}, RelocationType::abs64, 3, 0},
                       {{0x3000}, RelocationType::tpoff64, 4, 0}};
  image.replaced = {{"f",
                     {{{{0x1130}, 4}, bytes_of({0x55, 0x48, 0x89, 0xe5})},
                      {{{0x900}, 1}, bytes_of({0xc3})},
                      {{{0xa00}, 9}, bytes_of({0, 0x20, 0, 0, 0, 0, 0, 0, 0xc3})}},
                     {0x1000},
                     {{{0x1000}, 16}},
                     {{{0xa00}, true}},
                     {{{{0x1150}, 5}, bytes_of({0x0f, 0x1f, 0x44, 0, 0})}},
                     0x1f}};
  image.variables = {
      {"server.c: data counter.#", {"function f"}, {0x3000}, 8, 8, 0x1234, 0xffff'ffff'0000'0001}};
  image.relies_on = {{"old_callee", {0x4010}, 0x4}};
  image.unwind = UnwindNeed::required;
  image.own_unwinder = OwnUnwinder{{0x5000}, {0x5100}};
  image.hooks = {{HookKind::pre_apply, "stent_pre_apply", {0x1000}},
                 {HookKind::post_revert, "stent_post_revert", {0x1010}}};
  return image;
}

inline Patch example_patch() {
  Patch patch;
  patch.name = "fix";
  patch.description = "CVE-0000-0000: a \"quoted\" text, é";
  patch.toolchain = "gcc 12.2.0, stent 0.1.0";
  patch.created = 1700000000;
  patch.images = {example_image(0xab), example_image(0xcd)};
  patch.images[0].alternatives = patch.images[1].alternatives = 0;
  patch.images[1].bindings.push_back({"f of the first image", OtherImage{0, {0x1000}}});
  patch.images[1].relocations.back() = {{0x3000}, x86_64::RelocationType::abs64, 7, 0};
  patch.debug = {{".debug_str", bytes_of({'m', 'a', 'i', 'n', 0})}};
  patch.findings = {
      {"static-initialiser", "review", "the initial value of 'n' changed", "ok, said the author"}};
  return patch;
}

}  // namespace stent::patch
