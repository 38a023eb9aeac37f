#include "create/compile/compile_change.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "create/compile/child_process.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using Fate = HunkAccount::Fate;

constexpr auto kMain =
    "#include \"inc/limit.h\"\n"
    "int noise(int);\n"
    "int check(int a) {\n"
    "  return a < LIMIT;\n"
    "}\n"
    "int unaffected(void) { return noise(__LINE__); }\n"
    "const char *name(void) { return __FILE__ __DATE__ __TIME__ __TIMESTAMP__; }\n";
constexpr auto kMainDiff =
    "--- a/src/main one.c\n+++ b/src/main one.c\n@@ -3,3 +3,5 @@\n int check(int a) {\n-  return a < LIMIT;\n"
    "+  if (a < 0)\n+    return 0;\n+  return a <= LIMIT;\n }\n";
constexpr auto kHeaderDiff =
    "--- a/src/inc/limit.h\n+++ b/src/inc/limit.h\n@@ -1 +1 @@\n-#define LIMIT 10\n+#define LIMIT 12\n";

/// Compiler x isolation: every build test runs for each.
struct Variant {
  std::string compiler;
  Isolation isolation;
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.compiler; }

class CompileChange : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "stent compile XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
    request_.compile_commands = top_ / "tree/compile_commands.json";
    request_.diff = top_ / "fix.diff";
    request_.work_directory = top_ / "work";
    request_.jobs = 2;
    request_.isolation = GetParam().isolation;
    put("src/main one.c", kMain);
    put("src/other.c", "int other(void) { return 1; }\n");
    put("src/user.c", "#include \"inc/limit.h\"\nint user(void) { return LIMIT; }\n");
    put("src/inc/limit.h", "#define LIMIT 10\n");
    put("README.md", "old\n");
    put("Makefile", "all:\n");
    for (const auto source : {"main one.c", "other.c", "user.c"}) add_unit(source, {});
    if (GetParam().isolation == Isolation::mount_namespace && !can_mount(top_ / "probe"))
      GTEST_SKIP() << "mount namespaces are not available here";
  }
  void TearDown() override { fs::remove_all(top_); }

  void put(const std::string& name, std::string_view text) const { write_text(top_ / "tree" / name, text); }
  void add_unit(const std::string& source, const std::vector<std::string>& flags) {
    nlohmann::json entry{{"directory", top_ / "tree/src"}, {"file", source}};
    std::vector<std::string> words{GetParam().compiler, "-O2",  "-g", "-Wall", "-Werror",
                                   "-Wno-date-time",    "-MMD", "-o", "x.o",   "-c"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.push_back(source);
    entry["arguments"] = words;
    commands_.push_back(entry);
  }
  CompiledChange run(const std::string& diff) {
    write_text(request_.compile_commands, commands_.dump());
    write_text(request_.diff, diff);
    const auto before = snapshot();
    auto out = compile_change(request_);
    EXPECT_EQ(snapshot(), before) << "the source tree was touched";
    return out;
  }
  std::string failure(const std::string& diff) {
    try {
      (void)run(diff);
    } catch (const Error& error) {
      return error.message();
    }
    return "no error";
  }
  /// Every file's bytes and time.
  std::map<std::string, std::pair<std::string, fs::file_time_type>> snapshot() const {
    std::map<std::string, std::pair<std::string, fs::file_time_type>> out;
    for (const auto& entry : fs::recursive_directory_iterator(top_ / "tree"))
      out[entry.path()] = {entry.is_regular_file() ? read_text(entry.path()) : "", entry.last_write_time()};
    return out;
  }
  /// Contents of sections, as hexadecimal text.
  std::string section(const fs::path& object, const std::string& name) const {
    const ChildCommand dump{
        {"objdump", "-s", "-j", name, object}, top_, top_ / "dump", top_ / "dump.errors", nullptr};
    EXPECT_EQ(run_all({dump}, 1).front(), 0) << name;
    const auto text = read_text(top_ / "dump");
    return text.substr(text.find("Contents"));
  }

  fs::path top_;
  CompileRequest request_;
  nlohmann::json commands_ = nlohmann::json::array();
};

TEST_P(CompileChange, OnlyTheChangedFunctionDiffers) {
  const auto out = run(kMainDiff);
  ASSERT_EQ(out.pairs.size(), 1U);
  const auto& pair = out.pairs[0];
  EXPECT_EQ(pair.source, "src/main one.c");
  EXPECT_NE(section(pair.old_object, ".text.check"), section(pair.new_object, ".text.check"));
  EXPECT_EQ(section(pair.old_object, ".text.unaffected"), section(pair.new_object, ".text.unaffected"));
  const std::string strings = GetParam().compiler == "gcc" ? ".rodata.name.str1.8" : ".rodata.str1.1";
  EXPECT_EQ(section(pair.old_object, strings), section(pair.new_object, strings));
  ASSERT_EQ(out.hunks.size(), 1U);
  EXPECT_EQ(out.hunks[0].fate, Fate::source);
  EXPECT_EQ(out.hunks[0].old_line, 3U);
  EXPECT_THAT(out.hunks[0].units, ElementsAre("src/main one.c"));
}

