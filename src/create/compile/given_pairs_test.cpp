#include "create/compile/given_pairs.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "base/error.hpp"
#include "create/compile/archive.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class GivenPairs : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "stent-pairs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
  }
  void TearDown() override { fs::remove_all(top_); }

  void run(const std::string& command) const {
    ASSERT_EQ(std::system(("cd '" + top_.string() + "' && " + command).c_str()), 0) << command;
  }
  void object(const std::string& path, int value) const {
    write_text(top_ / "x.c", "int x = " + std::to_string(value) + ";\n");
    fs::create_directories((top_ / path).parent_path());
    run("gcc -c x.c -o " + path);
  }
  std::vector<std::string> sources_of_trees() {
    std::vector<std::string> names;
    for (const ObjectPair& pair : pairs_of_trees(top_ / "old", top_ / "new", top_ / "work", notes_).pairs)
      names.push_back(pair.source);
    return names;
  }

  fs::path top_;
  std::vector<std::string> notes_;
};

TEST_F(GivenPairs, TreesAreComparedByPathAndEqualObjectsLeftOut) {
  object("old/a.o", 1);
  object("new/a.o", 2);
  object("old/same.o", 3);
  object("new/same.o", 3);
  object("old/gone.o", 4);
  object("new/added.o", 5);
  write_text(top_ / "old/text.o", "not an object");
  write_text(top_ / "new/text.o", "not one either");
  EXPECT_THAT(sources_of_trees(), ElementsAre("a.o"));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("gone.o: only in"), HasSubstr("added.o: only in")));
}

TEST_F(GivenPairs, LibtoolsTwoObjectsAreAlternativesAndCopiesInArchivesCountOnce) {
  for (const std::string side : {"old", "new"}) {
    object(side + "/lib/x.o", side == "old" ? 1 : 2);
    object(side + "/lib/.libs/x.o", side == "old" ? 3 : 4);
    run("ar rc " + side + "/lib/.libs/libx.a " + side + "/lib/.libs/x.o");
  }
  EXPECT_THAT(sources_of_trees(), ElementsAre("lib/x.o", "lib/x.o"));
}

TEST_F(GivenPairs, MembersOfOneNameArePairedInOrder) {
  for (const std::string side : {"old", "new"}) {
    object("a/x.o", side == "old" ? 1 : 2);
    object("b/x.o", side == "old" ? 3 : 4);
    run("ar qc " + side + ".a a/x.o b/x.o");
  }
  object("extra.o", 5);
  run("ar qc new.a extra.o");
  const auto pairs = pairs_of_files({{top_ / "old.a", top_ / "new.a"}}, top_ / "work", notes_).pairs;
  ASSERT_EQ(pairs.size(), 2);
  EXPECT_THAT(pairs[1].source, HasSubstr("x.o (number 2)"));
  EXPECT_NE(read_text(pairs[0].old_object), read_text(pairs[1].old_object));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("extra.o is only in the new one")));
}

TEST_F(GivenPairs, RefusesWhatIsNotTwoOfAKind) {
  object("a.o", 1);
  run("ar rc a.a a.o");
  EXPECT_THROW((void)pairs_of_files({{top_ / "a.o", top_ / "a.a"}}, top_ / "work", notes_), Error);
  fs::create_directories(top_ / "old");
  fs::create_directories(top_ / "new");
  EXPECT_THROW((void)sources_of_trees(), Error);
}

TEST_F(GivenPairs, ADamagedArchiveIsAnErrorAtEveryLength) {
  object("a_member_with_a_long_name.o", 1);
  run("ar rc a.a a_member_with_a_long_name.o");
  const std::string whole = read_text(top_ / "a.a");
  for (std::size_t size = 9; size + 1 < whole.size(); size += 7) {
    write_text(top_ / "cut.a", whole.substr(0, size));
    EXPECT_THROW((void)extract_members(top_ / "cut.a", top_ / "cut"), Error) << size;
  }
}

}  // namespace
}  // namespace stent::compile
