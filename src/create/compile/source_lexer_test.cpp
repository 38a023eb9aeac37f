#include "create/compile/source_lexer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace stent::compile {
namespace {

/// "1" for each line a directive may stand before, "0" for the others.
std::string boundaries(std::string_view text) {
  std::string out;
  for (const auto& line : lex_lines(text)) out += line.boundary ? '1' : '0';
  return out;
}

TEST(SourceLexer, PlainLinesAreBoundaries) { EXPECT_EQ(boundaries("int a;\nint b;\n"), "11"); }
TEST(SourceLexer, EmptyText) { EXPECT_EQ(boundaries(""), ""); }
TEST(SourceLexer, LastLineWithoutEnd) { EXPECT_EQ(boundaries("a;\nb;"), "11"); }
TEST(SourceLexer, BlockComment) { EXPECT_EQ(boundaries("/* a\n b\n*/ c;\nd;\n"), "1001"); }
TEST(SourceLexer, LineCommentContinued) { EXPECT_EQ(boundaries("// a\\\nb (\nc;\n"), "101"); }
TEST(SourceLexer, CommentMarkInString) { EXPECT_EQ(boundaries("s = \"/*\";\nc;\n"), "11"); }
TEST(SourceLexer, ParenthesisInLiterals) {
  EXPECT_EQ(boundaries("s = \"(\\\"(\" + '(' + '\\'';\nc;\n"), "11");
}
TEST(SourceLexer, StringContinued) { EXPECT_EQ(boundaries("s = \"a\\\n(b\";\nc;\n"), "101"); }
TEST(SourceLexer, StringOfEscapedBackslash) { EXPECT_EQ(boundaries("s = \"\\\\\";\nc(\n1);\n"), "110"); }
TEST(SourceLexer, MacroArguments) { EXPECT_EQ(boundaries("f(a,\n  (b),\n  c);\nd;\n"), "1001"); }
TEST(SourceLexer, ArgumentsBeginOnALaterLine) { EXPECT_EQ(boundaries("f\n\n(a);\nb;\n"), "1001"); }
TEST(SourceLexer, DefineContinued) {
  EXPECT_EQ(boundaries("#define A(x) \\\n  f(x \\\n  )\nb;\n"), "1001");
  EXPECT_EQ(boundaries("#define OPEN (\nb;\n"), "11");
  EXPECT_EQ(boundaries("#define A \\ \n  1\nb;\n"), "101");
}
TEST(SourceLexer, RawString) { EXPECT_EQ(boundaries("s = R\"x(\n)\" (\n)x\";\nb;\n"), "1001"); }
TEST(SourceLexer, BranchesStartFromTheSameDepth) {
  EXPECT_EQ(boundaries("#if A\nf(a,\n#else\ng(b,\n#endif\nc);\nd;\n"), "1101001");
}
TEST(SourceLexer, ApostropheInSkippedText) {
  EXPECT_EQ(boundaries("#if 0\ndon't (\n#endif\nb;\n)"), "11111");
}
TEST(SourceLexer, DigitSeparator) { EXPECT_EQ(boundaries("n = 1'000;\nf(\n2);\n"), "110"); }
TEST(SourceLexer, CarriageReturns) { EXPECT_EQ(boundaries("#define A \\\r\n 1\r\nb;\r\n"), "101"); }
TEST(SourceLexer, NamesDirectives) {
  using Directive = LineState::Directive;
  const auto lines = lex_lines("#if A\n # /* x */ else\n#endif\n#line 3\n# 4 \"x\"\n#define B #if\nint c;\n");
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_EQ(lines[0].directive, Directive::opens);
  EXPECT_EQ(lines[1].directive, Directive::alternates);
  EXPECT_EQ(lines[2].directive, Directive::closes);
  EXPECT_EQ(lines[3].directive, Directive::line);
  EXPECT_EQ(lines[4].directive, Directive::line);
  EXPECT_EQ(lines[5].directive, Directive::other);
  EXPECT_EQ(lines[6].directive, Directive::none);
}

}  // namespace
}  // namespace stent::compile
