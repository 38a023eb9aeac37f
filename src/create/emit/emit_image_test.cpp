#include "create/emit/emit_image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "create/emit/emit_test_world.hpp"
#include "create/emit/self_verify.hpp"
#include "patch/patch_file.hpp"

namespace stent::emit {
namespace {

using bind::Access;
using model::AtomKind;
using testing::HasSubstr;
using x86_64::RelocationType;

/// Builds objects atom by atom.
struct Maker {
  TestUnit unit;

  model::AtomId atom(AtomKind kind, std::string name, Bytes bytes, std::uint64_t alignment = 1) {
    model::Atom made;
    made.kind = kind;
    made.name = std::move(name);
    made.section = ".test";
    made.size = bytes.size();
    made.bytes = std::move(bytes);
    made.alignment = alignment;
    unit.object.atoms.push_back(std::move(made));
    unit.object.frames.emplace_back();
    return {static_cast<std::uint32_t>(unit.object.atoms.size() - 1)};
  }
  model::SymbolId symbol(std::string name, std::optional<model::AtomId> in,
                         model::SymbolBinding binding = model::SymbolBinding::global) {
    model::Symbol made;
    made.name = std::move(name);
    made.binding = binding;
    if (in) made.definition = model::Place{*in, 0};
    unit.object.symbols.push_back(std::move(made));
    return {static_cast<std::uint32_t>(unit.object.symbols.size() - 1)};
  }
  /// A function of `size` nops that is its own atom.
  model::AtomId function(const std::string& name, Bytes code) {
    const auto id = atom(AtomKind::code, name, std::move(code), 16);
    unit.object.functions.push_back({symbol(name, id), id, {}});
    return id;
  }
  void refer(model::AtomId from, std::uint32_t offset, RelocationType type, model::AtomId to,
             std::int64_t at = 0, std::int64_t adjust = -4) {
    model::Reference made;
    made.offset = offset;
    made.type = type;
    made.place = model::Place{to, at};
    made.offset_in_target = at;
    made.pc_adjust = adjust;
    unit.object.atoms[from.value].references.push_back(made);
  }
  void refer(model::AtomId from, std::uint32_t offset, RelocationType type, model::SymbolId to,
             std::int64_t adjust = -4) {
    model::Reference made;
    made.offset = offset;
    made.type = type;
    made.symbol = to;
    made.pc_adjust = adjust;
    unit.object.atoms[from.value].references.push_back(made);
  }
  void done() { unit.select_all(); }
};

Bytes call() { return {std::byte{0xe8}, {}, {}, {}, {}, std::byte{0xc3}}; }
Bytes lea() { return {std::byte{0x48}, std::byte{0x8d}, std::byte{0x05}, {}, {}, {}, {}, std::byte{0xc3}}; }

model::Image target() {
  model::Image image;
  image.path = "/bin/server";
  image.build_id = {Bytes(20, std::byte{3})};
  model::Import import;
  import.name = "puts";
  import.version = "GLIBC_2.2.5";
  import.jump_slot = LinkAddress{0x4018};
  image.imports.push_back(import);
  return image;
}

template <class Call>
Error error_of(Call&& call_it) {
  try {
    call_it();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::usage, "no error"};
}

patch::Image checked(const std::vector<bind::BoundUnit>& units) {
  patch::Image image = emit_image(target(), units);
  self_verify(image, units);
  patch::Patch patch;
  patch.images.push_back(image);
  EXPECT_EQ(patch::parse(patch::serialise(patch)).images.at(0), image);
  return image;
}

TEST(EmitImage, a_call_to_a_replaced_function_goes_to_its_old_entry_and_recursion_stays_inside) {
  Maker maker;
  const auto f = maker.function("f", call());
  const auto g = maker.function("g", call());
  const auto table = maker.atom(AtomKind::relocated_read_only, "table", Bytes(8), 8);
  maker.symbol("table", table);
  maker.refer(f, 1, RelocationType::plt32, f);
  maker.refer(g, 1, RelocationType::plt32, f);
  maker.refer(table, 0, RelocationType::abs64, f, 0, 0);
  maker.done();
  bind::BoundUnit unit = maker.unit.bound();
  unit.replaced = {replaced(maker.unit, "f", 0x1130)};
  const patch::Image image = checked({unit});
  ASSERT_EQ(image.relocations.size(), 2u);
  ASSERT_EQ(image.bindings.size(), 1u);
  EXPECT_EQ(image.bindings[0].where, decltype(image.bindings[0].where)(patch::ModuleAddress{{0x1130}}));
  const std::uint64_t at = symbol_of(image, "f").address.value;
  EXPECT_EQ(load<std::int32_t>(image.segments.at(0).bytes, at + 1), -5);
  EXPECT_EQ(image.replaced.at(0).replacement, symbol_of(image, "f").address);
}

TEST(EmitImage, calls_to_imports_go_through_the_targets_slot_or_one_of_the_patch) {
  Maker maker;
  const auto f = maker.function("f", call());
  const auto g = maker.function("g", call());
  const auto h = maker.function("h", call());
  const auto puts = maker.symbol("puts", {});
  const auto fresh = maker.symbol("fresh", {});
  maker.refer(f, 1, RelocationType::plt32, puts);
  maker.refer(g, 1, RelocationType::plt32, puts);
  maker.refer(h, 1, RelocationType::plt32, fresh);
  maker.done();
  bind::BoundUnit unit = maker.unit.bound();
  unit.symbols[puts] = in_module("puts", 0x4018, Access::slot);
  unit.symbols[fresh] = dynamic("fresh");
  const patch::Image image = checked({unit});
  const auto stub = symbol_of(image, "stub.puts").address;
  const auto& code = image.segments.at(0).bytes;
  const auto from = symbol_of(image, "g").address;
  EXPECT_EQ(from + 5 + load<std::int32_t>(code, from.value + 1), stub);
  ASSERT_EQ(image.relocations.size(), 2u);  // the stub's slot; the own slot
  EXPECT_EQ(image.relocations[0].place, stub + 2);
  EXPECT_EQ(image.relocations[1].place, symbol_of(image, "got.fresh").address);
  EXPECT_EQ(image.relocations[1].type, RelocationType::abs64);
}

TEST(EmitImage, got_forms_use_the_targets_slot_or_an_own_one) {
  Maker maker;
  const auto f = maker.function("f", lea());
  const auto g = maker.function("g", lea());
  const auto h = maker.function("h", lea());
  const auto data = maker.atom(AtomKind::writable, "data", Bytes(8, std::byte{1}), 8);
  maker.symbol("data", data);
  const auto stdout_ = maker.symbol("stdout", {});
  const auto limit = maker.symbol("limit", {});
  maker.refer(f, 3, RelocationType::rex_gotpcrelx, stdout_);
  maker.refer(g, 3, RelocationType::gotpcrel, limit);
  maker.refer(h, 3, RelocationType::gotpcrelx, data);
  maker.done();
  bind::BoundUnit unit = maker.unit.bound();
  unit.symbols[stdout_] = in_module("stdout", 0x3fe0, Access::slot);
  unit.symbols[limit] = in_module("limit", 0x5000);
  const patch::Image image = checked({unit});
  ASSERT_EQ(image.relocations.size(), 3u);
  EXPECT_EQ(image.relocations[0].type, RelocationType::pc32);
  EXPECT_EQ(image.relocations[1].type, RelocationType::abs64);
  EXPECT_EQ(image.relocations[2].type, RelocationType::abs64);
}

TEST(EmitImage, an_address_in_data_of_an_import_with_a_slot_takes_the_same_symbol) {
  Maker maker;
  const auto table = maker.atom(AtomKind::relocated_read_only, "table", Bytes(8), 8);
  maker.symbol("table", table);
  const auto puts = maker.symbol("puts", {});
  maker.refer(table, 0, RelocationType::abs64, puts, 0);
  maker.done();
  bind::BoundUnit unit = maker.unit.bound();
  unit.symbols[puts] = in_module("puts", 0x4018, Access::slot);
  const patch::Image image = checked({unit});
  EXPECT_EQ(std::get<patch::DynamicSymbol>(image.bindings.at(0).where).version, "GLIBC_2.2.5");
}

TEST(EmitImage, equal_literals_of_two_units_stand_once_and_units_find_each_others_new_functions) {
  Maker one, two;
  const Bytes text{std::byte{'h'}, std::byte{'i'}, {}};
  const auto f = one.function("f", call());
  const auto g = one.function("g", lea());
  one.refer(g, 3, RelocationType::pc32, one.atom(AtomKind::string_literal, "", text));
  one.refer(f, 1, RelocationType::plt32, one.symbol("added", {}));
  const auto added = two.function("added", lea());
  two.refer(added, 3, RelocationType::pc32, two.atom(AtomKind::string_literal, "", text));
  one.done();
  two.done();
  const patch::Image image = checked({one.unit.bound(), two.unit.bound()});
  EXPECT_TRUE(image.relocations.empty());
  EXPECT_EQ(image.segments.at(1).bytes.size(), 3u);
}

TEST(EmitImage, the_address_after_a_last_call_is_not_that_of_the_next_function) {
  Maker maker;
  for (const char* name : {"f", "g"}) {
    const auto atom = maker.function(name, call());
    maker.refer(atom, 1, RelocationType::plt32, atom);
    maker.unit.object.atoms[atom.value].alignment = 1;
  }
  maker.done();
  const patch::Image image = checked({maker.unit.bound()});
  const std::uint64_t end = symbol_of(image, "f").address.value + call().size();
  EXPECT_EQ(symbol_of(image, "g").address.value, end + 1);
  EXPECT_EQ(image.segments.at(0).bytes.at(end), std::byte{0xcc});
}

TEST(EmitImage, thread_locals_by_offset_and_by_own_slot) {
  Maker maker;
  const auto f = maker.function("f", lea());
  const auto g = maker.function("g", lea());
  const auto counter = maker.symbol("counter", {});
  maker.refer(f, 3, RelocationType::tpoff32, counter, 0);
  maker.refer(g, 3, RelocationType::gottpoff, counter);
  maker.done();
  bind::BoundUnit unit = maker.unit.bound();
  unit.symbols[counter] = thread_local_at("counter", 24);
  const patch::Image image = checked({unit});
  ASSERT_EQ(image.relocations.size(), 2u);
  EXPECT_EQ(image.relocations[0].type, RelocationType::tpoff32);
  EXPECT_EQ(image.relocations[1].type, RelocationType::tpoff64);
}

TEST(EmitImage, zero_data_is_memory_only_and_alignment_is_kept) {
  Maker maker;
  const auto zero = maker.atom(AtomKind::zero, "zeros", {}, 64);
  maker.unit.object.atoms[zero.value].size = 100;
  maker.symbol("zeros", zero);
  maker.symbol("one", maker.atom(AtomKind::writable, "one", Bytes(3, std::byte{1}), 2));
  maker.done();
  const patch::Image image = checked({maker.unit.bound()});
  EXPECT_EQ(image.segments.at(0).bytes.size(), 3u);
  EXPECT_EQ(image.segments.at(0).memory_size, 164u);
  EXPECT_EQ(symbol_of(image, "zeros").address.value % 64, 0u);
}

TEST(EmitImage, refuses_with_a_reason_and_a_hint) {
  const auto refusal = [](RelocationType type, const bind::BoundTarget* bound,
                          AtomKind extra = AtomKind::code) {
    Maker maker;
    const auto f = maker.function("f", lea());
    const auto optarg = maker.symbol("optarg", {});
    maker.refer(f, 3, type, optarg);
    if (extra != AtomKind::code) maker.atom(extra, "extra", Bytes(8));
    maker.done();
    bind::BoundUnit unit = maker.unit.bound();
    if (bound != nullptr) unit.symbols[optarg] = *bound;
    const Error error = error_of([&] { (void)emit_image(target(), {unit}); });
    EXPECT_EQ(error.code(), ErrorCode::refused) << error.message();
    EXPECT_FALSE(error.hint().empty());
    return error.message() + " / " + error.hint();
  };
  const bind::BoundTarget own = dynamic("optarg"), direct = in_module("optarg", 0x4000);
  EXPECT_THAT(refusal(RelocationType::pc32, &own),
              testing::AllOf(HasSubstr("optarg"), HasSubstr("-mno-direct")));
  EXPECT_THAT(refusal(RelocationType::pc32, nullptr), HasSubstr("not found"));
  EXPECT_THAT(refusal(RelocationType::abs32s, &own), HasSubstr("32 bits"));
  EXPECT_THAT(refusal(RelocationType::tlsgd, &direct), HasSubstr("thread-local"));
  EXPECT_THAT(refusal(RelocationType::gotoff64, &direct), HasSubstr("not supported"));
  EXPECT_THAT(refusal(RelocationType::pc32, &direct, AtomKind::tls_data), HasSubstr("thread-local"));
}

TEST(SelfVerify, finds_a_changed_byte_and_a_misled_reference) {
  Maker maker;
  const auto f = maker.function("f", call());
  const auto g = maker.function("g", call());
  const auto callee = maker.symbol("callee", {});
  maker.refer(f, 1, RelocationType::plt32, callee);
  maker.refer(g, 1, RelocationType::plt32, f);
  maker.done();
  bind::BoundUnit unit = maker.unit.bound();
  unit.replaced = {replaced(maker.unit, "f", 0x1130)};
  unit.symbols[callee] = in_module("callee", 0x2000);
  const patch::Image image = checked({unit});
  const auto code_of = [&](const patch::Image& broken) {
    return error_of([&] { self_verify(broken, {unit}); }).code();
  };
  patch::Image broken = image;
  broken.segments[0].bytes[5] ^= std::byte{1};
  EXPECT_EQ(code_of(broken), ErrorCode::internal);
  broken = image;
  broken.relocations[0].addend += 1;
  EXPECT_EQ(code_of(broken), ErrorCode::internal);
  broken = image;
  broken.relocations[0].binding ^= 1;
  EXPECT_EQ(code_of(broken), ErrorCode::internal);
}

}  // namespace
}  // namespace stent::emit
