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
using ::testing::UnorderedElementsAre;

class Compare : public ::testing::TestWithParam<Toolchain> {
 protected:
  const ChangeSet& compare_sources(const std::string& before, const std::string& after,
                                   const std::string& flags = {}) {
    old_ = compile(GetParam(), before, flags);
    new_ = compile(GetParam(), after, flags);
    changes_ = compare(old_, new_);
    check_closed();
    return changes_;
  }

  std::vector<std::string> names(ChangeKind kind) const {
    std::vector<std::string> result;
    for (const FunctionChange& change : changes_.functions)
      if (change.kind == kind) result.push_back(change.name);
    return result;
  }
  std::vector<std::string> changed() const { return names(ChangeKind::changed); }
  std::vector<std::string> added() const { return names(ChangeKind::added); }
  std::vector<std::string> refused() const {
    std::vector<std::string> result;
    for (const Refusal& refusal : changes_.refusals) result.push_back(refusal.subject);
    return result;
  }
  /// Named data and code the patch carries.
  std::vector<std::string> carried() const {
    std::vector<std::string> result;
    for (const AtomId id : changes_.selected)
      if (!new_[id].name.empty() && !new_[id].name.starts_with(".L") &&
          new_[id].kind != model::AtomKind::string_literal)
        result.push_back(new_[id].name);
    return result;
  }
  bool optimised() const { return GetParam().level != "-O0"; }
  bool is_gcc() const { return GetParam().compiler.starts_with("gcc"); }

  /// The promise of ChangeSet: a reference out of the selection can be bound.
  void check_closed() const {
    if (!changes_.refusals.empty()) return;
    const auto& selected = changes_.selected;
    EXPECT_TRUE(std::is_sorted(selected.begin(), selected.end()));
    for (const AtomId id : selected)
      for (const model::Reference& reference : new_[id].references) {
        const bool bound = !reference.place ||
                           std::binary_search(selected.begin(), selected.end(), reference.place->atom) ||
                           changes_.old_atom[reference.place->atom.value];
        EXPECT_TRUE(bound) << new_[id].name << "+" << reference.offset;
      }
  }

  Object old_, new_;
  ChangeSet changes_;
};

const char* const plain = R"(
#include <stdio.h>
static const int table[] = {1, 2, 3, 4};
static int counter;
static int __attribute__((noinline)) step(int x) { counter += x; return counter * 3; }
int first(int x) { puts("hello"); return step(x) + table[x & 3]; }
int second(int x) { printf("%s %d\n", __func__, x); return step(x) * 2; }
double third(double x) { return x * 1.5; }
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("not found: " + from);
  return text.replace(at, from.size(), to);
}

TEST_P(Compare, finds_nothing_in_the_same_source) {
  EXPECT_TRUE(compare_sources(plain, plain).nothing_changed());
  EXPECT_THAT(changes_.selected, IsEmpty());
}

TEST_P(Compare, finds_nothing_in_blank_lines_and_comments) {
  EXPECT_TRUE(compare_sources(plain, std::string("\n\n/* moved */\n") + plain).nothing_changed());
}

TEST_P(Compare, finds_nothing_when_functions_change_places) {
  const char* before =
      "static int n; int a(void); int b(int x) { return x ? a() : 7; } int a(void) { return ++n; }"
      "const char *c(int x) { return x ? \"one\" : \"two\"; }";
  const char* after =
      "static int n; const char *c(int x) { return x ? \"one\" : \"two\"; }"
      "int a(void); int b(int x) { return x ? a() : 7; } int a(void) { return ++n; }";
  EXPECT_TRUE(compare_sources(before, after, "-fno-inline").nothing_changed());
}

const char* const limits = R"(
struct limits { long low, high, step; };
static struct limits limits;
int within(long value) { return value < limits.high; }
void set(long value) { limits.high = value; }
)";