TEST_P(CompileChange, HeaderAffectsWhoIncludesIt) {
  const auto out =
      run(std::string(kHeaderDiff) + "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-old\n+new\n" +
          "--- a/Makefile\n+++ b/Makefile\n@@ -1 +1 @@\n-all:\n+all: x\n");
  ASSERT_EQ(out.pairs.size(), 2U);
  EXPECT_NE(section(out.pairs[1].old_object, ".text.user"), section(out.pairs[1].new_object, ".text.user"));
  ASSERT_EQ(out.hunks.size(), 3U);
  EXPECT_EQ(out.hunks[0].fate, Fate::header);
  EXPECT_THAT(out.hunks[0].units, ElementsAre("src/main one.c", "src/user.c"));
  EXPECT_EQ(out.hunks[1].fate, Fate::ignored);
  EXPECT_EQ(out.hunks[2].fate, Fate::not_compiled);
  EXPECT_THAT(out.hunks[2].why, HasSubstr("build file"));
}

TEST_P(CompileChange, AddedAndRemovedFiles) {
  put("src/inc/gone.h", "int gone;\n");
  const auto out =
      run("--- a/src/other.c\n+++ b/src/other.c\n@@ -1 +1,2 @@\n-int other(void) { return 1; }\n+#include "
          "\"inc/deep/new.h\"\n"
          "+int other(void) { return NEW; }\n--- /dev/null\n+++ b/src/inc/deep/new.h\n@@ -0,0 +1 "
          "@@\n+#define NEW 7\n"
          "--- a/src/inc/gone.h\n+++ /dev/null\n@@ -1 +0,0 @@\n-int gone;\n--- /dev/null\n+++ "
          "b/src/added.c\n@@ -0,0 +1 @@\n+int added;\n");
  ASSERT_EQ(out.pairs.size(), 1U);
  EXPECT_NE(section(out.pairs[0].old_object, ".text.other"), section(out.pairs[0].new_object, ".text.other"));
  EXPECT_EQ(out.hunks[1].fate, Fate::header);
  EXPECT_EQ(out.hunks[2].fate, Fate::not_compiled);
  EXPECT_THAT(out.hunks[3].why, HasSubstr("added source"));
}

TEST_P(CompileChange, AddedHeaderThatIsFoundFirst) {
  add_unit("third.c", {"-I.", "-Iinc"});
  put("src/third.c", "#include <limit.h>\nint third(void) { return LIMIT; }\n");
  const auto out = run("--- /dev/null\n+++ b/src/limit.h\n@@ -0,0 +1 @@\n+#define LIMIT 99\n");
  ASSERT_EQ(out.pairs.size(), 1U);
  EXPECT_EQ(out.pairs[0].source, "src/third.c");
  EXPECT_NE(section(out.pairs[0].old_object, ".text.third"), section(out.pairs[0].new_object, ".text.third"));
}

TEST_P(CompileChange, EveryRecordedWayOfCompilingASource) {
  add_unit("other.c", {"-fPIC"});
  add_unit("other.c", {"-fPIC"});
  const auto out =
      run("--- a/src/other.c\n+++ b/src/other.c\n@@ -1 +1 @@\n-int other(void) { return 1; }\n+int "
          "other(void) { return 2; }\n");
  ASSERT_EQ(out.pairs.size(), 2U);
  EXPECT_EQ(out.pairs[0].source, out.pairs[1].source);
  EXPECT_THAT(out.pairs[1].command, HasSubstr("-fPIC"));
}

TEST_P(CompileChange, AppliedAlready) {
  put("src/inc/limit.h", "#define LIMIT 12\n");
  EXPECT_THAT(failure(kHeaderDiff), HasSubstr("src/inc/limit.h holds the change already"));
}

TEST_P(CompileChange, AMismatchCountsOnlyWhereItIsRead) {
  put("tests/dump.tcl", "one\n");
  const auto test_diff = "--- a/tests/dump.tcl\n+++ b/tests/dump.tcl\n@@ -1 +1 @@\n-two\n+three\n";
  const auto out = run(std::string(kHeaderDiff) + test_diff);
  EXPECT_EQ(out.pairs.size(), 2U);
  EXPECT_EQ(out.hunks[1].fate, Fate::not_compiled);
  EXPECT_THAT(out.hunks[1].why, HasSubstr("does not match"));
  put("src/user.c", "#include \"../tests/dump.tcl\"\n");
  EXPECT_THAT(failure(std::string(kHeaderDiff) + test_diff), HasSubstr("hunk 1 of tests/dump.tcl"));
}

TEST_P(CompileChange, CompilerSaysNo) {
  const auto said = failure(
      "--- a/src/inc/limit.h\n+++ b/src/inc/limit.h\n@@ -1 +1 @@\n-#define LIMIT 10\n+#define LIMIT "
      "nowhere\n");
  EXPECT_THAT(said, HasSubstr("compiling the changed"));
  EXPECT_THAT(said, HasSubstr("nowhere"));
  EXPECT_THAT(said, HasSubstr("-ffunction-sections"));
}

TEST_P(CompileChange, FileThatIsNotThere) {
  EXPECT_THAT(failure("--- a/src/nix.c\n+++ b/src/nix.c\n@@ -1 +1 @@\n-a\n+b\n"), HasSubstr("b/src/nix.c"));
}

INSTANTIATE_TEST_SUITE_P(Builds, CompileChange,
                         testing::Values(Variant{"gcc", Isolation::mount_namespace},
                                         Variant{"gcc", Isolation::shadow_tree},
                                         Variant{"clang-16", Isolation::mount_namespace},
                                         Variant{"clang-16", Isolation::shadow_tree}),
                         [](auto& test) {
                           return std::string(test.param.compiler == "gcc" ? "gcc" : "clang") +
                                  (test.param.isolation == Isolation::mount_namespace ? "_mounts"
                                                                                      : "_shadow");
                         });

}  // namespace
}  // namespace stent::compile
