// Faults planted into emitted images: writing the file or verifying it must notice every one.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "binary/arch/x86_64/decode.hpp"
#include "create/emit/compiled_unit.hpp"
#include "create/emit/emit_image.hpp"
#include "create/emit/emit_test_world.hpp"
#include "create/emit/self_verify.hpp"
#include "patch/patch_file.hpp"

namespace stent::emit {
namespace {

using x86_64::RelocationType;

constexpr const char* source = R"(
extern int puts(const char*);
extern int known(int);
extern int known_data;
extern void fatal(const char*) __attribute__((cold, noreturn));
extern __thread int per_thread;
static int counter = 7;
static int zeroed[40];
static const char* const names[] = {"one", "two", "three"};
static __attribute__((noinline)) int inner(int x) { counter += x; return counter * zeroed[x & 31]; }
static __attribute__((noinline)) int other(int x) { counter -= x; return counter + known(x); }
int host(int x) { if (x == 77) { puts("cold"); fatal(names[x % 3]); } return inner(x) + other(x); }
int chosen(int x) {
  switch (x) {
    case 0: return inner(3);
    case 1: puts("first"); return known(2);
    case 2: puts(names[counter % 3]); return 8;
    case 3: return known_data + 5;
    case 4: return other(x) + known(9);
    case 5: return (int)(x * 1.5) + inner(8);
    case 6: per_thread++; return known_data;
    default: return chosen(x - 7) + host(x);
  }
}
int (*table[])(int) = {chosen, inner, known, other};
)";

/// The emitted image, what it came from, and the target it is for.
struct World {
  TestUnit unit;
  bind::BoundUnit bound;
  model::Image target;
  patch::Image image;

  World(const Scratch& scratch, const std::string& compiler, const std::string& flags)
      : unit(compile_unit(scratch, compiler, flags, source)), bound(unit.bound()) {
    bound.symbols[unit.symbol("puts")] = in_module("puts", 0x404018, bind::Access::slot);
    bound.symbols[unit.symbol("known")] = in_module("known", 0x401200);
    bound.symbols[unit.symbol("fatal")] = dynamic("fatal");
    bound.symbols[unit.symbol("known_data")] = in_module("known_data", 0x405000);
    bound.symbols[unit.symbol("per_thread")] = thread_local_at("per_thread", 8);
    target.path = "/bin/server";
    target.build_id = {Bytes(20, std::byte{9})};
    model::ImageSegment code;
    code.memory = {{0x401000}, 0x1000};
    code.bytes = Bytes(0x1000, std::byte{0x90});
    code.executable = true;
    target.segments = {code};
    replace("chosen", 0x401000);
    replace("host", 0x401100);
    for (const std::uint64_t at : {0x401000U, 0x401040U, 0x401100U, 0x401140U, 0x401200U})
      target.function_extents.push_back({{at}, 0x30});
    image = emit_image(target, {bound});
  }

  void replace(const std::string& name, std::uint64_t address) {
    bind::BoundFunction function = replaced(unit, name, address);
    function.extents.clear();
    const auto& parts = unit.object[function.new_function].fragments;
    for (std::size_t i = 0; i <= parts.size(); ++i)
      function.extents.push_back({{{address + i * 0x40}, 0x30}, Bytes(0x30, std::byte{0x90})});
    bound.replaced.push_back(function);
  }

  /// As creating a patch does: written, read back, verified.
  [[nodiscard]] bool is_accepted(const patch::Image& mutant) const {
    try {
      patch::Patch patch;
      patch.images = {mutant};
      const patch::Image read = patch::parse(patch::serialise(patch)).images.at(0);
      self_verify(read, {bound});
      verify_target(read, {bound}, target);
      return true;
    } catch (const Error&) {
      return false;
    }
  }
};

struct Tally {
  const World& world;
  std::size_t planted = 0;
  std::vector<std::string> missed;

