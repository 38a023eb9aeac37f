#include "create/compile/included_names.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

class IncludedNames : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "stent-includes-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
    write_text(top_ / "inc/wanted.h", "");
    write_text(top_ / "inc/other.h", "#if 0\n  # include  \"wanted.h\"\n#endif\n");
    fs::create_symlink("wanted.h", top_ / "inc/link.h");
  }
  void TearDown() override { fs::remove_all(top_); }

  bool may(const std::string& text, std::vector<std::string> flags = {"-Iinc"}) const {
    write_text(top_ / "unit.c", text);
    flags.insert(flags.begin(), "cc");
    const RecordedUnit unit{top_, top_ / "unit.c", "unit.c", flags, {}, false};
    return may_include({unit}, {top_ / "inc/wanted.h"}).front();
  }

  fs::path top_;
};

TEST_F(IncludedNames, SaysNoOnlyWhenCertain) {
  EXPECT_FALSE(may("int x;\n"));
  EXPECT_FALSE(may("#include <stdio.h>\n#define X \\\n  1\n"));
  EXPECT_FALSE(may("#include \"other.h\"\n", {}));  // not found: not read either
  EXPECT_TRUE(may("#include \"wanted.h\"\n"));
  EXPECT_TRUE(may("#ifdef NEVER\n#include \"other.h\"\n#endif\n"));
  EXPECT_TRUE(may("#include <link.h>\n"));
  EXPECT_TRUE(may("%:include \"wanted.h\"\n"));
  EXPECT_TRUE(may("#inc\\\nlude \"wanted.h\"\n"));
  EXPECT_TRUE(may("#include MACRO\n"));
  EXPECT_TRUE(may("#/**/include \"wanted.h\"\n"));
  EXPECT_TRUE(may("int x;\n", {"-include", "inc/other.h"}));
  EXPECT_TRUE(may("int x;\n", {"-Xclang", "-include", "-Xclang", "x.h"}));
}

TEST_F(IncludedNames, ANameAsSourceAloneIsNoInclude) {
  write_text(top_ / "unit.c", "int x;\n");
  const RecordedUnit unit{top_, top_ / "unit.c", "unit.c", {"cc"}, {}, false};
  EXPECT_FALSE(may_include({unit}, {top_ / "unit.c"}).front());
}

}  // namespace
}  // namespace stent::compile
