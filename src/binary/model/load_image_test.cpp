#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include "binary/elf/elf_file.hpp"
#include "binary/model/image.hpp"

namespace stent::model {
namespace {

namespace fs = std::filesystem;

class LoadImage : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "stent-image-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    std::ofstream(folder_ / "a.c")
        << "#include <stdio.h>\nstatic int hidden(int n) { return n + 1; }\n"
           "int (*chosen)(int) = hidden;\n"
           "int main(int c, char **v) { return printf(\"%d\", chosen(c)) + !v; }\n";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void run(const std::string& command) const {
    ASSERT_EQ(std::system(("cd '" + folder_.string() + "' && " + command).c_str()), 0) << command;
  }
  static const ImageSymbol* symbol(const Image& image, const std::string& name) {
    for (const ImageSymbol& s : image.symbols)
      if (s.name == name) return &s;
    return nullptr;
  }

  fs::path folder_;
};

TEST_F(LoadImage, FindsImportsSlotsAndLocals) {
  run("gcc -O2 -g a.c -o a -Wl,-z,lazy");
  const Image image = load_image(folder_ / "a");
  EXPECT_TRUE(image.is_position_independent);
  EXPECT_TRUE(image.is_executable);
  EXPECT_FALSE(image.build_id.empty());
  ASSERT_NE(symbol(image, "hidden"), nullptr);
  EXPECT_EQ(image.files.at(*symbol(image, "hidden")->file), "a.c");
  const auto printf = std::find_if(image.imports.begin(), image.imports.end(), [](const Import& i) {
    return i.name == "printf" || i.name == "__printf_chk";
  });
  ASSERT_NE(printf, image.imports.end());
  EXPECT_TRUE(printf->jump_slot);
  EXPECT_TRUE(printf->plt);
  EXPECT_EQ(printf->version, "GLIBC_2.2.5");
  EXPECT_EQ(image.local_got.at(symbol(image, "chosen")->address), symbol(image, "hidden")->address);
  const LinkAddress main = symbol(image, "main")->address;
  EXPECT_TRUE(std::any_of(image.function_extents.begin(), image.function_extents.end(),
                          [&](const LinkRange& r) { return r.begin == main; }));
}

TEST_F(LoadImage, FindsTheDebugFileOfAStrippedImage) {
  run("gcc -O2 -g a.c -o a && objcopy --only-keep-debug a a.debug && strip -o s a && "
      "objcopy --add-gnu-debuglink=a.debug s && mkdir other && mv a.debug other/");
  EXPECT_EQ(symbol(load_image(folder_ / "s"), "hidden"), nullptr);
  const Image by_link = load_image(folder_ / "s", {{folder_ / "other"}, false});
  EXPECT_NE(symbol(by_link, "hidden"), nullptr);
  const std::string id = by_link.build_id.text();
  run("mkdir -p root/usr/lib/debug/.build-id/" + id.substr(0, 2) +
      " && mv other/a.debug root/usr/lib/debug/.build-id/" + id.substr(0, 2) + "/" + id.substr(2) + ".debug");
  EXPECT_NE(symbol(load_image(folder_ / "s", {{folder_ / "root"}, false}), "hidden"), nullptr);
}

TEST_F(LoadImage, AdoptsSymbolsOnlyOfATwin) {
  run("gcc -O2 -g a.c -o a && strip -o s a && sed 's/n + 1/n + 2/' a.c > b.c && gcc -O2 -g b.c -o b");
  Image image = load_image(folder_ / "s", {{}, false});
  EXPECT_THROW(adopt_symbols(image, load_image(folder_ / "b")), Error);
  adopt_symbols(image, load_image(folder_ / "a"));
  EXPECT_NE(symbol(image, "hidden"), nullptr);
}

TEST_F(LoadImage, NeverCrashesOnDamage) {
  run("gcc -O2 a.c -o a");
  const Bytes whole = elf::read_file(folder_ / "a");
  std::mt19937 random(7);
  for (int i = 0; i < 400; ++i) {
    Bytes bytes = whole;
    if (i % 4 == 0)
      bytes.resize(random() % bytes.size());
    else
      for (int k = 0; k < 6; ++k)
        bytes[random() % (i % 2 == 0 ? bytes.size() : 4096)] = static_cast<std::byte>(random());
    std::ofstream(folder_ / "bad", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    try {
      static_cast<void>(load_image(folder_ / "bad"));
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::bad_input || error.code() == ErrorCode::unsupported);
    }
  }
}

}  // namespace
}  // namespace stent::model
