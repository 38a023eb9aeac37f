// The memory of a target, as an interface: reading needs const, writing needs the mutable object.
#pragma once

#include <span>

#include "base/address.hpp"
#include "base/bytes.hpp"

namespace stent::process {

/// One read of a batch; `ok` tells afterwards whether every byte of `into` was filled.
struct ReadRequest {
  RemoteAddress from;
  MutableByteView into;
  bool ok = false;
};

/// Memory of one target. A `const RemoteMemory&` can only be read; `stop::Session` and
/// `stop::ThreadGroupStop` hand out the mutable one.
class RemoteMemory {
 public:
  virtual ~RemoteMemory() = default;

  /// Fills `into` from `from`; false when any byte of it is not mapped or not readable.
  /// Throws `gone` when the target's memory no longer exists.
  [[nodiscard]] virtual bool try_read(RemoteAddress from, MutableByteView into) const = 0;

  /// Does every request with as few system calls as possible and sets each `ok`. Throws `gone`.
  virtual void read_many(std::span<ReadRequest> requests) const = 0;

  /// Writes all of `bytes` at `to`, whatever the page's protection (as a debugger does).
  /// One call that stays within one page is one atomic step against stent's own death.
  /// Throws `mismatch` when a byte is not mapped, `gone`, `not_permitted`.
  virtual void write(RemoteAddress to, ByteView bytes) = 0;

  /// Like `try_read`, but throws `mismatch` naming the address when it cannot be read.
  void read(RemoteAddress from, MutableByteView into) const;

  /// `size` bytes from `from`; throws as `read`.
  [[nodiscard]] Bytes read(RemoteAddress from, std::uint64_t size) const;

  /// One trivially copyable value at `from`; throws as `read`.
  template <class T>
  [[nodiscard]] T read_value(RemoteAddress from) const {
    T value;
    read(from, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

}  // namespace stent::process
