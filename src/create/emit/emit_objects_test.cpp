// Emit on what gcc and clang really produce; GNU ld is the oracle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <tuple>

#include "create/emit/compiled_unit.hpp"
#include "create/emit/emit_image.hpp"
#include "create/emit/emit_test_world.hpp"
#include "create/emit/self_verify.hpp"
#include "patch/patch_file.hpp"

namespace stent::emit {
namespace {

using testing::Not;

bool exists(const std::string& compiler) { return !output_of("command -v " + compiler).empty(); }

constexpr const char* rich_source = R"(
extern int puts(const char*);
extern int known(int);
extern int known_data;
extern __thread int per_thread;
static int counter = 7;
static int zeroed[40];
static const char* const names[] = {"one", "two", "three"};
static __attribute__((noinline)) int inner(int x) { counter += x; return counter * zeroed[x & 31]; }
int chosen(int x) {
  switch (x) {
    case 0: return inner(3);
    case 1: puts("first"); return known(2);
    case 2: puts(names[counter % 3]); return 8;
    case 3: return known_data + 5;
    case 4: return inner(x) + known(9);
    case 5: return (int)(x * 1.5) + inner(8);
    case 6: per_thread++; return known_data;
    default: return chosen(x - 7);
  }
}
int (*table[])(int) = {chosen, inner, known};
double scaled(double x) { return x * 3.25 + counter; }
)";

class Compilers : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(Compilers, an_emitted_unit_verifies_and_tools_read_it) {
  const auto [compiler, optimisation, model] = GetParam();
  if (!exists(compiler)) GTEST_SKIP() << compiler << " is not installed";
  const Scratch scratch;
  const TestUnit unit = compile_unit(scratch, compiler, std::string(optimisation) + " " + model, rich_source);
  bind::BoundUnit bound = unit.bound();
  bound.replaced = {replaced(unit, "chosen", 0x401000)};
  bound.symbols[unit.symbol("puts")] = in_module("puts", 0x404018, bind::Access::slot);
  bound.symbols[unit.symbol("known")] = in_module("known", 0x401200);
  bound.symbols[unit.symbol("known_data")] = in_module("known_data", 0x405000);
  bound.symbols[unit.symbol("per_thread")] = thread_local_at("per_thread", 8);
  model::Image target;
  target.path = "/bin/server";
  target.build_id = {Bytes(20, std::byte{9})};
  const patch::Image image = emit_image(target, {bound});
  self_verify(image, {bound});
  EXPECT_EQ(emit_image(target, {bound}), image) << "not deterministic";

  patch::Patch patch;
  patch.images = {image};
  patch::write_patch(patch, scratch.path("a.stent"));
  for (const std::string tool : {"readelf -aW ", "readelf --debug-dump=frames ", "objdump -dr "})
    EXPECT_THAT(output_of("LC_ALL=C " + tool + scratch.path("a.stent")),
                Not(testing::ContainsRegex("[Ww]arning|[Ee]rror:|[Ii]nvalid|[Cc]orrupt")))
        << tool;
}

TEST_P(Compilers, the_search_table_of_frames_is_sorted_and_leads_to_every_function_and_stub) {
  const auto [compiler, optimisation, model] = GetParam();
  if (!exists(compiler)) GTEST_SKIP() << compiler << " is not installed";
  const Scratch scratch;
  const TestUnit unit = compile_unit(
      scratch, compiler, std::string(optimisation) + " " + model,
      "int puts(const char*); int f(int x) { return puts(\"f\") + x; } int g(int x) { return f(x) * 2; }");
  bind::BoundUnit bound = unit.bound();
  bound.symbols[unit.symbol("puts")] = in_module("puts", 0x404018, bind::Access::slot);
  const patch::Image image = emit_image({}, {bound});
  self_verify(image, {bound});
  const patch::Segment& constants = image.segments.at(1);
  const auto word = [&](PatchAddress at) {
    return load<std::int32_t>(constants.bytes, static_cast<std::uint64_t>(at - constants.address));
  };
  const PatchAddress header = image.eh_frame_hdr.begin;
  EXPECT_EQ(header + 4 + word(header + 4), image.eh_frame.begin);
  const auto count = word(header + 8);
  ASSERT_EQ(count, 3);  // f, g, stubs
  EXPECT_EQ(word(image.eh_frame.end() - 4), 0);
  std::vector<PatchAddress> found;
  for (std::int32_t i = 0; i < count; ++i) {
    const PatchAddress code = header + word(header + 12 + i * 8), fde = header + word(header + 16 + i * 8);
    EXPECT_EQ(fde + 8 + word(fde + 8), code);
    EXPECT_EQ(word(fde + 4 - word(fde + 4) + 4), 0) << "not a CIE";
    found.push_back(code);
  }
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
  EXPECT_THAT(found, testing::IsSupersetOf({symbol_of(image, "f").address, symbol_of(image, "g").address}));
  const PatchAddress last_fde = header + word(header + 16 + 2 * 8);
  EXPECT_GE(found.back() + word(last_fde + 12), symbol_of(image, "stub.puts").address + 6);
}

constexpr const char* plain_source = R"(
extern int known(int);
extern int known_data;
static int counter = 7;
static long zeroed[40];
__attribute__((noinline)) static int inner(int x) { counter += x; return counter * (int)zeroed[x & 31]; }
int outer(int x) { return inner(known(x)) + known_data; }
int* pointers[] = {&counter, &known_data, &counter};
int (*const handlers[])(int) = {outer, inner, known};
)";

