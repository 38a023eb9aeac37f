#include "patch/identity.hpp"

#include <sodium.h>

#include "patch/layout.hpp"

namespace stent::patch {
namespace {

/// Hashes values so that no two different sequences of values give the same input (every length goes first).
class Digest {
 public:
  Digest() { crypto_generichash_init(&state_, nullptr, 0, identity_size); }

  void add(std::uint64_t value) {
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * i));
    crypto_generichash_update(&state_, bytes, sizeof bytes);
  }
  void add(ByteView bytes) {
    add(bytes.size());
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  void add(const std::string& text) { add(as_bytes(text)); }
  void add(const BuildId& id) { add(ByteView(id.bytes)); }
  template <class Space>
  void add(Address<Space> at) {
    add(at.value);
  }
  template <class Where>
  void add(Range<Where> range) {
    add(range.begin);
    add(range.size);
  }

  [[nodiscard]] BuildId finish() {
    BuildId id;
    id.bytes.resize(identity_size);
    crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(id.bytes.data()), identity_size);
    return id;
  }

 private:
  crypto_generichash_state state_;
};

struct BindingDigest {
  Digest& digest;
  void operator()(const ModuleAddress& at) const { digest.add(at.address); }
  void operator()(const DynamicSymbol& symbol) const {
    digest.add(symbol.version);
    digest.add(symbol.weak ? 1u : 0u);
  }
  void operator()(const ThreadOffset& thread) const { digest.add(thread.offset); }
  void operator()(const ThreadModule&) const {}
  void operator()(const OtherImage& other) const {
    digest.add(other.image);
    digest.add(other.address);
  }
  void operator()(const OtherModule& other) const {
    digest.add(other.module);
    digest.add(other.address);
  }
  void operator()(const OwnImage& own) const { digest.add(own.address); }
  void operator()(const ShadowTable&) const {}
  void operator()(const ChosenFunction& function) const { digest.add(function.resolver); }
};

void add_contents(Digest& digest, const Image& image) {
  digest.add(image.segments.size());
  for (const Segment& segment : image.segments) {
    digest.add(static_cast<std::uint64_t>(segment.kind));
    digest.add(segment.address);
    digest.add(segment.memory_size);
    digest.add(ByteView(segment.bytes));
  }
  digest.add(image.symbols.size());
  for (const PatchSymbol& symbol : image.symbols) {
    digest.add(symbol.name);
    digest.add(PatchRange{symbol.address, symbol.size});
    digest.add((symbol.is_function ? 1u : 0u) + (symbol.is_local ? 2u : 0u));
  }
  digest.add(image.eh_frame);
  digest.add(image.eh_frame_hdr);
}

void add_links(Digest& digest, const Image& image) {
  digest.add(image.bindings.size());
  for (const Binding& binding : image.bindings) {
    digest.add(binding.name);
    digest.add(binding.where.index());
    std::visit(BindingDigest{digest}, binding.where);
  }
  digest.add(image.relocations.size());
  for (const Relocation& relocation : image.relocations) {
    digest.add(relocation.place);
    digest.add(static_cast<std::uint64_t>(relocation.type));
    digest.add(relocation.binding);
    digest.add(static_cast<std::uint64_t>(relocation.addend));
  }
}

void add_replaced(Digest& digest, const Image& image) {
  digest.add(image.replaced.size());
  for (const ReplacedFunction& function : image.replaced) {
    digest.add(function.name);
    digest.add(function.replacement);
    for (const auto* extents : {&function.extents, &function.islands}) {
      digest.add(extents->size());
      for (const Extent& extent : *extents) {
        digest.add(extent.range);
        digest.add(ByteView(extent.pre_image));
      }
    }
    digest.add(function.load_time.size());
    for (const LoadTimeField& field : function.load_time) {
      digest.add(field.place);
      digest.add(field.is_own_address ? 1u : 0u);
    }
    digest.add(function.new_extents.size());
    for (const PatchRange& range : function.new_extents) digest.add(range);
    digest.add(function.destroys);
  }
}

void add_lineage(Digest& digest, const Image& image) {
  digest.add(image.variables.size());
  for (const NewVariable& variable : image.variables) {
    digest.add(variable.identity);
    digest.add(variable.users.size());
    for (const std::string& user : variable.users) digest.add(user);
    digest.add(variable.range());
    digest.add(variable.alignment);
    digest.add(variable.type);
    digest.add(variable.initial);
  }
  digest.add(image.relies_on.size());
  for (const Reliance& one : image.relies_on) {
    digest.add(one.name);
    digest.add(one.entry);
    digest.add(one.registers);
  }
}

void add_running(Digest& digest, const Image& image) {
  digest.add(static_cast<std::uint64_t>(image.unwind));
  digest.add(image.own_unwinder ? 1u : 0u);
  if (image.own_unwinder) {
    digest.add(image.own_unwinder->add);
    digest.add(image.own_unwinder->remove);
  }
  digest.add(image.hooks.size());
  for (const Hook& hook : image.hooks) {
    digest.add(static_cast<std::uint64_t>(hook.kind));
    digest.add(hook.name);
    digest.add(hook.address);
  }
}

}  // namespace

BuildId identity_of(const Patch& patch) {
  Digest digest;
  digest.add(static_cast<std::uint64_t>(patch.consistency));
  digest.add(patch.images.size());
  for (const Image& image : patch.images) {
    digest.add(image.module);
    digest.add(image.module_name);
    digest.add(image.alternatives ? std::uint64_t{*image.alternatives} + 1 : 0);
    add_contents(digest, image);
    add_links(digest, image);
    add_replaced(digest, image);
    add_running(digest, image);
    add_lineage(digest, image);
  }
  return digest.finish();
}

}  // namespace stent::patch
