#include "create/emit/trial.hpp"

#include <algorithm>

#include "patch/page.hpp"

namespace stent::emit {
namespace {

std::uint64_t random_page(std::mt19937_64& random, std::uint64_t low, std::uint64_t high) {
  return std::uniform_int_distribution<std::uint64_t>(low / patch::page_size,
                                                      high / patch::page_size)(random) *
         patch::page_size;
}

/// Made-up places of one target.
struct World {
  std::uint64_t base = 0;         ///< of the patch
  std::uint64_t module_bias = 0;  ///< of its module, within reach
  std::mt19937_64& random;

  std::uint64_t operator()(const patch::ModuleAddress& at) const { return at.address.value + module_bias; }
  std::uint64_t operator()(const patch::DynamicSymbol&) const {
    return random_page(random, 1ull << 40, 1ull << 46) + 16;
  }
  std::uint64_t operator()(const patch::ThreadOffset& thread) const { return thread.offset - 0x1000; }
  std::uint64_t operator()(const patch::ThreadModule&) const { return 0x17; }
  std::uint64_t operator()(const patch::OtherImage&) const {
    return random_page(random, 1ull << 40, 1ull << 46) + 32;
  }
  std::uint64_t operator()(const patch::OtherModule&) const {
    return random_page(random, 1ull << 40, 1ull << 46) + 48;
  }
  std::uint64_t operator()(const patch::OwnImage& own) const { return base + own.address.value; }
  std::uint64_t operator()(const patch::ShadowTable&) const {
    return random_page(random, 1ull << 40, 1ull << 46) + 64;
  }
  std::uint64_t operator()(const patch::ChosenFunction&) const {
    return random_page(random, 1ull << 40, 1ull << 46) + 80;
  }
};

}  // namespace

Trial::Trial(const patch::Image& image, bool in_low_memory, std::mt19937_64& random) : image_(image) {
  World world{random_page(random, 0x550000000000, 0x7e0000000000), 0, random};
  // The module lies below the patch, as near as applying would put it; its addresses are its own when linked
  // low.
  world.module_bias = world.base - random_page(random, 0x10000000, 0x40000000);
  if (in_low_memory) {
    world.base = random_page(random, 0x40000000, 0x60000000);
    world.module_bias = 0;
  }
  base_ = {{world.base}};
  for (const patch::Binding& binding : image.bindings) values_.push_back(std::visit(world, binding.where));
  segments_ = link::link(image, base_, values_);
}

std::uint64_t Trial::value_of(const patch::Binding& binding) const {
  const auto found =
      std::find_if(image_.bindings.begin(), image_.bindings.end(), [&](const patch::Binding& mine) {
        return mine.where == binding.where &&
               (mine.name == binding.name || !std::holds_alternative<patch::DynamicSymbol>(mine.where));
      });
  if (found == image_.bindings.end())
    throw Error(ErrorCode::internal, "self-verify: the image does not bind '" + binding.name + "'");
  return values_[static_cast<std::size_t>(found - image_.bindings.begin())];
}

std::optional<std::uint64_t> Trial::value_of_dynamic(const std::string& name) const {
  for (std::size_t i = 0; i < image_.bindings.size(); ++i)
    if (image_.bindings[i].name == name &&
        std::holds_alternative<patch::DynamicSymbol>(image_.bindings[i].where))
      return values_[i];
  return {};
}

Bytes Trial::read(RemoteAddress address, std::uint64_t size) const {
  for (const link::LinkedSegment& segment : segments_) {
    if (address < segment.address) continue;
    const std::uint64_t from = address.value - segment.address.value;
    if (from > segment.memory_size || size > segment.memory_size - from) continue;
    Bytes bytes(size);
    for (std::uint64_t i = 0; i < size && from + i < segment.bytes.size(); ++i)
      bytes[i] = segment.bytes[from + i];
    return bytes;
  }
  throw Error(ErrorCode::internal, "self-verify: a reference leads outside the image");
}

patch::SegmentKind Trial::kind_at(RemoteAddress address) const {
  for (const patch::Segment& segment : image_.segments)
    if (RemoteRange{at(segment.address), segment.memory_size}.contains(address)) return segment.kind;
  throw Error(ErrorCode::internal, "self-verify: a reference leads outside the image");
}

RemoteAddress Trial::slot_of_stub(RemoteAddress address) const {
  const Bytes code = read(address, 6);
  if (code[0] != std::byte{0xff} || code[1] != std::byte{0x25})
    throw Error(ErrorCode::internal, "self-verify: a call out of the module does not lead to a stub");
  return address + 6 + load<std::int32_t>(code, 2);
}

}  // namespace stent::emit