/// Without -fPIC: there ld rewrites GOT forms, and the patch keeps them.
class AgainstGnuLd : public Compilers {};

TEST_P(AgainstGnuLd, the_linked_bytes_are_those_of_gnu_ld_at_the_same_addresses) {
  const auto [compiler, optimisation, model] = GetParam();
  if (!exists(compiler)) GTEST_SKIP() << compiler << " is not installed";
  const Scratch scratch;
  const TestUnit unit =
      compile_unit(scratch, compiler, std::string(optimisation) + " " + model, plain_source);
  bind::BoundUnit bound = unit.bound();
  bound.symbols[unit.symbol("known")] = in_module("known", 0x401200);
  bound.symbols[unit.symbol("known_data")] = in_module("known_data", 0x405000);
  const patch::Image image = emit_image({}, {bound});
  const PatchBase base{{0x20000000}};
  std::vector<std::uint64_t> values;
  for (const patch::Binding& binding : image.bindings)
    values.push_back(std::holds_alternative<patch::OwnImage>(binding.where)
                         ? base.to_remote(std::get<patch::OwnImage>(binding.where).address).value
                         : std::get<patch::ModuleAddress>(binding.where).address.value);
  const auto linked = link::link(image, base, values);

  std::string script = "known = 0x401200; known_data = 0x405000; SECTIONS {\n";
  std::vector<std::pair<std::string, RemoteRange>> sections;
  for (const model::Atom& atom : unit.object.atoms) {
    if (atom.name.empty()) continue;
    const RemoteRange range = base.to_remote(PatchRange{symbol_of(image, atom.name).address, atom.size});
    script += atom.section + " " + std::to_string(range.begin.value) + " : { *(" + atom.section + ") }\n";
    if (!atom.bytes.empty()) sections.emplace_back(atom.section, range);
  }
  const std::string said = output_of("ld --no-relax -static -e outer -o " + scratch.path("out") + " -T " +
                                     scratch.file("script", script + "}\n") + " " + scratch.path("unit.o"));
  ASSERT_TRUE(std::filesystem::exists(scratch.path("out"))) << said << script;
  ASSERT_GE(sections.size(), 5u);
  for (const auto& [section, range] : sections) {
    output_of("objcopy -O binary --only-section=" + section + " " + scratch.path("out") + " " +
              scratch.path("bin"));
    std::ifstream in(scratch.path("bin"), std::ios::binary);
    const std::string expected((std::istreambuf_iterator<char>(in)), {});
    ASSERT_EQ(expected.size(), range.size) << section;
    for (const link::LinkedSegment& segment : linked) {
      const RemoteRange whole{segment.address, segment.bytes.size()};
      if (!whole.contains(range.begin)) continue;
      const ByteView mine = ByteView(segment.bytes)
                                .subspan(static_cast<std::size_t>(range.begin - segment.address), range.size);
      EXPECT_EQ(to_hex(mine), to_hex(as_bytes(expected))) << section;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Compilers,
                         testing::Combine(testing::Values("gcc", "clang-16"), testing::Values("-O0", "-O2"),
                                          testing::Values("-fPIE", "-fPIC -ftls-model=initial-exec",
                                                          "-fno-pie")),
                         NameOfWords{});
INSTANTIATE_TEST_SUITE_P(All, AgainstGnuLd,
                         testing::Combine(testing::Values("gcc", "clang-16"), testing::Values("-O0", "-O2"),
                                          testing::Values("-fPIE", "-fno-pie")),
                         NameOfWords{});

}  // namespace
}  // namespace stent::emit
