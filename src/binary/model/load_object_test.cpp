#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "binary/elf/elf_file.hpp"
#include "binary/model/object.hpp"

namespace stent::model {
namespace {

/// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "stent-model-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

constexpr const char* source = R"(
int printf(const char *, ...);
void abort(void);
extern int limit;
static int calls;
static const int weights[] = {3, 1, 4, 1, 5};
static __attribute__((noinline)) int step(int n) { static int seen; seen += n; calls++; return weights[n % 5] + seen; }
__attribute__((cold)) void complain(void);
int act(int n) {
  switch (n) {
    case 0: return step(3);
    case 1: return n * 5 + limit;
    case 2: return printf("two\n");
    case 3: return printf("three\n");
    case 4: return n ^ 21;
    case 5: return step(n) % 9;
    case 6: complain(); return 7;
    default: return -1;
  }
}
)";

class LoadObject : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "unit.c") << source;
    const std::string command = std::string(GetParam()) + " -O2 -ffunction-sections -fdata-sections -c -o " +
                                (folder_ / "unit.o").string() + " " + (folder_ / "unit.c").string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    object_ = load_object(folder_ / "unit.o");
  }
  [[nodiscard]] const Atom* atom(const std::string& name) const {
    for (const Atom& a : object_.atoms)
      if (a.name == name) return &a;
    return nullptr;
  }

  Folder folder_;
  Object object_;
};

TEST_P(LoadObject, FindsFunctionsWithFragments) {
  EXPECT_EQ(object_.source, "unit.c");
  std::vector<std::string> names;
  for (const Function& f : object_.functions) names.push_back(object_[f.symbol].name);
  EXPECT_EQ(names.size(), 2u);
  EXPECT_TRUE(object_.unpatchable.empty());
  for (const Function& f : object_.functions) EXPECT_TRUE(object_.frames[f.entry.value].has_value());
}

TEST_P(LoadObject, UndoesTheProgramCounterBias) {
  bool found_string = false;
  bool found_call = false;
  for (const Reference& r : atom("act")->references) {
    if (r.place && object_[r.place->atom].kind == AtomKind::string_literal) {
      EXPECT_EQ(r.place->offset, 0);
      found_string = true;
    }
    if (r.place && object_[r.place->atom].name == "step") {
      EXPECT_EQ(r.place->offset, 0);
      EXPECT_EQ(r.pc_adjust, -4);
      found_call = true;
    }
  }
  EXPECT_TRUE(found_call);
  EXPECT_TRUE(found_string || std::string(GetParam()) != "gcc") << "clang may name strings through a table";
}

TEST_P(LoadObject, SeesSwitchTables) {
  std::size_t entries = 0;
  for (const Atom& a : object_.atoms)
    for (const Reference& r : a.references)
      if (r.is_table_entry) {
        ++entries;
        EXPECT_EQ(object_[r.place->atom].kind, AtomKind::code);
        EXPECT_LT(r.place->offset, static_cast<std::int64_t>(object_[r.place->atom].size));
      }
  EXPECT_GE(entries, 6u);
}

TEST_P(LoadObject, NeverCrashesOnDamage) {
  const Bytes whole = elf::read_file(folder_ / "unit.o");
  std::mt19937 random(1);
  for (int i = 0; i < 600; ++i) {
    Bytes bytes = whole;
    if (i % 2 == 0)
      bytes.resize(random() % bytes.size());
    else
      for (int k = 0; k < 4; ++k) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    std::ofstream(folder_ / "bad.o", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    try {
      static_cast<void>(load_object(folder_ / "bad.o"));
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::bad_input || error.code() == ErrorCode::unsupported);
    }
  }
}

TEST_P(LoadObject, RefusesFunctionsThatTheAssemblerTiedTogether) {
  std::ofstream(folder_ / "tied.c") << "static __attribute__((noinline)) int h(int n) { return n * 7 / 3; }\n"
                                       "int f(int n) { return h(n) + 1; }\n";
  const std::string command = std::string(GetParam()) + " -O2 -c -o " + (folder_ / "tied.o").string() + " " +
                              (folder_ / "tied.c").string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  const Object tied = load_object(folder_ / "tied.o");
  if (GetParam() == std::string("clang-16")) {  // keeps a relocation for every call
    EXPECT_TRUE(tied.unpatchable.empty());
    return;
  }
  ASSERT_EQ(tied.unpatchable.size(), 1u);
  EXPECT_EQ(tied[tied[tied.unpatchable[0].first].symbol].name, "f");
  EXPECT_NE(tied.unpatchable[0].second.find("-ffunction-sections"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Compilers, LoadObject, testing::Values("gcc", "clang-16"), [](const auto& param) {
  return param.param == std::string("gcc") ? "gcc" : "clang";
});

TEST(ParseName, TakesSuffixesApart) {
  EXPECT_EQ(parse_name("counter.5"), (ParsedName{"counter", "", 5}));
  EXPECT_EQ(parse_name("f.constprop.0"), (ParsedName{"f", "constprop", 0}));
  EXPECT_EQ(parse_name("f.isra.0.cold"), (ParsedName{"f", "isra.cold", 0}));
  EXPECT_EQ(parse_name("f.cold"), (ParsedName{"f", "cold", {}}));
  EXPECT_EQ(parse_name("plain"), (ParsedName{"plain", "", {}}));
  EXPECT_EQ(parse_name(".hidden"), (ParsedName{".hidden", "", {}}));
}

}  // namespace
}  // namespace stent::model
