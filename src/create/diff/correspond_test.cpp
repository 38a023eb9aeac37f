#include <gmock/gmock.h>

#include <algorithm>

#include "create/diff/change_set.hpp"
#include "create/diff/compiled_source.hpp"

namespace stent::diff {
namespace {

using model::AtomId;
using model::Object;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> changed(const ChangeSet& changes) {
  std::vector<std::string> names;
  for (const FunctionChange& change : changes.functions)
    if (change.kind == ChangeKind::changed) names.push_back(change.name);
  return names;
}

/// Writable named atoms that `function` refers to, in the order of its code.
std::vector<AtomId> statics_of(const Object& object, const std::string& function) {
  std::vector<AtomId> found;
  for (const model::Atom& atom : object.atoms) {
    if (atom.name != function || atom.kind != model::AtomKind::code) continue;
    for (const model::Reference& reference : atom.references) {
      if (!reference.place) continue;
      const model::AtomKind kind = object[reference.place->atom].kind;
      if (kind == model::AtomKind::zero || kind == model::AtomKind::writable)
        found.push_back(reference.place->atom);
    }
  }
  return found;
}

class Correspond : public ::testing::TestWithParam<Toolchain> {
 protected:
  Object compiled(const std::string& source) const { return compile(GetParam(), source, "-fno-inline"); }
};

const char* const two_counters =
    "int f(int x) { static int n; n += x; return n * 3; } int g(int x) { static int n; n ^= x; return n - 5; "
    "}";

TEST_P(Correspond, statics_of_functions_survive_drifting_ordinals) {
  const Object before = compiled(two_counters);
  const Object after = compiled(std::string("int e(void) { static int n; return ++n; }") + two_counters);
  const ChangeSet changes = compare(before, after);
  EXPECT_THAT(changed(changes), IsEmpty());
  EXPECT_THAT(changes.refusals, IsEmpty());
  for (const char* name : {"f", "g"})
    EXPECT_EQ(changes.old_atom[statics_of(after, name).front().value], statics_of(before, name).front());
}

TEST_P(Correspond, statics_follow_their_function_when_functions_change_places_and_code) {
  const Object before = compiled(two_counters);
  const Object after = compiled(
      "int g(int x) { static int n; n ^= x; return n - 7; } int f(int x) { static int n; n += x; return n * "
      "9; }");
  const ChangeSet changes = compare(before, after);
  EXPECT_THAT(changed(changes), ::testing::UnorderedElementsAre("f", "g"));
  EXPECT_THAT(changes.refusals, IsEmpty());
  for (const char* name : {"f", "g"})
    EXPECT_EQ(changes.old_atom[statics_of(after, name).front().value], statics_of(before, name).front());
}

TEST_P(Correspond, a_static_that_moved_to_another_function_is_new) {
  const Object before = compiled("int f(int x) { static int n; return n += x; } int g(int x) { return x; }");
  const Object after = compiled("int f(int x) { return x; } int g(int x) { static int n; return n += x; }");
  const ChangeSet changes = compare(before, after);
  const AtomId moved = statics_of(after, "g").front();
  EXPECT_FALSE(changes.old_atom[moved.value]);
  EXPECT_TRUE(std::binary_search(changes.selected.begin(), changes.selected.end(), moved));
}

TEST_P(Correspond, equal_statics_of_one_changed_function_are_refused_not_guessed) {
  const char* source = "int f(int x) { if (x) { static int n; return ++n; } static int n; return n += 2; }";
  EXPECT_TRUE(compare(compiled(source), compiled(source)).nothing_changed());
  const ChangeSet changes = compare(
      compiled(source),
      compiled("int f(int x) { if (!x) { static int n; return n += 2; } static int n; return 7 * ++n; }"));
  EXPECT_THAT(changed(changes), ElementsAre("f"));
  EXPECT_THAT(changes.refusals, ::testing::Not(IsEmpty()));
}

TEST_P(Correspond, a_static_added_beside_an_equal_one_is_refused_not_guessed) {
  const ChangeSet changes = compare(
      compiled("int f(int x) { static int n; return n += x; }"),
      compiled("int f(int x) { if (x > 3) { static int n; return ++n; } static int n; return n += x; }"));
  EXPECT_THAT(changes.refusals, ::testing::Not(IsEmpty()));
}

TEST_P(Correspond, names_of_functions_in_strings_are_compared_by_content) {
  const char* source =
      "int puts(const char *); int f(int x) { return puts(__func__) + x; } int g(void) { return "
      "puts(__func__); }";
  const ChangeSet changes = compare(
      compiled(source),
      compiled(std::string("int puts(const char *); int e(void) { return puts(__func__); }") + source));
  EXPECT_THAT(changed(changes), IsEmpty());
  EXPECT_THAT(changes.refusals, IsEmpty());
}

TEST_P(Correspond, a_static_variable_stays_itself_when_it_becomes_global) {
  const Object before = compiled("static int n; int f(int x) { return n += x; }");
  const Object after = compiled("int n; int f(int x) { return n -= x; }");
  const ChangeSet changes = compare(before, after);
  EXPECT_THAT(changes.refusals, IsEmpty());
  EXPECT_EQ(changes.old_atom[statics_of(after, "f").front().value], statics_of(before, "f").front());
}

TEST_P(Correspond, an_alias_that_moved_to_another_function_is_refused) {
  const std::string base = "int f(int x) { return x + 1; } int g(int x) { return x * 9; } ";
  const std::string to_f = base + "int h(int) __attribute__((alias(\"f\")));";
  const std::string to_g = base + "int h(int) __attribute__((alias(\"g\")));";
  EXPECT_TRUE(compare(compiled(to_f), compiled(to_f)).nothing_changed());
  const ChangeSet changes = compare(compiled(to_f), compiled(to_g));
  EXPECT_THAT(changes.refusals, ::testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(toolchains, Correspond,
                         ::testing::Values(Toolchain{"gcc-12", "-O2"}, Toolchain{"gcc-12", "-O0"},
                                           Toolchain{"clang-16", "-O2"}, Toolchain{"clang-16", "-O0"}),
                         [](const auto& test) {
                           std::string name = test.param.compiler + test.param.level;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace stent::diff
