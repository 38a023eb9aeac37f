#include "live/unwind/exception_object.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "live/process/process.hpp"

namespace stent::unwind {
namespace {

/// The words around a landing pad as the runtime of this test noted it, 16 bytes before the exception class.
constexpr std::size_t word_count = 5, landing_pad = 2;
using Words = std::array<std::uint64_t, word_count>;

Words thrown_words() {
  Words words{};
  try {
    throw std::runtime_error("for its header");
  } catch (const std::runtime_error& error) {
    constexpr std::ptrdiff_t header = 32, before = 32;  // of the unwinder's header, and of the words in front
    std::memcpy(words.data(), reinterpret_cast<const char*>(&error) - header - before, sizeof words);
  }
  return words;
}

bool is_noted(const Words& words) {
  static Words place;
  place = words;
  const auto self = process::Process::open({::getpid()});
  return is_noted_landing_pad(self.memory(), self.mappings(),
                              {reinterpret_cast<std::uint64_t>(&place[landing_pad])});
}

TEST(ExceptionObject, TheRuntimeNotesItsLandingPad) { EXPECT_TRUE(is_noted(thrown_words())); }

TEST(ExceptionObject, AllThatItNotesOfTheCatcherIsRecognised) {
  static Words place;
  place = thrown_words();
  const auto self = process::Process::open({::getpid()});
  for (std::size_t field = 0; field < word_count; ++field)
    EXPECT_EQ(
        is_note_of_catcher(self.memory(), self.mappings(), {reinterpret_cast<std::uint64_t>(&place[field])}),
        field <= landing_pad)
        << field;
}

TEST(ExceptionObject, ADependentExceptionIsOneToo) {
  Words words = thrown_words();
  words[4] |= 1;
  EXPECT_TRUE(is_noted(words));
}

TEST(ExceptionObject, AnythingElseAroundTheWordIsNone) {
  Words words = thrown_words();
  words[4] ^= 0x100;  // another language's class
  EXPECT_FALSE(is_noted(words));
  words = thrown_words();
  words[0] = words[1] - 8;  // actions before their tables
  EXPECT_FALSE(is_noted(words));
  words = thrown_words();
  words[0] = words[1] = reinterpret_cast<std::uint64_t>(words.data());  // tables on a stack
  EXPECT_FALSE(is_noted(words));
}

}  // namespace
}  // namespace stent::unwind
