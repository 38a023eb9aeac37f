#include "binary/arch/x86_64/displace.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::x86_64 {
namespace {

/// Executable memory in which a function stands at 0 and its moved start at 4096.
class Moved {
 public:
  Moved()
      : memory_(static_cast<std::byte*>(
            ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  Moved(const Moved&) = delete;
  Moved& operator=(const Moved&) = delete;
  ~Moved() { ::munmap(memory_, 8192); }

  /// Moves the start of `code` and calls it there, the old start being overwritten by ud2.
  long call(const std::string& code, long argument) {
    const Bytes bytes = from_hex(code);
    std::memcpy(memory_, bytes.data(), bytes.size());
    const auto from = reinterpret_cast<std::uint64_t>(memory_);
    const auto moved = displace({memory_, 64}, near_jump_size, from, from + 4096);
    if (!std::holds_alternative<Displaced>(moved)) throw std::runtime_error(std::get<std::string>(moved));
    const auto& [out, length] = std::get<Displaced>(moved);
    EXPECT_LE(out.size(), displaced_limit);
    EXPECT_GE(length, near_jump_size);
    std::memcpy(memory_ + 4096, out.data(), out.size());
    std::fill_n(memory_, near_jump_size, std::byte{0x0f});
    return reinterpret_cast<long (*)(long)>(memory_ + 4096)(argument);
  }

 private:
  std::byte* memory_;
};

TEST(Displace, MovedCodeDoesTheSame) {
  Moved moved;
  EXPECT_EQ(moved.call("4889f8"    // mov %rdi,%rax
                       "4883c007"  // add $7,%rax
                       "c3",
                       5),
            12);
  EXPECT_EQ(moved.call("488d0509000000"  // lea 9(%rip),%rax -> the long at 16
                       "488b00"          // mov (%rax),%rax
                       "c3"
                       "0000000000"
                       "2a00000000000000",
                       0),
            42);
  EXPECT_EQ(moved.call("488b0509000000"  // mov 9(%rip),%rax -> the long at 16
                       "c3"
                       "0000000000000000"
                       "2b00000000000000",
                       0),
            43);
}

TEST(Displace, BranchesGoWhereTheyWent) {
  Moved moved;
  const std::string branch =
      "4885ff"  // test %rdi,%rdi
      "7406"    // je +6
      "b801000000c3"
      "b802000000c3";
  EXPECT_EQ(moved.call(branch, 1), 1);
  EXPECT_EQ(moved.call(branch, 0), 2);
  EXPECT_EQ(moved.call("4885ff"
                       "0f8406000000"
                       "b801000000c3"
                       "b803000000c3",
                       0),
            3);  // je near
  EXPECT_EQ(moved.call("909090"
                       "eb03"
                       "cccccc"
                       "b804000000c3",
                       0),
            4);  // jmp short
  EXPECT_EQ(moved.call("e901000000"
                       "cc"
                       "b805000000c3",
                       0),
            5);  // jmp near
}

TEST(Displace, CallsReturnToTheirOldPlace) {
  Moved moved;
  // call +7; lea 1(%rax),%rax; ret ... ; at 12: mov (%rsp),%rax (its return address); ret
  const std::string call =
      "e807000000"
      "488d4001"
      "c3"
      "cccc"
      "488b0424"
      "c3";
  const long returned = moved.call(call, 0);
  EXPECT_EQ(returned & 4095, 5 + 1) << "the callee saw another return address than the old one";
  // sub $8,%rsp; call *x(%rip); add $8,%rsp; ret; x at 16 holds the function that follows it
  Bytes bytes = from_hex(
      "4883ec08"
      "ff1506000000"
      "4883c408"
      "c3"
      "cc"
      "0000000000000000"
      "b809000000c3");
  EXPECT_TRUE(std::holds_alternative<Displaced>(displace(bytes, near_jump_size, 0x1000, 0x2000)));
}

std::string refusal(const std::string& code) {
  const Bytes bytes = from_hex(code);
  const auto moved = displace(bytes, near_jump_size, 0x1000, 0x2000);
  const auto* reason = std::get_if<std::string>(&moved);
  return reason == nullptr ? "" : *reason;
}

TEST(Displace, RefusesWhatItCannotMove) {
  EXPECT_NE(refusal("e2fe"
                    "909090"),
            "");  // loop
  EXPECT_NE(refusal("e3fe"
                    "909090"),
            "");  // jrcxz
  EXPECT_NE(refusal("ffd0"
                    "909090"),
            "");                           // call *%rax
  EXPECT_NE(refusal("ff5424089090"), "");  // call *8(%rsp)
  EXPECT_NE(refusal("c3"), "");            // ends too early
  EXPECT_NE(refusal("0f0b909090"), "");    // ud2, then bytes nobody comes to
  EXPECT_NE(refusal("06909090"), "");      // no instruction
  EXPECT_NE(refusal("7501"
                    "9090"
                    "9090"),
            "");                               // jumps into what is moved
  EXPECT_NE(refusal("67488b0500000000"), "");  // relative to eip
  EXPECT_NE(refusal("90909090"), "");          // shorter than a jump
  EXPECT_EQ(refusal("75fe"
                    "909090"),
            "");  // to the entry itself: that still works
}

TEST(Displace, OutOfReachIsRefused) {
  const Bytes code = from_hex("488d0509000000c3");
  EXPECT_TRUE(std::holds_alternative<std::string>(displace(code, 5, 0x1000, 0x1'0000'0000)));
}

TEST(Displace, SeesBranchesIntoTheOverwrittenBytes) {
  const Bytes loop = from_hex(
      "f30f1efa"
      "ffcf"
      "75fc"
      "c3");  // endbr64; L: dec %edi; jne L; ret
  EXPECT_TRUE(branches_between(loop, 0x1000, 0x1000, 0x1006));
  EXPECT_FALSE(branches_between(loop, 0x1000, 0x1000, 0x1004));
  EXPECT_FALSE(branches_between(from_hex("75fe"), 0x1000, 0x1000, 0x1005)) << "to the entry";
  EXPECT_TRUE(branches_between(from_hex("06"), 0x1000, 0x9000, 0x9005)) << "cannot be decoded";
}

}  // namespace
}  // namespace stent::x86_64
