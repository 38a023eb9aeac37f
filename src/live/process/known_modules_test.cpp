#include "live/process/known_modules.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "live/process/fake_memory.hpp"

namespace stent::process {
namespace {

constexpr std::uint64_t page = 4096;
constexpr RemoteAddress first{0x10000}, second{0x20000};

/// A page that is an image: its header, and one segment that is code.
Bytes image(std::uint16_t type) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_type = type;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  Elf64_Phdr code{};
  code.p_type = PT_LOAD;
  code.p_flags = PF_R | PF_X;
  code.p_filesz = code.p_memsz = page;
  Bytes bytes(page);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &code, sizeof code);
  return bytes;
}

Mapping mapping(RemoteAddress at) {
  Mapping mapping;
  mapping.range = {at, page};
  mapping.permissions = {true, false, true, false};
  mapping.inode = 1;
  return mapping;
}

class Two : public testing::Test {
 protected:
  Two() {
    memory_.map(first, image(ET_DYN));
    memory_.map(second, image(ET_EXEC));
  }
  FakeMemory memory_;
  KnownModules modules_{memory_, {}};
};

TEST_F(Two, AreFoundAsTheyComeAndGo) {
  EXPECT_EQ(modules_.among({mapping(first)}).size(), 1u);
  EXPECT_EQ(modules_.among({mapping(first), mapping(second)}).size(), 2u);
  ASSERT_EQ(modules_.among({mapping(second)}).size(), 1u);
  EXPECT_EQ(modules_.among({mapping(second)})[0].header, second);
}

TEST_F(Two, AreForgottenWhenOneGoes) {
  EXPECT_EQ(modules_.among({mapping(first)})[0].elf_type, ET_DYN);
  memory_.write(first, image(ET_EXEC));
  EXPECT_EQ(modules_.among({mapping(first), mapping(second)})[0].elf_type, ET_DYN) << "read once";
  static_cast<void>(modules_.among({mapping(second)}));
  EXPECT_EQ(modules_.among({mapping(first), mapping(second)})[0].elf_type, ET_EXEC) << "another one";
}

}  // namespace
}  // namespace stent::process
