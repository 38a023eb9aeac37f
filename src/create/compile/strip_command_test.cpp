#include "create/compile/strip_command.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "create/compile/dependencies.hpp"
#include "create/compile/shell_words.hpp"

namespace stent::compile {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

Words stripped(const std::string& command) {
  const auto out = strip_command(split_shell(command), "src/x.c", "/b");
  return out ? out->arguments : Words{"none"};
}

TEST(ShellWords, Quotes) {
  EXPECT_THAT(split_shell(R"(gcc '-DA="x y"' "-DB=\"\$z\" \q" a\ b '')"),
              ElementsAre("gcc", "-DA=\"x y\"", "-DB=\"$z\" \\q", "a b", ""));
  EXPECT_THROW((void)split_shell("gcc 'x"), Error);
  EXPECT_THROW((void)split_shell("cd x && gcc y.c"), Error);
}
TEST(StripCommand, OutputsLaunchersAndDependencies) {
  EXPECT_THAT(stripped("ccache gcc -O2 -g -MMD -MF x.d -MT x.o -Wp,-MD,y.d,-DZ -save-temps=obj --coverage "
                       "-gsplit-dwarf -fdump-tree-all -o x.o -c src/x.c"),
              ElementsAre("gcc", "-O2", "-g", "-Wp,-DZ"));
  EXPECT_THAT(stripped("env A=1 ccache distcc clang -ox.o -c -I inc -Dc=-o /b/src/x.c"),
              ElementsAre("clang", "-I", "inc", "-Dc=-o"));
}
TEST(StripCommand, LinkInputsGo) {
  EXPECT_THAT(stripped("gcc -O2 src/x.c y.c z.o liba.a -lm -L. -Wl,-z,now -rdynamic -pie -fPIE -o prog"),
              ElementsAre("gcc", "-O2", "-fPIE"));
}
TEST(StripCommand, AProfileKeepsTheNameOfItsObject) {
  EXPECT_THAT(stripped("gcc -O2 -fprofile-use -c src/x.c -o obj/y.o"),
              ElementsAre("gcc", "-O2", "-fprofile-use", "-dumpdir", "obj/", "-dumpbase", "y.o",
                          "-dumpbase-ext", ".o", "-Wno-error=coverage-mismatch"));
  EXPECT_THAT(stripped("gcc -fprofile-use=p src/x.c -o out/prog"),
              ElementsAre("gcc", "-fprofile-use=p", "-dumpdir", "out/prog-", "-dumpbase", "x.c",
                          "-dumpbase-ext", ".c", "-Wno-error=coverage-mismatch"));
  EXPECT_THAT(stripped("clang-16 -fprofile-use=p -c src/x.c"), ElementsAre("clang-16", "-fprofile-use=p"));
}
TEST(StripCommand, NothingToCompile) {
  EXPECT_THAT(stripped("gcc -E src/x.c"), ElementsAre("none"));
  EXPECT_FALSE(strip_command({"gcc", "x.o", "-o", "x"}, "x.o", "/b"));
}
TEST(StripCommand, Refusals) {
  EXPECT_TRUE(strip_command(split_shell("gcc -O2 -flto=auto -c x.c"), "x.c", "/b")->is_link_time_optimised);
  EXPECT_FALSE(strip_command(split_shell("gcc -flto -fno-lto -c x.c"), "x.c", "/b")->is_link_time_optimised);
  EXPECT_THROW((void)stripped("gcc -c src/other.c"), Error);
  EXPECT_THROW((void)stripped("libtool --mode=compile gcc -c src/x.c"), Error);
}
TEST(Dependencies, MakeRule) {
  EXPECT_THAT(parse_make_rule("unit: a.c b\\ c.h \\\n $$d.h \\#e.h\n"),
              ElementsAre("a.c", "b c.h", "$d.h", "#e.h"));
}

}  // namespace
}  // namespace stent::compile
