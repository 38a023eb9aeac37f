#include "live/resolve/loaded_words.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

namespace stent::resolve {
namespace {

void function() {}

// Volatile, or the compiler would keep them where they cannot change.
void (*volatile own_function)() = function;                  // R_X86_64_RELATIVE
int (*volatile imported_function)(const char*) = std::puts;  // R_X86_64_64
volatile std::uint64_t plain = 0x1234'5678'9abc'def0;        // as in the file
volatile std::uint64_t nothing;                              // .bss

template <class Word>
bool is_as_loaded(const Word& word) {
  const auto self = process::Process::open({::getpid()});
  LoadedWords words(self);
  return words.holds({reinterpret_cast<std::uint64_t>(&word)},
                     reinterpret_cast<const volatile std::uint64_t&>(word));
}

TEST(LoadedWords, TellWhatTheLoaderPutThere) {
  EXPECT_TRUE(is_as_loaded(own_function));
  EXPECT_TRUE(is_as_loaded(imported_function));
  EXPECT_TRUE(is_as_loaded(plain));
}

TEST(LoadedWords, TellWhatIsAnother) {
  own_function = nullptr;
  plain = plain + 1;
  EXPECT_FALSE(is_as_loaded(own_function));
  EXPECT_FALSE(is_as_loaded(plain));
  own_function = function;
  plain = plain - 1;
  EXPECT_TRUE(is_as_loaded(plain));
}

TEST(LoadedWords, KnowOnlyWhatTheFileFills) {
  EXPECT_FALSE(is_as_loaded(nothing));
  const std::uint64_t on_a_stack = 0;
  EXPECT_FALSE(is_as_loaded(on_a_stack));
}

}  // namespace
}  // namespace stent::resolve
