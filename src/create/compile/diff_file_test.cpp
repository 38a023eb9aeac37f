#include "create/compile/diff_file.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "create/compile/apply_hunks.hpp"

namespace stent::compile {
namespace {

using testing::HasSubstr;

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_FALSE(error.hint().empty());
    return error.message();
  }
  return "no error";
}
std::string parse_failure(const std::string& text) {
  return failure([&] { (void)parse_diff(text, "fix.diff"); });
}
std::string applied(const std::string& hunks, const std::string& text) {
  return join_lines(
      apply_hunks(number_lines(text), parse_diff("--- a/x.c\n+++ b/x.c\n" + hunks, "fix.diff").at(0), "x.c"));
}

TEST(DiffFile, GitDiffOfSeveralFiles) {
  const auto files = parse_diff(
      "From: someone\n\n---\n x.c | 2 +-\n\ndiff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n"
      "@@ -1 +1 @@ f()\n-a\n+b\n@@ -9,2 +9 @@\n-c\n d\n"
      "diff --git a/n.h b/n.h\nnew file mode 100644\n--- /dev/null\n+++ b/n.h\n@@ -0,0 +1 @@\n+n\n\\ No "
      "newline at end of file\n"
      "diff --git a/o.h b/o.h\ndeleted file mode 100644\n--- a/o.h\n+++ /dev/null\n@@ -1 +0,0 @@\n-o\n"
      "diff --git a/empty.h b/empty.h\nnew file mode 100644\nindex 0..0\n-- \n2.39.2\n",
      "fix.diff");
  ASSERT_EQ(files.size(), 4U);
  EXPECT_EQ(files[0].hunks.size(), 2U);
  EXPECT_EQ(files[0].hunks[1].diff_line, 13U);
  EXPECT_TRUE(files[1].adds());
  EXPECT_EQ(files[1].hunks[0].lines[0].text, "n");
  EXPECT_TRUE(files[2].removes());
  EXPECT_TRUE(files[3].adds());
  EXPECT_EQ(files[3].path(), "b/empty.h");
}
TEST(DiffFile, PlainDiffWithDates) {
  const auto files = parse_diff(
      "Index: x.c\n====\n--- x.c.orig\t2024-01-01\n+++ x.c\t2024-01-02\n@@ -1 +1 @@\n-a\n+b\n", "d");
  EXPECT_EQ(files.at(0).old_path, "x.c.orig");
  EXPECT_EQ(files.at(0).new_path, "x.c");
}
TEST(DiffFile, QuotedName) {
  EXPECT_EQ(parse_diff("--- \"a/\\303\\244 x.c\"\n+++ \"b/\\303\\244 x.c\"\n@@ -1 +1 @@\n-a\n+b\n", "d")
                .at(0)
                .new_path,
            "b/\xc3\xa4 x.c");
}
TEST(DiffFile, SaysWhereItIsWrong) {
  EXPECT_THAT(parse_failure("hello\n"), HasSubstr("no unified diff"));
  EXPECT_THAT(parse_failure("--- a\n+++ b\n@@ -1,2 +1 @@\n-a\n"),
              HasSubstr("ends inside the hunk at line 3"));
  EXPECT_THAT(parse_failure("--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n+c\n"),
              HasSubstr("line 6: the hunk at line 3 has more lines"));
  EXPECT_THAT(parse_failure("--- a\n+++ b\n@@ -1 +1 @@\n-a\n*b\n"), HasSubstr("line 5: a line of the hunk"));
  EXPECT_THAT(parse_failure("--- a\n+++ b\n@@ -x +1 @@\n"), HasSubstr("line 3"));
  EXPECT_THAT(parse_failure("@@ -1 +1 @@\n-a\n+b\n"), HasSubstr("without the two lines"));
  EXPECT_THAT(parse_failure("diff --git a/x b/y\nrename from x\nrename to y\n"), HasSubstr("renamed"));
  EXPECT_THAT(parse_failure("diff --git a/x b/x\nBinary files a/x and b/x differ\n"),
              HasSubstr("line 2: a change of a binary"));
  EXPECT_THAT(parse_failure("*** a\n--- b\n***************\n"), HasSubstr("context diff"));
}

TEST(ApplyHunks, AtItsPlaceAndMoved) {
  EXPECT_EQ(applied("@@ -2 +2 @@\n-b\n+B\n", "a\nb\nc\n"), "a\nB\nc\n");
  EXPECT_EQ(applied("@@ -1,2 +1,2 @@\n b\n-c\n+C\n", "a\nx\nb\nc\n"), "a\nx\nb\nC\n");
  EXPECT_EQ(applied("@@ -1,0 +2 @@\n+n\n", "a\nb\n"), "a\nn\nb\n");
}
TEST(ApplyHunks, LastLineWithoutEnd) {
  EXPECT_EQ(applied("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", "a"),
            "b");
  EXPECT_EQ(applied("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", "a"), "a\n");
}
TEST(ApplyHunks, CarriageReturns) {
  EXPECT_EQ(applied("@@ -1 +1 @@\n-a\r\n+b\r\n", "a\r\n"), "b\r\n");
  const auto lost = parse_diff("--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n", "d").at(0);
  EXPECT_EQ(join_lines(apply_hunks(number_lines("a\n"), lost, "x")), "b\n");
  EXPECT_EQ(join_lines(apply_hunks(number_lines("a\r\n"), lost, "x")), "b\r\n");
}
TEST(ApplyHunks, SaysWhatDoesNotMatch) {
  EXPECT_THAT(failure([] { (void)applied("@@ -1 +1 @@\n-z\n+y\n", "a\nb\n"); }),
              HasSubstr("hunk 1 of x.c (line 3 of the diff) does not match"));
  EXPECT_THAT(failure([] { (void)applied("@@ -9 +9 @@\n-a\n+y\n", "a\na\n"); }), HasSubstr("2 places"));
  EXPECT_THAT(failure([] { (void)applied("@@ -1,2 +1,2 @@\n a\n-b\n+B\n", "a\nB\n"); }),
              HasSubstr("x.c holds the change already"));
}

}  // namespace
}  // namespace stent::compile