// clang keeps of `limits` what is used, and calls it limits.0 whatever it is.
TEST_P(Compare, tells_the_fields_of_a_split_variable_apart) {
  const auto other =
      replaced(replaced(limits, "< limits.high", "< limits.step"), "limits.high =", "limits.step =");
  EXPECT_FALSE(compare_sources(limits, other).nothing_changed());
  EXPECT_THAT(changed(), UnorderedElementsAre("within", "set"));
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_P(Compare, finds_the_fields_of_a_split_variable_again) {
  const auto wider = replaced(limits, "< limits.high;", "< limits.high && value > limits.low;") +
                     "void set_low(long value) { limits.low = value; }";
  compare_sources(limits, wider);
  EXPECT_THAT(refused(), IsEmpty());
  EXPECT_THAT(changed(), ElementsAre("within"));
}

TEST_P(Compare, refuses_a_variable_that_one_build_splits_and_the_other_does_not) {
  const auto taken = std::string(limits) + "void *all(void) { return &limits; }";
  const bool splits = !is_gcc() && optimised();
  compare_sources(limits, taken);
  EXPECT_EQ(refused(), splits ? std::vector<std::string>{"limits"} : std::vector<std::string>{});
  compare_sources(taken, limits);
  EXPECT_EQ(refused(), splits ? std::vector<std::string>{"limits.0"} : std::vector<std::string>{});
}

TEST_P(Compare, finds_one_changed_function_and_says_where) {
  compare_sources(plain, replaced(plain, "step(x) * 2", "step(x) * 5"));
  EXPECT_THAT(changed(), ElementsAre("second"));
  EXPECT_THAT(refused(), IsEmpty());
  EXPECT_THAT(changes_.functions.front().first_difference, ::testing::HasSubstr(" -> "));
}

TEST_P(Compare, finds_a_changed_static_function_alone) {
  compare_sources(plain, replaced(plain, "counter * 3", "counter * 1234"));
  EXPECT_THAT(changed(), ElementsAre("step"));
  EXPECT_THAT(carried(), ElementsAre("step"));
}

TEST_P(Compare, finds_a_changed_string) {
  compare_sources(plain, replaced(plain, "hello", "howdy"));
  EXPECT_THAT(changed(), ElementsAre("first"));
  if (optimised() || !is_gcc()) {  // gcc -O0 pools literals without saying what they are
    EXPECT_THAT(changes_.functions.front().first_difference, ::testing::HasSubstr("\"hello\" -> \"howdy\""));
  }
}

TEST_P(Compare, ignores_a_string_that_only_moved) {
  compare_sources(plain, replaced(plain, "double third(double x) {",
                                  "int puts(const char*); double third(double x) { puts(\"aaa\");"));
  EXPECT_THAT(changed(), ElementsAre("third"));
}

TEST_P(Compare, finds_the_users_of_a_changed_static_table) {
  compare_sources(plain, replaced(plain, "{1, 2, 3, 4}", "{1, 2, 3, 5}"));
  EXPECT_THAT(changed(), ElementsAre("first"));
  EXPECT_THAT(carried(), UnorderedElementsAre("first", "table"));
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_P(Compare, finds_a_changed_floating_constant) {
  compare_sources(plain, replaced(plain, "1.5", "2.25"));
  EXPECT_THAT(changed(), ElementsAre("third"));
}

TEST_P(Compare, refuses_a_changed_global_constant) {
  compare_sources("const int limit[2] = {1, 2}; int f(int i) { return limit[i]; }",
                  "const int limit[2] = {1, 3}; int f(int i) { return limit[i]; }");
  EXPECT_THAT(refused(), ElementsAre("limit"));
}

TEST_P(Compare, finds_a_case_added_to_a_switch) {
  const std::string before =
      "int work(int); int f(int x) { switch (x) { case 0: return work(3); case 1: work(8); return 9; case 2: "
      "return work(77);"
      " case 3: return work(5) + 2; case 4: return work(1) * 6; case 5: work(2); work(4); return 8; } return "
      "0; }"
      "int g(int x) { switch (x) { case 0: return work(13); case 1: work(18); return 9; case 2: return "
      "work(177);"
      " case 3: return work(15) + 2; case 4: return work(11) * 6; case 5: work(12); work(14); return 8; } "
      "return 0; }";
  EXPECT_TRUE(compare_sources(before, "\n" + before).nothing_changed());
  compare_sources(before,
                  replaced(before, "case 5: work(2)", "case 6: return work(-1) - 4; case 5: work(2)"));
  EXPECT_THAT(changed(), ElementsAre("f"));
}

TEST_P(Compare, finds_a_changed_cold_part) {
  const std::string before =
      "extern int printf(const char*, ...); extern void complain(const char *, int) __attribute__((cold, "
      "noinline));"
      "void complain(const char *what, int n) { printf(\"%s %d\", what, n); }"
      "__attribute__((noinline)) int f(int n) { if (__builtin_expect(n < 0, 0)) { complain(\"negative\", n);"
      " complain(\" really\", n); return -1; } return n * 3; }";
  compare_sources(before, replaced(before, " really", " truly"));
  EXPECT_THAT(changed(), ElementsAre("f"));
  if (is_gcc() && optimised()) {
    EXPECT_THAT(carried(), UnorderedElementsAre("f", "f.cold"));
  }
}

TEST_P(Compare, carries_a_new_static_function_and_its_data) {
  const std::string after = replaced(plain, "double third(double x) {",
                                     "static int calls = 4; static int unused; static "
                                     "__attribute__((noinline)) int fresh(int x) { return calls += x; }"
                                     "double third(double x) { x += fresh((int)x);");
  compare_sources(plain, after);
  EXPECT_THAT(changed(), ElementsAre("third"));
  EXPECT_THAT(added(), ElementsAre("fresh"));
  EXPECT_THAT(carried(), UnorderedElementsAre("third", "fresh", "calls"));
}

TEST_P(Compare, carries_new_static_variables_with_what_they_point_to) {
  compare_sources(
      "int f(void) { return 1; }",
      "static int cell = 3; static int *const ring[] = {&cell, &cell}; int f(void) { static int n; "
      "return ++n + (*ring[n & 1])++; }");
  EXPECT_THAT(changed(), ElementsAre("f"));
  EXPECT_THAT(refused(), IsEmpty());
  EXPECT_THAT(carried(), ::testing::Contains("cell"));
}

TEST_P(Compare, leaves_out_new_functions_nobody_calls) {
  compare_sources(plain, std::string(plain) +
                             "static __attribute__((used)) int lonely(void) { return 1; }"
                             "int exported(void) { return 2; }");
  EXPECT_THAT(changed(), IsEmpty());
  EXPECT_THAT(added(), ElementsAre("exported"));
}

TEST_P(Compare, notes_a_removed_function_without_carrying_it) {
  compare_sources(std::string(plain) + "int gone(void) { return 1; }", plain);
  EXPECT_THAT(names(ChangeKind::removed), ElementsAre("gone"));
  EXPECT_THAT(changes_.selected, IsEmpty());
}

TEST_P(Compare, refuses_another_initial_value) {
  compare_sources("int level = 3; int f(void) { return level++; }",
                  "int level = 4; int f(void) { return level++; }");
  EXPECT_THAT(refused(), ElementsAre("level"));
  compare_sources("static int level; int f(void) { return level++; }",
                  "static int level = 4; int f(void) { return level++; }");
  EXPECT_THAT(refused(), ElementsAre("level"));
}

TEST_P(Compare, refuses_a_resized_variable) {
  compare_sources("static int box[4]; int f(int i) { return box[i]++; }",
                  "static int box[8]; int f(int i) { return box[i]++; }");
  ASSERT_THAT(refused(), ElementsAre("box"));
  EXPECT_THAT(changes_.refusals.front().reason, ::testing::HasSubstr("16 bytes"));
}

TEST_P(Compare, refuses_a_variable_whose_initial_string_changed) {
  compare_sources("char *word = \"old\"; char *f(void) { return word; }",
                  "char *word = \"new\"; char *f(void) { return word; }");
  EXPECT_THAT(refused(), ElementsAre("word"));
}

TEST_P(Compare, refuses_new_thread_local_variables_and_constructors) {
  compare_sources("int f(void) { return 1; }", "static __thread int t; int f(void) { return ++t; }");
  EXPECT_THAT(refused(), ElementsAre("t"));
  compare_sources("int f(void) { return 1; }",
                  "int puts(const char *); int f(void) { return 1; } static void "
                  "__attribute__((constructor)) c(void) { puts(\"x\"); }");
  EXPECT_THAT(refused(), ElementsAre(::testing::StartsWith(".init_array")));
}

TEST_P(Compare, follows_a_changed_pointer_table) {
  const std::string before =
      "static int a(int x) { return x + 1; } static int b(int x) { return x * 2; } int pick;"
      "static int (*const table[])(int) = {a, b, a}; int f(int i) { return table[i](i); }";
  EXPECT_TRUE(compare_sources(before, before, "-fPIE").nothing_changed());
  compare_sources(before, replaced(before, "{a, b, a}", "{a, b, b}"), "-fPIE");
  EXPECT_THAT(changed(), ElementsAre("f"));
  EXPECT_THAT(carried(), UnorderedElementsAre("f", "table"));
  compare_sources(before, replaced(before, "x + 1", "x + 9"), "-fPIE");
  EXPECT_THAT(changed(), ElementsAre("a"));
  EXPECT_THAT(carried(), ElementsAre("a"));
}

TEST_P(Compare, ends_on_cyclic_data) {
  const std::string before =
      "struct n { const struct n *next; int v; }; static const struct n y; static const struct n x = {&y, 1};"
      "static const struct n y = {&x, 2}; int f(int i) { const struct n *p = &x; while (i--) p = p->next; "
      "return p->v; }";
  EXPECT_TRUE(compare_sources(before, before, "-fPIE").nothing_changed());
  compare_sources(before, replaced(before, "{&x, 2}", "{&x, 3}"), "-fPIE");
  EXPECT_THAT(changed(), ElementsAre("f"));
  EXPECT_THAT(carried(), UnorderedElementsAre("f", "x", "y"));
}

TEST_P(Compare, tells_calls_to_another_library_function) {
  const std::string before =
      "extern int puts(const char*), perror(const char*); int f(void) { puts(\"x\"); return 1; }";
  compare_sources(before, replaced(before, "{ puts", "{ perror"));
  EXPECT_THAT(changed(), ElementsAre("f"));
  EXPECT_THAT(changes_.functions.front().first_difference, ::testing::HasSubstr("puts -> perror"));
}

TEST_P(Compare, refuses_a_table_of_labels_that_outlives_its_function) {
  const std::string before =
      "int f(int i) { static void *t[] = {&&a, &&b}; goto *t[i]; a: return 11; b: return 12; }";
  EXPECT_TRUE(compare_sources(before, before, "-fPIE").nothing_changed());
  compare_sources(before, replaced(before, "12", "13"), "-fPIE");
  EXPECT_THAT(changed(), ElementsAre("f"));
}

INSTANTIATE_TEST_SUITE_P(toolchains, Compare,
                         ::testing::Values(Toolchain{"gcc-12", "-O2"}, Toolchain{"gcc-12", "-O0"},
                                           Toolchain{"clang-16", "-O2"}, Toolchain{"clang-16", "-O0"}),
                         [](const auto& test) {
                           std::string name = test.param.compiler + test.param.level;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace stent::diff
