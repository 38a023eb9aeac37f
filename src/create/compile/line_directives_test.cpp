#include "create/compile/line_directives.hpp"

#include <gtest/gtest.h>

namespace stent::compile {
namespace {

std::string insert(std::string_view diff, std::string_view old_text) {
  const auto diffs = parse_diff("--- a/x.c\n+++ b/x.c\n" + std::string(diff), "test");
  return insert_line_directives(apply_hunks(number_lines(old_text), diffs.at(0), "x.c"));
}

TEST(LineDirectives, AfterAddedLines) {
  EXPECT_EQ(insert("@@ -1,2 +1,3 @@\n a;\n+n;\n b;\n", "a;\nb;\nc;\n"), "a;\nn;\n#line 2\nb;\nc;\n");
}
TEST(LineDirectives, AfterRemovedLines) {
  EXPECT_EQ(insert("@@ -1,3 +1,2 @@\n a;\n-b;\n c;\n", "a;\nb;\nc;\n"), "a;\n#line 3\nc;\n");
}
TEST(LineDirectives, AfterAnExchangeOfEqualLength) {
  EXPECT_EQ(insert("@@ -1,2 +1,2 @@\n-a;\n+n;\n b;\n", "a;\nb;\n"), "n;\n#line 2\nb;\n");
}
TEST(LineDirectives, WaitsForTheEndOfArguments) {
  EXPECT_EQ(insert("@@ -1,3 +1,4 @@\n f(a,\n+n,\n b,\n c);\n", "f(a,\nb,\nc);\nd;\n"),
            "f(a,\nn,\nb,\nc);\n#line 4\nd;\n");
}
TEST(LineDirectives, WaitsForTheEndOfADefine) {
  EXPECT_EQ(insert("@@ -1,2 +1,3 @@\n #define A \\\n+ n \\\n   b\n", "#define A \\\n  b\nd;\n"),
            "#define A \\\n n \\\n  b\n#line 3\nd;\n");
}
TEST(LineDirectives, AgainAfterAGroupThatMayBeSkipped) {
  EXPECT_EQ(insert("@@ -2,2 +2,3 @@\n a;\n+n;\n b;\n", "#if X\na;\nb;\n#else\nc;\n#endif\nd;\n"),
            "#if X\na;\nn;\n#line 3\nb;\n#else\n#line 5\nc;\n#endif\n#line 7\nd;\n");
}
TEST(LineDirectives, KeepsCarriageReturns) {
  EXPECT_EQ(insert("@@ -1,2 +1,3 @@\n a;\r\n+n;\r\n b;\r\n", "a;\r\nb;\r\n"),
            "a;\r\nn;\r\n#line 2\r\nb;\r\n");
}
TEST(LineDirectives, LeavesGeneratedSourcesAlone) {
  EXPECT_EQ(insert("@@ -1,2 +1,3 @@\n #line 7\n+n;\n b;\n", "#line 7\nb;\n"), "#line 7\nn;\nb;\n");
}

}  // namespace
}  // namespace stent::compile