  void plant(const std::string& what, const std::function<void(patch::Image&)>& change) {
    patch::Image mutant = world.image;
    change(mutant);
    ++planted;
    if (world.is_accepted(mutant)) missed.push_back(what);
  }
};

void mutate_bytes(Tally& tally) {
  for (std::size_t s = 0; s < tally.world.image.segments.size(); ++s) {
    const Bytes& bytes = tally.world.image.segments[s].bytes;
    // Zeros may be padding, and fields that a relocation fills; 0xcc stands between functions.
    for (std::size_t i = 0; i < bytes.size(); i += 3)
      if (bytes[i] != std::byte{} && bytes[i] != std::byte{0xcc})
        tally.plant("byte " + std::to_string(i) + " of segment " + std::to_string(s),
                    [&](patch::Image& image) { image.segments[s].bytes[i] ^= std::byte{0x11}; });
  }
}

/// Calls inside the image are resolved when it is emitted: each is made to go where another goes.
void mutate_calls(Tally& tally) {
  const patch::Image& original = tally.world.image;
  for (std::size_t s = 0; s < original.segments.size(); ++s) {
    if (original.segments[s].kind != patch::SegmentKind::code) continue;
    const Bytes& bytes = original.segments[s].bytes;
    for (const x86_64::Instruction& from : x86_64::decode(bytes))
      for (const patch::PatchSymbol& other : original.symbols) {
        if (bytes[from.offset] != std::byte{0xe8} || from.length != 5 || !other.is_function) continue;
        const PatchAddress field = original.segments[s].address + (from.offset + 1);
        if (std::ranges::find(original.relocations, field, &patch::Relocation::place) !=
            original.relocations.end())
          continue;  // a relocation fills it
        const auto next = original.segments[s].address.value + from.offset + from.length;
        const auto distance = static_cast<std::int32_t>(other.address.value - next);
        if (load<std::int32_t>(bytes, from.offset + 1) == distance) continue;
        tally.plant("call at " + std::to_string(from.offset) + " to " + other.name,
                    [&](patch::Image& image) { store(image.segments[s].bytes, from.offset + 1, distance); });
      }
  }
}

void mutate_relocations(Tally& tally) {
  const auto& relocations = tally.world.image.relocations;
  for (std::size_t i = 0; i < relocations.size(); ++i) {
    const std::string name = "relocation " + std::to_string(i) + ": ";
    const auto of = [i](patch::Image& image) -> patch::Relocation& { return image.relocations[i]; };
    for (const std::int64_t by : {-8, -1, 1, 4})
      tally.plant(name + "addend", [&](patch::Image& image) { of(image).addend += by; });
    tally.plant(name + "lost", [&](patch::Image& image) {
      image.relocations.erase(image.relocations.begin() + static_cast<std::ptrdiff_t>(i));
    });
    tally.plant(name + "place", [&](patch::Image& image) { of(image).place = of(image).place + 1; });
    tally.plant(name + "type", [&](patch::Image& image) {
      // The offset of a thread-local is written as it is, like an address.
      const bool is_plain =
          of(image).type == RelocationType::abs64 || x86_64::describe(of(image).type).is_tls;
      of(image).type = is_plain ? RelocationType::pc32 : RelocationType::abs64;
    });
    for (std::uint32_t other = 0; other < tally.world.image.bindings.size(); ++other)
      if (other != relocations[i].binding)
        tally.plant(name + "binding", [&](patch::Image& image) { of(image).binding = other; });
  }
}

struct MovedBinding {
  void operator()(patch::ModuleAddress& at) const { at.address = at.address + 8; }
  void operator()(patch::DynamicSymbol& symbol) const { symbol.weak = !symbol.weak; }
  void operator()(patch::ThreadOffset& thread) const { thread.offset += 4; }
  void operator()(patch::OtherImage& other) const { other.address = other.address + 8; }
  void operator()(patch::OtherModule& other) const { other.address = other.address + 8; }
  void operator()(patch::ChosenFunction& chosen) const { chosen.resolver = chosen.resolver + 8; }
  void operator()(patch::OwnImage& own) const { own.address = own.address + 8; }
  void operator()(auto&) const {}
};

void mutate_bindings(Tally& tally) {
  for (std::size_t i = 0; i < tally.world.image.bindings.size(); ++i) {
    const std::string name = "binding " + tally.world.image.bindings[i].name;
    tally.plant(name + " moved",
                [&](patch::Image& image) { std::visit(MovedBinding{}, image.bindings[i].where); });
    tally.plant(name + " of another kind", [&](patch::Image& image) {
      image.bindings[i].where = patch::DynamicSymbol{"V1", false};
    });
  }
}

void mutate_functions(Tally& tally) {
  const auto& replaced = tally.world.image.replaced;
  tally.plant("two replacements swapped", [](patch::Image& image) {
    std::swap(image.replaced[0].replacement, image.replaced[1].replacement);
    std::swap(image.replaced[0].new_extents, image.replaced[1].new_extents);
  });
  for (std::size_t i = 0; i < replaced.size(); ++i) {
    const auto of = [i](patch::Image& image) -> patch::ReplacedFunction& { return image.replaced[i]; };
    tally.plant("a replaced function omitted", [&](patch::Image& image) {
      image.replaced.erase(image.replaced.begin() + static_cast<std::ptrdiff_t>(i));
    });
    tally.plant("a replaced function twice",
                [&](patch::Image& image) { image.replaced.push_back(of(image)); });
    tally.plant("replacement moved", [&](patch::Image& image) {
      of(image).replacement = of(image).replacement + 4;
      of(image).new_extents[0].begin = of(image).replacement;
    });
    for (std::size_t e = 0; e < replaced[i].extents.size(); ++e) {
      for (const std::size_t at : {0U, 5U, 0x2fU})
        tally.plant("pre-image",
                    [&](patch::Image& image) { of(image).extents[e].pre_image[at] ^= std::byte{1}; });
      tally.plant("extent moved", [&](patch::Image& image) {
        of(image).extents[e].range.begin = of(image).extents[e].range.begin + 1;
      });
      tally.plant("extent cut", [&](patch::Image& image) {
        of(image).extents[e].range.size -= 1;
        of(image).extents[e].pre_image.pop_back();
      });
      tally.plant("extent lost", [&](patch::Image& image) {
        of(image).extents.erase(of(image).extents.begin() + static_cast<std::ptrdiff_t>(e));
      });
      tally.plant("new extent lost", [&](patch::Image& image) {
        of(image).new_extents.erase(of(image).new_extents.begin() + static_cast<std::ptrdiff_t>(e));
      });
    }
  }
}

void mutate_shape(Tally& tally) {
  const patch::Image& original = tally.world.image;
  for (std::size_t s = 0; s < original.segments.size(); ++s) {
    const auto of = [s](patch::Image& image) -> patch::Segment& { return image.segments[s]; };
    tally.plant("segment cut", [&](patch::Image& image) {
      const std::size_t kept = of(image).bytes.size() - std::min<std::size_t>(of(image).bytes.size(), 20);
      of(image).bytes.resize(kept);
      of(image).memory_size = std::max<std::uint64_t>(kept, 1);
    });
    tally.plant("segment lost", [&](patch::Image& image) {
      image.segments.erase(image.segments.begin() + static_cast<std::ptrdiff_t>(s));
    });
    for (const auto kind :
         {patch::SegmentKind::code, patch::SegmentKind::constants, patch::SegmentKind::data})
      if (kind != original.segments[s].kind)
        tally.plant("segment of another kind", [&](patch::Image& image) { of(image).kind = kind; });
  }
  for (std::size_t i = 0; i < original.symbols.size(); ++i)
    if (!original.symbols[i].name.starts_with("stub.") && !original.symbols[i].name.starts_with("got.") &&
        original.symbols[i].size > 0)
      tally.plant("symbol " + original.symbols[i].name,
                  [&](patch::Image& image) { image.symbols[i].address = image.symbols[i].address + 1; });
  tally.plant("frames cut", [](patch::Image& image) { image.eh_frame.size -= 4; });
  tally.plant("frames lost", [](patch::Image& image) { image.eh_frame = image.eh_frame_hdr = {}; });
  tally.plant("search table cut", [](patch::Image& image) { image.eh_frame_hdr.size -= 8; });
  tally.plant("search table lost", [](patch::Image& image) { image.eh_frame_hdr = {}; });
  tally.plant("another build", [](patch::Image& image) { image.module.bytes[3] ^= std::byte{1}; });
}

class Mutation : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(Mutation, every_planted_fault_is_noticed) {
  const auto [compiler, flags] = GetParam();
  const Scratch scratch;
  const World world(scratch, compiler, flags);
  ASSERT_TRUE(world.is_accepted(world.image)) << "the unchanged image";
  Tally tally{world, 0, {}};
  mutate_bytes(tally);
  mutate_calls(tally);
  mutate_relocations(tally);
  mutate_bindings(tally);
  mutate_functions(tally);
  mutate_shape(tally);
  RecordProperty("planted", static_cast<int>(tally.planted));
  EXPECT_GT(tally.planted, 300U);
  std::string names;
  for (const std::string& what : tally.missed) names += "\n  " + what;
  EXPECT_TRUE(tally.missed.empty()) << tally.missed.size() << " of " << tally.planted << " missed:" << names;
}

INSTANTIATE_TEST_SUITE_P(Compilers, Mutation,
                         testing::Combine(testing::Values("gcc", "clang-16"),
                                          testing::Values("-O0 -fPIE", "-O2 -fno-pie", "-O2 -fPIE")),
                         NameOfWords{});

}  // namespace
}  // namespace stent::emit
