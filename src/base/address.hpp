// Address types of the spaces stent works in; mixing two of them does not compile.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace stent {

/// An unsigned 64-bit position in the space named by `Space`.
///
/// Positions of one space can be compared and subtracted and moved by a distance in bytes. There is no
/// conversion between spaces except `LoadBias` (link <-> remote) and `PatchBase` (patch <-> remote).
template <class Space>
struct Address {
  std::uint64_t value = 0;

  constexpr auto operator<=>(const Address&) const = default;

  [[nodiscard]] constexpr Address operator+(std::int64_t bytes) const {
    return {value + static_cast<std::uint64_t>(bytes)};
  }
  [[nodiscard]] constexpr Address operator-(std::int64_t bytes) const {
    return {value - static_cast<std::uint64_t>(bytes)};
  }
  [[nodiscard]] constexpr std::int64_t operator-(Address other) const {
    return static_cast<std::int64_t>(value - other.value);
  }
};

struct RemoteSpace;
struct LinkSpace;
struct FileSpace;
struct PatchSpace;

/// An address in the memory of the target.
using RemoteAddress = Address<RemoteSpace>;
/// A virtual address as an ELF file's symbols and program headers give it (before the load bias).
using LinkAddress = Address<LinkSpace>;
/// A byte offset in a file.
using FileOffset = Address<FileSpace>;
/// An address inside one image of a patch; images start at 0 and are placed by a `PatchBase`.
using PatchAddress = Address<PatchSpace>;

/// A half-open range [begin, begin + size) of one address space.
template <class Where>
struct Range {
  Where begin{};
  std::uint64_t size = 0;

  auto operator<=>(const Range&) const = default;

  [[nodiscard]] constexpr Where end() const { return begin + static_cast<std::int64_t>(size); }
  [[nodiscard]] constexpr bool contains(Where at) const { return at >= begin && at < end(); }
  [[nodiscard]] constexpr bool overlaps(const Range& other) const {
    return begin < other.end() && other.begin < end();
  }
};

using RemoteRange = Range<RemoteAddress>;
using LinkRange = Range<LinkAddress>;
using PatchRange = Range<PatchAddress>;

/// The distance between where a module was linked and where it is mapped: the only way from one to the other.
struct LoadBias {
  std::uint64_t value = 0;

  auto operator<=>(const LoadBias&) const = default;

  [[nodiscard]] constexpr RemoteAddress to_remote(LinkAddress at) const { return {at.value + value}; }
  [[nodiscard]] constexpr LinkAddress to_link(RemoteAddress at) const { return {at.value - value}; }
  [[nodiscard]] constexpr RemoteRange to_remote(LinkRange r) const { return {to_remote(r.begin), r.size}; }
};

/// Where one image of a patch was placed in a target.
struct PatchBase {
  RemoteAddress address;

  auto operator<=>(const PatchBase&) const = default;

  [[nodiscard]] constexpr RemoteAddress to_remote(PatchAddress at) const {
    return {address.value + at.value};
  }
  [[nodiscard]] constexpr RemoteRange to_remote(PatchRange r) const { return {to_remote(r.begin), r.size}; }
};

}  // namespace stent

template <class Space>
struct std::hash<stent::Address<Space>> {
  std::size_t operator()(stent::Address<Space> a) const noexcept {
    return std::hash<std::uint64_t>{}(a.value);
  }
};
