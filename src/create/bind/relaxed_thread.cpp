#include "create/bind/relaxed_thread.hpp"

#include <algorithm>
#include <array>

#include "create/bind/rewritten.hpp"

namespace stent::bind {

namespace {

using x86_64::Flow;
using x86_64::RelocationType;

/// mov %fs:0, %rax
constexpr std::array<unsigned char, 9> load_thread_pointer{0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0};

template <std::size_t N>
bool starts_with(ByteView code, const std::array<unsigned char, N>& pattern) {
  return code.size() >= N &&
         std::equal(pattern.begin(), pattern.end(), code.begin(),
                    [](unsigned char a, std::byte b) { return a == std::to_integer<unsigned char>(b); });
}

std::optional<RelaxedThread> general_dynamic(ByteView code, const model::Image& image) {
  constexpr std::size_t size = 16;
  if (code.size() < size || !starts_with(code, load_thread_pointer)) return {};
  const ByteView second = code.subspan(load_thread_pointer.size());
  if (starts_with(second, std::array<unsigned char, 3>{0x48, 0x8d, 0x80}))  // lea x@tpoff(%rax), %rax
    return RelaxedThread{size, Inference::TlsOffset{tls_block_offset(image, load<std::int32_t>(second, 3))}};
  if (starts_with(second, std::array<unsigned char, 3>{0x48, 0x03, 0x05}))  // add x@gottpoff(%rip), %rax
    return RelaxedThread{size, std::nullopt};
  return {};
}

/// The load is padded with operand-size prefixes to the length of the two instructions.
std::optional<RelaxedThread> local_dynamic(ByteView code, std::size_t size) {
  if (code.size() < size || size < load_thread_pointer.size()) return {};
  const std::size_t padding = size - load_thread_pointer.size();
  const bool padded = std::all_of(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(padding),
                                  [](std::byte b) { return b == std::byte{0x66}; });
  if (padded && starts_with(code.subspan(padding), load_thread_pointer))
    return RelaxedThread{size, std::nullopt};
  // lld pads with a nop behind.
  if (starts_with(code, load_thread_pointer)) return RelaxedThread{load_thread_pointer.size(), std::nullopt};
  return {};
}

}  // namespace

std::optional<RelaxedThread> relaxed_thread(const x86_64::Instruction& first,
                                            const x86_64::Instruction& second, RelocationType type,
                                            ByteView theirs, const model::Image& image) {
  if (!image.is_executable || (second.flow != Flow::call && second.flow != Flow::indirect_call)) return {};
  if (type == RelocationType::tlsgd) return general_dynamic(theirs, image);
  if (type == RelocationType::tlsld) return local_dynamic(theirs, std::size_t{first.length} + second.length);
  return {};
}

}  // namespace stent::bind
