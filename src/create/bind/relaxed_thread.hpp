// What linkers make of the two-instruction accesses to thread-local variables (ELF TLS, "linker
// relaxations").
#pragma once

#include <optional>
#include <span>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/relocation.hpp"
#include "binary/model/image.hpp"
#include "create/bind/inference.hpp"

namespace stent::bind {

/// A general or local dynamic access of position-independent code that became a local-exec or initial-exec
/// one.
struct RelaxedThread {
  std::size_t size = 0;  ///< bytes of the target's code that stand for the two instructions
  /// The variable, where the code says it: its offset in the TLS block.
  std::optional<Inference::TlsOffset> where;
};

/// `first` is the load of the argument (its relocation has `type`), `second` the call of __tls_get_addr
/// behind it; `theirs` the target's code. Empty: this is no such rewriting.
[[nodiscard]] std::optional<RelaxedThread> relaxed_thread(const x86_64::Instruction& first,
                                                          const x86_64::Instruction& second,
                                                          x86_64::RelocationType type, ByteView theirs,
                                                          const model::Image& image);

}  // namespace stent::bind
